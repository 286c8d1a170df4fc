"""A bounded number of threads in which an event loop lets things be done that would hold it up."""

from __future__ import annotations

import atexit
import time
from asyncio import AbstractEventLoop, Future, TimerHandle, get_running_loop, sleep
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context, copy_context
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, TypeVar
from weakref import ref

T = TypeVar("T")

PATIENCE_S = 10.0
"""Whatever no thread has begun after so many seconds is not begun any more."""

LEAVE_S = 5.0
"""At the end of the process what is going on in threads may take so many seconds more."""


class Busy(Exception):
    """All threads were busy for too long; nothing was begun."""


class Work:
    """Something to be done in a thread. Whoever takes the call out of it begins it, or withdraws it."""

    __slots__ = ("_calls", "context", "future", "loop", "timer")

    def __init__(self, call: Callable[[], Any], loop: AbstractEventLoop) -> None:
        self._calls, self.context = [call], copy_context()
        self.loop = loop
        self.future: Future[Any] = loop.create_future()
        self.timer: TimerHandle | None = None

    def take(self) -> Callable[[], Any] | None:
        """What is to be done; None if it was taken before. Of two threads only one gets it."""
        try:
            return self._calls.pop()
        except IndexError:
            return None


class Threads:
    """At most `size` threads, started when they are needed; more work waits, `patience` seconds at most."""

    def __init__(self, size: int, patience: float = PATIENCE_S) -> None:
        self.size, self.patience = size, patience
        self._queue: SimpleQueue[Work] = SimpleQueue()
        self._lock = Lock()
        self._load = self._started = 0
        self._is_awaited = True

    @property
    def is_busy(self) -> bool:
        """Whether the end of the process is to wait for something."""
        return self._is_awaited and self._load > 0

    @property
    def load(self) -> int:
        """How much is going on or waits."""
        return self._load

    def submit(self, call: Callable[[], T]) -> Future[T]:
        """`call()` in a thread, in a copy of this code's context. The future has its result, what it raised, or `Busy`.

        To cancel the future withdraws what was not begun; what was begun goes on to its end.
        """
        work = Work(call, get_running_loop())
        with self._lock:
            self._load += 1
            is_full = self._load > self.size
            starts = self._started < min(self._load, self.size)
            self._started += starts
        if starts:
            self._start()
        if is_full:
            work.timer = work.loop.call_later(self.patience, self._give_up, work)
        work.future.add_done_callback(lambda _: self._settle(work))
        self._queue.put(work)
        return work.future

    async def run(self, call: Callable[[], T]) -> T:
        """The same, awaited. Raises `Busy`, or what the call raises."""
        return await self.submit(call)

    async def drain(self, seconds: float) -> None:
        """Wait until nothing is going on, `seconds` at most; the end of the process then waits no more."""
        self._is_awaited = False
        deadline = time.monotonic() + seconds
        while self._load and time.monotonic() < deadline:
            await sleep(0.01)

    def _settle(self, work: Work) -> None:
        if work.timer is not None:
            work.timer.cancel()
        if work.future.cancelled() and work.take() is not None:
            self._uncount()

    def _give_up(self, work: Work) -> None:
        if work.take() is not None:
            self._uncount()
            work.future.set_exception(Busy())

    def _start(self) -> None:
        if self._started == 1:
            atexit.register(_leave, ref(self))
        Thread(target=self._work, name="hotplate-web", daemon=True).start()

    def _work(self) -> None:
        while True:
            work = self._queue.get()
            call = work.take()
            if call is None:
                continue
            result, error = _outcome(work.context, call)
            self._uncount()
            with suppress(RuntimeError):  # the loop was closed: nobody waits for it any more
                work.loop.call_soon_threadsafe(_deliver, work.future, result, error)
            del work, call, result, error

    def _uncount(self) -> None:
        with self._lock:
            self._load -= 1


def _outcome(context: Context, call: Callable[[], T]) -> tuple[T | None, BaseException | None]:
    try:
        return context.run(call), None
    except BaseException as error:  # a thread of ours goes on whatever is raised in it
        return None, error


def _deliver(future: Future[Any], result: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        # neither can leave a coroutine as what it is
        is_odd = isinstance(error, StopIteration) or not isinstance(error, Exception)
        future.set_exception(RuntimeError(f"{error!r} in a thread") if is_odd else error)


def _leave(threads: ref[Threads]) -> None:
    """Let what is going on come to its end before the process does."""
    deadline = time.monotonic() + LEAVE_S
    while (found := threads()) is not None and found.is_busy and time.monotonic() < deadline:
        time.sleep(0.01)
