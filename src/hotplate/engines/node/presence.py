"""Which nodes have ended on this machine: each holds the lock of a file of its own for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path


class Presence:
    """The files of this machine's nodes in a folder. A node whose file is not here lives elsewhere, if it lives."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._fd, self._own = folder, -1, ""

    def take(self, node: str) -> None:
        """Be there as this node, until the process ends or `release`."""
        self._own = node
        self._fd = os.open(self._folder / node, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def release(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.unlink(self._folder / self._own)
            os.close(self._fd)
            self._fd = -1

    def has_ended(self, node: str) -> bool:
        """Whether the node was one of this machine's and has ended without a goodbye."""
        if node == self._own:
            return False
        try:
            fd = os.open(self._folder / node, os.O_RDWR | os.O_CLOEXEC)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(fd)
        return True

    def forget(self, node: str) -> None:
        """Remove what a node has left behind, once nothing is to be learned from it any more."""
        with suppress(OSError):
            os.unlink(self._folder / node)
