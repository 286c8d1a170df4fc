"""A node's sign of life: a file, for whoever watches over it."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

SIGN_S = 5.0
"""How often the time of the file is renewed, in seconds."""

log = logging.getLogger("hotplate.node")


class Sign:
    """A file that is there while the node serves; its time is renewed for as long as the node's loop turns.

    It says nothing of the record: a node goes on with its runs while that is away, and ending it would help nobody.
    """

    def __init__(self, path: str | None, node: str) -> None:
        self._path, self._node = Path(path) if path else None, node
        self._due = float("-inf")
        self.remove()  # that of a node which was killed

    def renew(self, now: float) -> None:
        if self._path is None or now < self._due:
            return
        self._due = now + SIGN_S
        try:
            self._path.write_text(f"{self._node} {os.getpid()}\n")
        except OSError as error:
            log.error("the ready file cannot be written: %s", error)

    def remove(self) -> None:
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink()
