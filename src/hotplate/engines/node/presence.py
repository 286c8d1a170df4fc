"""Which nodes have ended on this machine: each holds the lock of a file of its own for as long as it lives."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from .child import end_leftovers


class Presence:
    """The files of those nodes of this machine that serve one record, in a folder of theirs.

    A node whose file is not here lives elsewhere, if it lives.
    """

    def __init__(self, folder: Path) -> None:
        self._folder, self._fd, self._own = folder, -1, ""

    def take(self, node: str) -> None:
        """Be there as this node, until the process ends or `release`."""
        self._own = node
        coming = self._folder / f".{node}"
        self._fd = os.open(coming, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        coming.rename(self._folder / node)  # nobody sees it unlocked

    def release(self) -> None:
        if self._fd >= 0:
            with suppress(OSError):
                os.unlink(self._folder / self._own)
            os.close(self._fd)
            self._fd = -1

    def ended(self) -> list[str]:
        """The nodes of this machine that have ended without a goodbye."""
        return [
            path.name
            for path in self._folder.iterdir()
            if path.name[0] != "." and path.name != self._own and _is_free(path)
        ]

    def forget(self, nodes: Collection[str]) -> None:
        """End what these nodes have left behind."""
        for node in nodes:
            end_leftovers(node)
            with suppress(OSError):
                os.unlink(self._folder / node)


def _is_free(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(fd)
    return True
