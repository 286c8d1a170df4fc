"""The thread of a worker that carries what a run says to the node, at a measured pace, and hears requests to stop."""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Callable

from msgspec import Struct

from .channel import Buffer, Recall, Saved, StopRun, frames, to_worker

PACE_S = 0.1
"""A run's progress and log go to the node at most this often."""

FULL = 256 * 1024
"""With so many bytes waiting, whoever speaks waits until they are sent."""


class Post:
    """The sending end of the channel to the node, shared by the threads of a worker."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._lock = end, threading.Lock()

    def send(self, *messages: Struct) -> None:
        data = frames(list(messages))
        with self._lock:
            self._end.sendall(data)


class Courier:
    """Listens on the control channel, and sends what is in the outbox every `PACE_S` at most.

    `deliver` sends the messages that wait in the outbox; it is called from the courier's thread.
    """

    def __init__(self, control: socket.socket, deliver: Callable[[], None]) -> None:
        self._control, self._deliver = control, deliver
        self._wake_in, self._wake_out = os.pipe()
        self._nudged = False
        self.on_stop: Callable[[StopRun], None] = lambda _: None
        self.on_saved: Callable[[Saved], None] = lambda _: None
        self.on_recall: Callable[[], None] = lambda: None
        threading.Thread(target=self._go, name="hotplate-courier", daemon=True).start()

    def nudge(self) -> None:
        """Say that the outbox holds something. Cheap, for it is called at each step of a run."""
        if not self._nudged:
            self._nudged = True
            os.write(self._wake_out, b"!")

    def _go(self) -> None:
        buffer = Buffer()
        next_due = 0.0
        while True:
            wait = max(0.0, next_due - time.monotonic()) if self._nudged else None
            readable, _, _ = select.select([self._control.fileno(), self._wake_in], [], [], wait)
            if self._control.fileno() in readable:
                self._hear(buffer)
            if self._wake_in in readable:
                os.read(self._wake_in, 64)
            if self._nudged and time.monotonic() >= next_due:
                self._nudged = False
                next_due = time.monotonic() + PACE_S
                try:
                    self._deliver()
                except OSError:
                    os._exit(1)  # the node has ended

    def _hear(self, buffer: Buffer) -> None:
        try:
            piece = self._control.recv(1 << 16)
        except OSError:
            piece = b""
        if not piece:
            os._exit(1)  # the node has ended
        for body in buffer.feed(piece):
            match to_worker(body):
                case StopRun() as stop:
                    self.on_stop(stop)
                case Saved() as saved:
                    self.on_saved(saved)
                case Recall():
                    self.on_recall()
                case _:
                    pass
