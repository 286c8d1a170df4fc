"""A Celery worker as the host of a node: it starts one beside itself, and hands it the broker's wake-ups.

Runs are executed by the node's own workers, as on one machine; Celery's pool executes the user's own Celery tasks. A
wake-up is held until the node has looked for work, which it does when it has room, so that a node that is full leaves
further wake-ups to others; but not for longer than it takes all nodes to look by themselves. A node that has taken all
it can, and knows of more, has the next one woken.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from celery import bootsteps, signals
from celery.worker import state as celery_state
from kombu import Consumer
from msgspec import Struct, json

from ..node.host import ARGUMENTS_KEY, HOST_KEY, LOOK, MORE, NodeArguments
from .app import Wakes
from .log import say_connected

_HOSTED = "hotplate_hosted"
HOLD_S = 1.0
PASS_S = 0.1
ENOUGH_S = 5.0
RESTART_S = 1.0
AGAIN_S = 0.2

log = logging.getLogger("hotplate.node")


class Hosting(Struct, frozen=True):
    """What a host needs to know of the application.

    app: its name on command lines. wakes: the broker's queues. queues: those of the jobs it has.
    pass_on: wakes another node for these queues.
    """

    app: str
    wakes: Wakes
    queues: Sequence[str]
    pass_on: Callable[[Sequence[str]], None]


class Hosted:
    """The node beside a Celery worker. `open_hosting` tells of the application."""

    def __init__(self, open_hosting: Callable[[], Hosting]) -> None:
        self._open_hosting = open_hosting
        self.arguments = NodeArguments()
        self.end: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._spawning, self._ending = threading.Lock(), threading.Event()

    @property
    def hosting(self) -> Hosting:
        return self._open_hosting()

    def queues(self) -> Sequence[str]:
        """The queues of which the node is to be woken."""
        own = self.arguments.queues
        return list(own) if own is not None else sorted({"default", *self.hosting.queues})

    def start(self) -> None:
        self._process = self._spawn()
        threading.Thread(target=self._watch, args=(self._process,), name="hotplate-node", daemon=True).start()

    def look(self) -> None:
        """Tell it to look for work."""
        with suppress(OSError):
            if self.end is not None:
                self.end.send(LOOK)

    def pass_on(self) -> None:
        """Wake another node: this one is full, and there may be more work."""
        self.hosting.pass_on(self.queues())

    @property
    def is_told(self) -> bool:
        """Whether it was told to end."""
        return self._ending.is_set()

    def tell(self) -> None:
        """Tell it to end: the first time after the runs that are going on, or after its grace; then at once."""
        self._ending.set()
        with suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(signal.SIGTERM)

    def reload(self) -> None:
        """Tell it to load the application's code anew."""
        with suppress(ProcessLookupError):
            if self._process is not None:
                self._process.send_signal(signal.SIGHUP)

    def wait(self) -> None:
        """Wait until it has ended."""
        with self._spawning:
            process = self._process
        if process is not None:
            process.wait()

    def terminate(self) -> None:
        """End it at once: what it has begun is given back, if it still can do that."""
        self.tell()
        deadline = time.monotonic() + ENOUGH_S
        while self._process is not None and self._process.poll() is None:
            if time.monotonic() > deadline:
                self._process.kill()
            self.tell()
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(AGAIN_S)

    def _spawn(self) -> subprocess.Popen[bytes]:
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        command = [sys.executable, "-m", "hotplate", "worker", self.hosting.app]
        if self.arguments.concurrency:
            command += ["--concurrency", str(self.arguments.concurrency)]
        if self.arguments.queues is not None:
            command += ["--queues", ",".join(self.arguments.queues)]
        if self.arguments.loglevel:
            command += ["--loglevel", self.arguments.loglevel]
        if self.arguments.ready_file:
            command += ["--ready-file", self.arguments.ready_file]
        process = subprocess.Popen(
            command,
            env={**os.environ, HOST_KEY: f"{theirs.fileno()},{os.getpid()}"},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is ours to hear, and to pass on once
        )
        theirs.close()
        self.end = ours  # who listens to the one before closes that
        return process

    def _watch(self, process: subprocess.Popen[bytes]) -> None:
        while True:
            status = process.wait()
            if self.is_told:
                return
            if status > 0:
                log.error("the node has ended with status %d: so does this worker", status)
                celery_state.should_stop = status
                return
            log.warning("the node was ended by signal %d; starting another one", -status)
            self._ending.wait(RESTART_S)
            with self._spawning:
                if self.is_told:
                    return
                process = self._process = self._spawn()


def _chosen_queues(app: Any) -> list[str] | None:
    """The queues of runs that `celery worker --queues` names: Celery's default queue stands for ours. None for all."""
    usual = {queue.name for queue in app.conf.task_queues or ()} or {app.conf.task_default_queue}
    selected = set(app.amqp.queues.consume_from)
    if selected == usual:
        return None
    return sorted("default" if name == app.conf.task_default_queue else name for name in selected)


def attach(celery: Any, hosted: Hosted) -> None:
    """Make the workers of a Celery application hosts of nodes."""
    setattr(celery, _HOSTED, hosted)
    celery.steps["worker"].add(NodeStep)
    celery.steps["consumer"].add(WakeStep)


def _hosted_by(celery: Any) -> Hosted:
    hosted: Hosted = getattr(celery, _HOSTED)
    return hosted


class NodeStep(bootsteps.StartStopStep):  # type: ignore[misc]
    """Starts the node, and ends it with the worker."""

    name = "HotplateNode"

    def __init__(self, worker: Any, concurrency: int | None = None, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self._hosted = _hosted_by(worker.app)
        told = os.environ.get(ARGUMENTS_KEY)
        self._is_ours = told is not None
        chosen = NodeArguments(concurrency, _chosen_queues(worker.app))
        self._hosted.arguments = json.decode(told, type=NodeArguments) if told else chosen

    def start(self, worker: Any) -> None:
        if self._is_ours:
            for number in (signal.SIGINT, signal.SIGTERM):
                signal.signal(number, self._interrupted)
            signal.signal(signal.SIGHUP, lambda *_: self._hosted.reload())
        else:
            signals.worker_shutting_down.connect(self._signalled, weak=False)
        self._hosted.start()

    def _signalled(self, **kwargs: Any) -> None:
        self._hosted.tell()  # at once: Celery itself may be waiting for its broker

    def _interrupted(self, *_: object) -> None:
        celery_state.should_stop = 0
        end = self._end_at_once if self._hosted.is_told else self._end_soon
        threading.Thread(target=end, name="hotplate-end", daemon=True).start()

    def _end_soon(self) -> None:
        self._hosted.tell()
        self._hosted.wait()
        time.sleep(ENOUGH_S)
        os._exit(0)  # Celery waits for a broker that does not answer

    def _end_at_once(self) -> None:
        self._hosted.terminate()
        os._exit(0)

    def close(self, worker: Any) -> None:
        if not self._hosted.is_told:
            self._hosted.tell()

    def stop(self, worker: Any) -> None:
        self._hosted.wait()

    def terminate(self, worker: Any) -> None:
        self._hosted.terminate()


class WakeStep(bootsteps.ConsumerStep):  # type: ignore[misc]
    """Takes wake-ups from the broker, one at a time."""

    name = "HotplateWakes"

    def __init__(self, consumer: Any, **kwargs: Any) -> None:
        super().__init__(consumer, **kwargs)
        self._hosted = _hosted_by(consumer.app)
        self._held: list[Any] = []
        self._end: Any = None
        self._passed_at, self._is_to_pass = 0.0, False

    def get_consumers(self, channel: Any) -> list[Consumer]:
        wakes = self._hosted.hosting.wakes
        queues = [wakes.queue(name) for name in self._hosted.queues()]
        consumer = Consumer(
            channel,
            queues=queues,
            on_message=self._woken,
            on_decode_error=lambda message, error: self._woken(message),  # it says nothing that needs to be understood
            prefetch_count=1,
        )
        return [consumer]

    def start(self, c: Any) -> None:
        self._consumer, self._held, self._end, self._is_to_pass = c, [], None, False
        super().start(c)
        say_connected()
        self._hosted.look()  # whatever was said while we were away

    def _woken(self, message: Any) -> None:
        self._listen()
        self._hosted.look()
        if self._end is None:
            self._ack(message)
            return
        self._held.append(message)
        self._consumer.timer.call_after(HOLD_S, self._let_go, (message,))

    def _listen(self) -> None:
        """Hear the node, also after another one has taken its place; only Celery's event loop can."""
        hub = self._consumer.hub
        if hub is not None and self._end is not self._hosted.end:
            if self._end is not None:
                hub.remove_reader(self._end)
                self._end.close()
            self._end = self._hosted.end
            hub.add_reader(self._end, self._hear)

    def _hear(self) -> None:
        try:
            words = self._end.recv(4096)
        except BlockingIOError:
            return
        except OSError:
            words = b""
        if not words:  # the node has ended
            self._consumer.hub.remove_reader(self._end)
        for message in list(self._held):
            self._let_go(message)
        if MORE in words and not self._is_to_pass:
            self._is_to_pass = True
            self._consumer.timer.call_after(max(self._passed_at + PASS_S - time.monotonic(), 0.0), self._pass_on)

    def _pass_on(self) -> None:
        """Wake another node; not as often as this one takes quick runs, which others need not hear of."""
        self._is_to_pass, self._passed_at = False, time.monotonic()
        self._hosted.pass_on()

    def _let_go(self, message: Any) -> None:
        if message in self._held:
            self._held.remove(message)
            self._ack(message)

    def _ack(self, message: Any) -> None:
        message.ack_log_error(log, (Exception,))
