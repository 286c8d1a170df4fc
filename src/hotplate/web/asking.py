"""Asking the engine's record without waiting for long, however patient the engine itself is with it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from threading import Event, Lock, Thread
from typing import Generic, TypeVar

from ..engine import Engine
from ..errors import Unavailable

T = TypeVar("T")

READY_S = 2.0
"""Whoever asks whether a process is ready has an answer after so many seconds."""

log = logging.getLogger("hotplate")


class Look(Generic[T]):
    """One look into the record, by a thread of its own. found: None until it is done, or if that failed."""

    def __init__(self, look: Callable[[], T]) -> None:
        self._look, self.pid, self.done = look, os.getpid(), Event()
        self.found: T | None = None
        self.reason = ""
        Thread(target=self._run, name="hotplate-look", daemon=True).start()

    def _run(self) -> None:
        try:
            self.found = self._look()
        except Exception as error:
            self.reason = str(error.__cause__ or error if isinstance(error, Unavailable) else error)
        self.done.set()


class Question(Generic[T]):
    """Something to be asked of the record. Who ask at the same time share a look: a record that hangs holds one thread.

    patience: how long to wait for the answer, in seconds.
    """

    def __init__(self, look: Callable[[], T], patience: float) -> None:
        self._ask, self._patience, self._lock = look, patience, Lock()
        self._look: Look[T] | None = None
        self._was_answered = True

    def answer(self) -> T:
        """What the record says. Raises `Unavailable` if it does not say it in time."""
        look = self._current()
        found = look.found if look.done.wait(self._patience) else None
        if (found is not None) != self._was_answered:
            self._was_answered = found is not None
            self._tell(look)
        if found is None:
            raise Unavailable(data="the engine's record cannot be reached; the server's log says why")
        return found

    def _current(self) -> Look[T]:
        with self._lock:
            look = self._look
            if look is None or look.done.is_set() or look.pid != os.getpid():  # a fork takes no threads along
                look = self._look = Look(self._ask)
            return look

    def _tell(self, look: Look[T]) -> None:
        if self._was_answered:
            log.warning("ready again: the record can be reached")
        else:
            log.warning("not ready: %s", look.reason or f"the record has not answered for {self._patience:g} s")


def nodes_alive(engine: Callable[[], Engine]) -> int:
    """How many nodes are alive, by a record that was read just now."""
    ledger = engine().ledger
    ledger.get([""])
    return len(ledger.nodes())
