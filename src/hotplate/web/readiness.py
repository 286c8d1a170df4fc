"""Whether this process can do its work: whether the engine's record can be reached."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from threading import Event, Lock, Thread

from ..engine import Engine
from ..errors import Unavailable

READY_S = 2.0
"""Whoever asks has an answer after so many seconds, however patient the engine itself is with its record."""

log = logging.getLogger("hotplate")


class Look:
    """One look into the record, by a thread of its own. nodes: how many were alive; None if it could not be read."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine, self.pid, self.done = engine, os.getpid(), Event()
        self.nodes: int | None = None
        self.reason = ""
        Thread(target=self._look, name="hotplate-ready", daemon=True).start()

    def _look(self) -> None:
        try:
            ledger = self._engine().ledger
            ledger.get([""])
            self.nodes = len(ledger.nodes())
        except Exception as error:
            self.reason = str(error.__cause__ or error if isinstance(error, Unavailable) else error)
        self.done.set()


class Readiness:
    """Looks when it is asked. Those who ask at the same time share a look, so a record that hangs holds one thread."""

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine, self._lock = engine, Lock()
        self._look: Look | None = None
        self._was_ready = True

    def nodes(self) -> int:
        """How many nodes are alive. Raises `Unavailable` if the record does not say so within `READY_S`."""
        look = self._current()
        is_ready = look.done.wait(READY_S) and look.nodes is not None
        if is_ready != self._was_ready:
            self._was_ready = is_ready
            self._tell(look)
        if not is_ready or look.nodes is None:
            raise Unavailable(data="the engine's record cannot be reached; the server's log says why")
        return look.nodes

    def _current(self) -> Look:
        with self._lock:
            look = self._look
            if look is None or look.done.is_set() or look.pid != os.getpid():  # a fork takes no threads along
                look = self._look = Look(self._engine)
            return look

    def _tell(self, look: Look) -> None:
        if look.nodes is not None:
            log.warning("ready again: the record can be reached")
        else:
            log.warning("not ready: %s", look.reason or f"the record has not answered for {READY_S:g} s")
