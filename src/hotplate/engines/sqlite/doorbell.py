"""Feed and queue of one machine: datagrams between processes, on sockets in a private folder.

Nobody depends on a ring: a socket that is full or gone is passed over, and whoever waits also looks by itself.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path

from ...run import new_id
from ..waiters import Waiter, Waiters

_NODE = "node"
_PER_DATAGRAM = 1000

TICK_NS = 50_000_000
"""The time of a file's change is at least so exact, in nanoseconds."""


def node_socket(folder: Path) -> socket.socket:
    """The socket on which the folder's one node hears that there may be work."""
    return _bound(folder / _NODE)


def _bound(path: Path) -> socket.socket:
    with suppress(FileNotFoundError):
        path.unlink()
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bell.bind(str(path))
    bell.setblocking(False)
    return bell


class DoorbellQueue:
    """`engine.Queue`: rings at the node's socket."""

    def __init__(self, folder: Path) -> None:
        self._path = str(folder / _NODE)
        self._bell = _sender()

    def wake(self, queues: Collection[str]) -> None:
        self.stop()

    def stop(self) -> None:
        with suppress(OSError):  # no node, or one with a full socket: it looks by itself
            self._bell.sendto(b"!", self._path)

    def close(self) -> None:
        self._bell.close()


class DoorbellFeed:
    """`engine.Feed`: every process that waits has a socket; whoever changes a run rings at all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bell = _sender()
        self._lock = threading.Lock()
        self._waiters = Waiters()
        self._ear: socket.socket | None = None
        self._path = folder / f"ear-{os.getpid()}-{new_id()[:8]}"
        self._known: tuple[int, list[str]] = (-1, [])

    def ring(self, ids: Sequence[str]) -> None:
        ears = self._ears()
        if not ears:
            return
        for at in range(0, len(ids), _PER_DATAGRAM):
            ring = "\n".join(ids[at : at + _PER_DATAGRAM]).encode()
            for ear in ears:
                self._send(ring, ear)

    def listen(self, run_id: str) -> AbstractContextManager[Waiter]:
        return self._waiters.waiting(run_id, self._open)

    def hear(self, told: Callable[[Collection[str]], None]) -> AbstractContextManager[None]:
        return self._waiters.hearing(told, self._open)

    def close(self) -> None:
        with self._lock:
            ear, self._ear = self._ear, None
        if ear is not None:
            with suppress(OSError):
                self._path.unlink()
            ear.shutdown(socket.SHUT_RDWR)  # ends the thread's wait
            ear.close()
        self._bell.close()

    def _ears(self) -> list[str]:
        try:
            changed = os.stat(self._folder).st_mtime_ns
            if self._known[0] != changed:
                names = [str(path) for path in self._folder.iterdir() if path.name.startswith("ear-")]
                # a clock tick may see two changes: what was changed just now is not known for good
                self._known = (changed if time.time_ns() - changed > TICK_NS else -1, names)
        except OSError:
            return []  # somebody has cleared the folder away
        return self._known[1]

    def _send(self, ring: bytes, ear: str) -> None:
        try:
            self._bell.sendto(ring, ear)
        except ConnectionRefusedError:
            with suppress(OSError):
                os.unlink(ear)  # its process has ended without a goodbye
        except OSError:
            pass

    def _open(self) -> None:
        with self._lock, suppress(OSError):  # then it stays silent
            if self._ear is None:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._ear = _bound(self._path)
                self._ear.setblocking(True)
                threading.Thread(target=self._hear, args=(self._ear,), name="hotplate-feed", daemon=True).start()

    def _hear(self, ear: socket.socket) -> None:
        while self._ear is ear:
            try:
                ids = ear.recv(1 << 18).decode().split("\n")
            except OSError:
                return
            self._waiters.wake(ids)


def _sender() -> socket.socket:
    bell = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    bell.setblocking(False)
    return bell
