"""One small supervisor: the web processes and the node of `hotplate dev`, `demo` and `serve`, in one terminal."""

from __future__ import annotations

import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from socket import socket
from typing import Protocol

from . import Failure, Misuse

SUPERVISOR_KEY = "HOTPLATE_SUPERVISOR"
"""In the environment of the processes: the supervisor's id, whose end they do not outlive."""

OTHER_NODE = 75
"""With this code a node of the supervisor ends where another one serves the data folder."""

READY = signal.SIGUSR1
"""With this signal a web process tells the supervisor that it serves, if it is to (`--tell`)."""

RESTART_S = 1.0
PATIENCE_S = 3.0

STEADY_S = 10.0
"""A process that ends sooner after its start has not come up."""

LONGEST_PAUSE_S = 30.0
"""Before a process that does not come up is started again; the pauses begin with `RESTART_S` and double."""

log = logging.getLogger("hotplate.dev")


class Part:
    """One process that is kept going: `argv` starts it, with the files `inherited` open."""

    def __init__(
        self, name: str, argv: Sequence[str], environ: Mapping[str, str], inherited: Sequence[int] = ()
    ) -> None:
        self.name, self._argv, self._environ, self._inherited = name, argv, environ, inherited
        self.process: subprocess.Popen[bytes] | None = None
        self.began = 0.0
        self.starts = 0
        self._pause, self._due = 0.0, 0.0

    def start(self) -> None:
        # a process group of its own: Ctrl-C comes to the supervisor alone, which hands it on
        self.process = subprocess.Popen(
            self._argv,
            env={**os.environ, **self._environ, SUPERVISOR_KEY: str(os.getpid())},
            process_group=0,
            pass_fds=self._inherited,
        )
        self.began, self._due = time.monotonic(), 0.0
        self.starts += 1
        threading.Thread(target=self.process.wait, daemon=True).start()

    @property
    def code(self) -> int | None:
        """Exit code; None while it is alive."""
        return None if self.process is None else self.process.poll()

    @property
    def is_gone(self) -> bool:
        """Whether it has ended, or was never started."""
        return self.process is None or self.code is not None

    def revive(self) -> None:
        """Start it again after it has ended: at once if it was steady, else after a pause that grows from time to time.

        To be called again and again, until it is alive.
        """
        now = time.monotonic()
        if not self._due:
            steady = now - self.began > STEADY_S
            self._pause = 0.0 if steady else min(max(2 * self._pause, RESTART_S), LONGEST_PAUSE_S)
            self._due = now + self._pause
            when = f"in {self._pause:g} s" if self._pause else "now"
            log.warning("a %s process has ended (code %s); starting another %s", self.name, self.code, when)
        if now >= self._due:
            self.start()

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
    """Keeps web processes and, if wanted, a node going until Ctrl-C; loads changed code without harming runs.

    Where a web process ends by itself, so does everything; but with a `stand_in` that one answers until code changes.
    revives: a web process that ends by itself is started again, unless it does so at its first start: then its code
    cannot be loaded. patience: a web process that is to end and does not is killed after so many seconds.
    on_ready: the first web process, which is to tell, is started alone, so that what is wrong with the application is
    said once; when it serves this is called, and the others are started.
    """

    def __init__(
        self,
        web: Sequence[Part],
        node: Part | None,
        stand_in: StandIn | None = None,
        *,
        revives: bool = False,
        patience: float = PATIENCE_S,
        on_ready: Callable[[], None] | None = None,
    ) -> None:
        self._web, self._node, self._stand_in = list(web), node, stand_in
        self._revives, self._patience = revives, patience
        self._on_ready = on_ready
        self._deadline = 0.0
        self._events: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._interrupts, self._reloads = 0, 0
        self._told, self._stands_in = False, False

    @property
    def parts(self) -> list[Part]:
        return [*self._web, *([self._node] if self._node else [])]

    def run(self, watched: Sequence[Path]) -> int:
        """Until the end; the exit code: 0 after Ctrl-C or SIGTERM, a web process's own if that ended by itself."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._interrupt)
        signal.signal(READY, lambda *_: self._events.put("ready"))
        self._begin(self.parts if self._on_ready is None else self.parts[:1])
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
            if event == "ready" and not self._interrupts:
                self._begin_the_rest()
            if self._interrupts and all(part.is_gone for part in self.parts):
                return 0
            if self._interrupts:
                self._kill_late_ones()
                continue
            for part in self._web:
                code = self._look_at(part)
                if code is not None:
                    return code
            self._revive()

    def _begin(self, parts: Sequence[Part]) -> None:
        for part in parts:
            part.start()
            self._tell_late(part)

    def _begin_the_rest(self) -> None:
        if self._on_ready is not None:
            self._on_ready()
            self._on_ready = None
            self._begin(self.parts[1:])

    def _look_at(self, web: Part) -> int | None:
        """The code to end with, if a web process has ended and that is the end of everything."""
        code = web.code
        if code is None or self._stands_in or self._interrupts:
            return None
        if self._revives and not _has_failed_to_start(web, code):
            web.revive()
            self._tell_late(web)
            return None
        if self._stand_in is None or (code == Misuse.exit_code and not self._reloads):
            return code or 1
        self._answer_in_its_place(self._stand_in, code)
        return None

    def _kill_late_ones(self) -> None:
        if time.monotonic() > self._deadline:
            for part in self._web:
                part.send(signal.SIGKILL)

    def _answer_in_its_place(self, stand_in: StandIn, code: int) -> None:
        self._stands_in = True
        stand_in.begin()
        log.warning("the web process has ended (code %d, see above): calls are refused until its code changes", code)

    def _load_anew(self) -> None:
        self._reloads += 1
        if self._stand_in is not None:
            self._stand_in.end()
            self._stands_in = False
        for part in self._web:
            part.stop()
            self._begin([part])
        if self._node is None:
            return
        if self._node.code is None:
            self._node.send(signal.SIGHUP)
        else:
            self._told = False
            self._begin([self._node])

    def _revive(self) -> None:
        node = self._node
        if node is None or self._interrupts or node.code is None:
            return
        if node.code >= 0:
            self._tell(node.code)  # it ended by itself, and has said why
        elif time.monotonic() - node.began > RESTART_S:
            log.warning("the worker node was killed; starting another")
            self._begin([node])

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
        self._deadline = self._deadline or time.monotonic() + self._patience
        # the first is SIGTERM, as a process that is still starting would show where it was when SIGINT came
        is_first = self._interrupts == 1
        for part in self.parts:
            part.send(signal.SIGTERM if is_first else number)
        self._events.put("interrupt")

    def _tell_late(self, part: Part) -> None:
        # the end was asked for while it was being started
        if self._interrupts:
            part.send(signal.SIGTERM)

    def _watch(self, watched: Sequence[Path]) -> None:
        from watchfiles import PythonFilter, watch  # noqa: PLC0415 - only where code is watched

        for changes in watch(*watched, watch_filter=PythonFilter(), raise_interrupt=False):
            names = sorted({os.path.relpath(path) for _, path in changes})
            log.info("changed: %s", ", ".join(names[:3]) + (" …" if len(names) > 3 else ""))
            self._events.put("changed")


def _has_failed_to_start(web: Part, code: int) -> bool:
    is_early = time.monotonic() - web.began < STEADY_S
    return web.starts == 1 and code > 0 and (is_early or code in (Failure.exit_code, Misuse.exit_code))


def web_part(app: str, host: str, listener: socket, *more: str, development: bool = True) -> Part:
    """A web process of `app`, reached at `listener`. development: everybody on this machine may call everything."""
    descriptor = listener.fileno()
    argv = [sys.executable, "-m", "hotplate.cli.web", app, host, str(descriptor), *more]
    return Part("web", argv, {"HOTPLATE_DEV": "1" if development else "0"}, inherited=[descriptor])


def node_part(app: str, *more: str) -> Part:
    """The worker node of `app`."""
    return Part("worker", [sys.executable, "-m", "hotplate", "worker", app, *more], {})
