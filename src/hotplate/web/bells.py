"""Waking coroutines from threads: many at once, by one call into the event loop."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Event
from collections.abc import Callable
from contextlib import suppress
from signal import SIGTERM, getsignal
from threading import Lock

BEAT_S = 15.0
"""So often something is sent: proxies close what is silent."""

LOOK_S = 0.5
"""How often it is looked whether the server ends, in seconds."""


SLOW_S = 30.0
"""Who takes nothing for so many seconds is cut off."""


class Bell(Event):
    """Wakes the coroutine that waits for it. is_beat: whether it was only time to say something.

    writing_since: when it began to write what it is writing, by the loop's time. cut_off: called when that was too long
    ago.
    """

    def __init__(self, cut_off: Callable[[], None] | None = None) -> None:
        super().__init__()
        self.is_beat = False
        self.writing_since: float | None = None
        self.cut_off = cut_off


class Bells:
    """The bells of all subscribers on one event loop. To be made there. dismiss: tells them that the server ends."""

    def __init__(self, loop: AbstractEventLoop, dismiss: Callable[[], None]) -> None:
        self.loop, self._dismiss = loop, dismiss
        self._lock = Lock()
        self._rung: list[Bell] = []
        self._all: set[Bell] = set()
        self._is_beating = False
        self._beat_at = 0.0

    def new(self) -> tuple[Bell, Callable[[], None]]:
        """A bell, and what rings it from any thread."""
        bell = Bell()
        self._all.add(bell)
        if not self._is_beating:
            self._is_beating = True
            self._beat_at = self.loop.time() + BEAT_S
            self.loop.call_later(LOOK_S, self._look)
        return bell, lambda: self._ring(bell)

    def drop(self, bell: Bell) -> None:
        """It will not be waited for any more."""
        self._all.discard(bell)

    def _ring(self, bell: Bell) -> None:
        with self._lock:
            self._rung.append(bell)
            is_first = len(self._rung) == 1
        if is_first:
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        with self._lock:
            rung, self._rung = self._rung, []
        for bell in rung:
            bell.set()

    def _look(self) -> None:
        self._is_beating = bool(self._all)
        if self._is_beating:
            self.loop.call_later(LOOK_S, self._look)
        if _server_ends():
            self._dismiss()
        now = self.loop.time()
        is_beat = now >= self._beat_at
        if is_beat:
            self._beat_at = now + BEAT_S
        for bell in self._all:
            if is_beat:
                bell.is_beat = True
                bell.set()
            if bell.cut_off and bell.writing_since is not None and now - bell.writing_since > SLOW_S:
                bell.cut_off()


def _server_ends() -> bool:
    """Whether uvicorn has been told to end: it waits for open streams, without a word to the application."""
    server = getattr(getsignal(SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
