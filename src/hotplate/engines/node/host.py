"""The process that hosts a node, as the node sees it: it passes on what wakes the node from outside."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress

from msgspec import Struct

HOST_KEY = "HOTPLATE_HOST"
"""In the environment of a node that another process hosts: the descriptor of its end of the socket between them, and
the id of that process."""

ARGUMENTS_KEY = "HOTPLATE_NODE_ARGUMENTS"
"""In the environment of a Celery worker that `hotplate worker` has become: what it was told, as JSON."""

LOOK, LOOKED, MORE = b"!", b".", b"+"
"""What they say: look for work; I have looked; I have taken all I can, and there may be more."""


class NodeArguments(Struct, frozen=True):
    """What a command line says of the node: None leaves it to the settings. ready_file: see `sign.Sign`."""

    concurrency: int | None = None
    queues: Sequence[str] | None = None
    loglevel: str | None = None
    ready_file: str | None = None


class Host:
    """The node's end. on_look and on_gone are called when the host asks to look, and when it has ended."""

    def __init__(self, end: socket.socket) -> None:
        self.end = end
        self.on_look: Callable[[], None] = lambda: None
        self.on_gone: Callable[[], None] = lambda: None
        self._waits = False
        end.setblocking(False)

    def hear(self) -> None:
        """Take in what it says."""
        with suppress(BlockingIOError):
            if self.end.recv(4096):
                self._waits = True
                self.on_look()
            else:
                self.on_gone()

    def answer(self, *, more: bool) -> None:
        """Say that the node has looked; `more`: it has taken all it can, and there may be more."""
        if self._waits:
            self._waits = False
            with suppress(OSError):
                self.end.send(MORE if more else LOOKED)


def find_host() -> tuple[Host, int] | None:
    """The host of this process, and its process id, if there is one."""
    found = os.environ.pop(HOST_KEY, None)
    if found is None:
        return None
    fd, pid = map(int, found.split(","))
    return Host(socket.socket(fileno=fd)), pid
