"""Waking coroutines from threads: many at once, by one call into the event loop."""

from __future__ import annotations

from asyncio import AbstractEventLoop, Future, get_running_loop
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from signal import SIGTERM, getsignal

BEAT_S = 15.0
"""So often something is sent: proxies close what is silent."""

LOOK_S = 0.5
"""How often it is looked whether the server ends, in seconds."""


SLOW_S = 30.0
"""Who takes nothing for so many seconds is cut off."""


class Bell:
    """Wakes the one coroutine that waits for it. is_beat: whether it was only time to say something.

    writing_since: when it began to write what it is writing, by the loop's time. cut_off: called when that was too long
    ago.
    """

    __slots__ = ("_is_set", "_loop", "_waiter", "cut_off", "is_beat", "writing_since")

    def __init__(self, loop: AbstractEventLoop) -> None:
        self._loop, self._is_set = loop, False
        self._waiter: Future[None] | None = None
        self.is_beat = False
        self.writing_since: float | None = None
        self.cut_off: Callable[[], None] | None = None

    def set(self) -> None:
        """Ring it, on its event loop."""
        self._is_set = True
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until it is rung, or at once if it was since the last time."""
        if not self._is_set:
            self._waiter = self._loop.create_future()
            await self._waiter
            self._waiter = None
        self._is_set = False


class Bells:
    """The bells of all subscribers on one event loop. To be made there. dismiss: tells them that the server ends."""

    def __init__(self, loop: AbstractEventLoop, dismiss: Callable[[], None]) -> None:
        self.loop, self._dismiss = loop, dismiss
        self._rung = deque[Bell]()
        self._is_called = False
        self._all: set[Bell] = set()
        self._is_beating = False
        self._beat_at = 0.0

    def new(self) -> tuple[Bell, Callable[[], None]]:
        """A bell, and what rings it from any thread."""
        bell = Bell(self.loop)
        self._all.add(bell)
        if not self._is_beating:
            self._is_beating = True
            self._beat_at = self.loop.time() + BEAT_S
            self.loop.call_later(LOOK_S, self._look)
        return bell, partial(self._ring, bell)

    def drop(self, bell: Bell) -> None:
        """It will not be waited for any more."""
        self._all.discard(bell)

    def _ring(self, bell: Bell) -> None:
        # no lock: what is appended before it is seen that the loop was called is found there
        self._rung.append(bell)
        if not self._is_called:
            self._is_called = True
            with suppress(RuntimeError):  # the loop was closed: nobody waits any more
                self.loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._is_called = False
        with suppress(IndexError):
            while True:
                self._rung.popleft().set()

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


class Belfry:
    """The bells of whichever event loop asks. dismiss: see `Bells`."""

    def __init__(self, dismiss: Callable[[], None]) -> None:
        self._dismiss = dismiss
        self._bells: Bells | None = None

    def here(self) -> Bells:
        """Those of the event loop that is running."""
        loop = get_running_loop()
        if self._bells is None or self._bells.loop is not loop:
            self._bells = Bells(loop, self._dismiss)
        return self._bells


def _server_ends() -> bool:
    """Whether uvicorn has been told to end: it waits for open streams, without a word to the application."""
    server = getattr(getsignal(SIGTERM), "__self__", None)
    return bool(getattr(server, "should_exit", False))
