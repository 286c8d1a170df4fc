"""Those in this process who wait for runs, woken by whatever hears of these."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager


class Waiter:
    """`engine.Waiter`."""

    def __init__(self) -> None:
        self.rung = threading.Event()

    def wait(self, timeout: float) -> None:
        self.rung.wait(timeout)
        self.rung.clear()


Told = Callable[[Collection[str]], None]


class Waiters:
    """All waiters of a process, by run, and those who hear of everything."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._of: dict[str, list[Waiter]] = {}
        self._told: list[Told] = []

    @contextmanager
    def waiting(self, run_id: str, prepare: Callable[[], None]) -> Iterator[Waiter]:
        """Wait for a run; `prepare` is called before, and sees to it that rings are heard from now on."""
        waiter = Waiter()
        with self._lock:
            self._of.setdefault(run_id, []).append(waiter)
        try:
            prepare()
            waiter.rung.clear()  # whoever waits looks first
            yield waiter
        finally:
            with self._lock:
                self._of[run_id].remove(waiter)
                if not self._of[run_id]:
                    del self._of[run_id]

    @contextmanager
    def hearing(self, told: Told, prepare: Callable[[], None]) -> Iterator[None]:
        """Hear of everything that rings; `prepare` as above."""
        with self._lock:
            self._told = [*self._told, told]
        try:
            prepare()
            yield
        finally:
            with self._lock:
                self._told = [other for other in self._told if other is not told]

    def wake(self, ids: Collection[str]) -> None:
        with self._lock:
            woken = [waiter for id_ in ids for waiter in self._of.get(id_, ())]
        for waiter in woken:
            waiter.rung.set()
        for told in self._told:
            told(ids)

    def wake_all(self) -> None:
        """For when something may have been missed."""
        with self._lock:
            woken = [waiter for waiters in self._of.values() for waiter in waiters]
        for waiter in woken:
            waiter.rung.set()
        for told in self._told:
            told(())
