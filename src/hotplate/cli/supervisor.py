"""One small supervisor: the web process and the node of `hotplate dev` and `hotplate demo`, in one terminal."""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Protocol

from . import Misuse

SUPERVISOR_KEY = "HOTPLATE_SUPERVISOR"
"""In the environment of the processes: the supervisor's id, whose end they do not outlive."""

OTHER_NODE = 75
"""With this code a node of the supervisor ends where another one serves the data folder."""

RESTART_S = 1.0
PATIENCE_S = 3.0

log = logging.getLogger("hotplate.dev")


class Part:
    """One process that is kept going: `argv` starts it, with the files `inherited` open."""

    def __init__(
        self, name: str, argv: Sequence[str], environ: Mapping[str, str], inherited: Sequence[int] = ()
    ) -> None:
        self.name, self._argv, self._environ, self._inherited = name, argv, environ, inherited
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0

    def start(self) -> None:
        # a process group of its own: Ctrl-C comes to the supervisor alone, which hands it on
        self.process = subprocess.Popen(
            self._argv,
            env={**os.environ, **self._environ, SUPERVISOR_KEY: str(os.getpid())},
            process_group=0,
            pass_fds=self._inherited,
        )
        self.began = time.monotonic()
        threading.Thread(target=self.process.wait, daemon=True).start()

    @property
    def code(self) -> int | None:
        """Exit code; None while it is alive."""
        return None if self.process is None else self.process.poll()

    def send(self, number: int) -> None:
        if self.process is not None and self.process.poll() is None:
            with suppress(ProcessLookupError):
                self.process.send_signal(number)

    def stop(self) -> None:
        """End it, kindly at first."""
        self.send(signal.SIGTERM)
        if self.process is not None:
            try:
                self.process.wait(PATIENCE_S)
            except subprocess.TimeoutExpired:
                self.send(signal.SIGKILL)
                self.process.wait()


class StandIn(Protocol):
    """Answers in the place of the web process while that is not there."""

    def begin(self) -> None: ...
    def end(self) -> None: ...


class Supervisor:
    """Keeps a web process and, if wanted, a node going until Ctrl-C; loads changed code without harming runs.

    Where the web process ends by itself, so does everything; but with a `stand_in` that one answers until code changes.
    """

    def __init__(self, web: Part, node: Part | None, stand_in: StandIn | None = None) -> None:
        self._web, self._node, self._stand_in = web, node, stand_in
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._interrupts, self._reloads = 0, 0
        self._told, self._stands_in = False, False

    @property
    def parts(self) -> list[Part]:
        return [part for part in (self._web, self._node) if part is not None]

    def run(self, watched: Sequence[Path]) -> int:
        """Until the end; the exit code: 0 after Ctrl-C or SIGTERM, the web process's own if that ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)
        for part in self.parts:
            part.start()
        if watched:
            threading.Thread(target=self._watch, args=(watched,), daemon=True).start()
        code = self._serve()
        for part in self.parts:
            part.stop()
        return code

    @property
    def is_ending(self) -> bool:
        """Whether somebody has asked for the end."""
        return self._interrupts > 0

    def end(self) -> None:
        """End it all, from another thread, as SIGTERM does."""
        self._interrupt(signal.SIGTERM, None)

    def _serve(self) -> int:
        while True:
            try:
                event = self._events.get(timeout=0.2)
            except queue.Empty:
                event = ""
            if event == "changed" and not self._interrupts:
                self._load_anew()
            if self._interrupts and all(part.code is not None for part in self.parts):
                return 0
            code = self._web.code
            if not self._interrupts and code is not None and not self._stands_in:
                if self._stand_in is None or (code == Misuse.exit_code and not self._reloads):
                    return code or 1
                self._answer_in_its_place(self._stand_in, code)
            self._revive()

    def _answer_in_its_place(self, stand_in: StandIn, code: int) -> None:
        self._stands_in = True
        stand_in.begin()
        log.warning("the web process has ended (code %d, see above): calls are refused until its code changes", code)

    def _load_anew(self) -> None:
        self._reloads += 1
        if self._stand_in is not None:
            self._stand_in.end()
            self._stands_in = False
        self._web.stop()
        self._web.start()
        if self._node is None:
            return
        if self._node.code is None:
            self._node.send(signal.SIGHUP)
        else:
            self._told = False
            self._node.start()

    def _revive(self) -> None:
        node = self._node
        if node is None or self._interrupts or node.code is None:
            return
        if node.code >= 0:
            self._tell(node.code)  # it ended by itself, and has said why
        elif time.monotonic() - node.began > RESTART_S:
            log.warning("the worker node was killed; starting another")
            node.start()

    def _tell(self, code: int) -> None:
        if self._told:
            return
        self._told = True
        if code == OTHER_NODE:
            log.warning("runs are done by the other worker node, none here")
        else:
            log.warning("the worker node has ended (code %d, see above): runs wait, none will be done here", code)

    def _interrupt(self, number: int, _: object) -> None:
        self._interrupts += 1
        for part in self.parts:
            part.send(number if number == signal.SIGTERM else signal.SIGINT)
        self._events.put("interrupt")

    def _watch(self, watched: Sequence[Path]) -> None:
        from watchfiles import PythonFilter, watch  # noqa: PLC0415 - only where code is watched

        for changes in watch(*watched, watch_filter=PythonFilter(), raise_interrupt=False):
            names = sorted({os.path.relpath(path) for _, path in changes})
            log.info("changed: %s", ", ".join(names[:3]) + (" …" if len(names) > 3 else ""))
            self._events.put("changed")


def web_part(app: str, host: str, listener: socket, *more: str) -> Part:
    """The web process of `app`, reached at `listener`."""
    descriptor = listener.fileno()
    argv = [sys.executable, "-m", "hotplate.cli.web", app, host, str(descriptor), *more]
    return Part("web", argv, {"HOTPLATE_DEV": "1"}, inherited=[descriptor])


def node_part(app: str, *more: str) -> Part:
    """The worker node of `app`."""
    return Part("worker", [sys.executable, "-m", "hotplate", "worker", app, *more], {})
