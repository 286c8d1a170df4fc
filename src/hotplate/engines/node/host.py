"""The process that hosts a node, as the node sees it: it passes on what wakes the node from outside."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from selectors import EVENT_READ, BaseSelector

from msgspec import Struct

HOST_KEY = "HOTPLATE_HOST"
"""In the environment of a node that another process hosts: the descriptor of its end of the socket between them, and
the id of that process."""

ARGUMENTS_KEY = "HOTPLATE_NODE_ARGUMENTS"
"""In the environment of a Celery worker that `hotplate worker` has become: what it was told, as JSON."""

LOOK, LOOKED, MORE = b"!", b".", b"+"
"""What they say: look for work; I have looked; I have taken all I can, and there may be more."""

GONE = signal.SIGUSR1
"""The system sends this to the node when its host has ended, however that came; the socket may then still be held open
by what the host had started."""


class NodeArguments(Struct, frozen=True):
    """What a command line says of the node: None leaves it to the settings. ready_file: see `sign.Sign`."""

    concurrency: int | None = None
    queues: Sequence[str] | None = None
    loglevel: str | None = None
    ready_file: str | None = None


class Host:
    """The node's end."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._waits = False
        end.setblocking(False)

    def begin(self, selector: BaseSelector, on_look: Callable[[], None], on_gone: Callable[[], None]) -> None:
        """Hear it from now on: it may ask the node to look, or have ended."""

        def hear() -> None:
            try:
                words = self._end.recv(4096)
            except BlockingIOError:
                return
            except OSError:  # it was killed before it had read all that was said to it
                words = b""
            if words:
                self._waits = True
                on_look()
            else:
                on_gone()

        selector.register(self._end, EVENT_READ, hear)

    def lose(self, selector: BaseSelector) -> bool:
        """Hear it no more; false if that was so before."""
        if self._end.fileno() == -1:
            return False
        selector.unregister(self._end)
        self._end.close()
        return True

    def answer(self, *, more: bool) -> None:
        """Say that the node has looked; `more`: it has taken all it can, and there may be more."""
        if self._waits:
            self._waits = False
            with suppress(OSError):
                self._end.send(MORE if more else LOOKED)


def find_host() -> tuple[Host, int] | None:
    """The host of this process, and its process id, if there is one."""
    found = os.environ.pop(HOST_KEY, None)
    if found is None:
        return None
    fd, pid = map(int, found.split(","))
    return Host(socket.socket(fileno=fd)), pid
