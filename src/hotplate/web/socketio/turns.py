"""How turns are taken: in a thread, in a greenlet of gevent, on an event loop; asked for in any thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Lock, Thread
from typing import Any, TypeVar

from ...errors import HotplateError

T = TypeVar("T")

AGAIN_S = 0.02
"""After so many seconds there is another turn, where one was not enough."""


def take_turns(bell: Any, turn: Callable[[], bool]) -> None:
    """One after the other, each when it is asked for by the bell, or in a moment where the one before says so."""
    again = False
    while True:
        bell.wait(AGAIN_S if again else None)
        bell.clear()
        again = turn()


class ThreadTurns:
    """In a thread of their own."""

    def begin(self, turn: Callable[[], bool]) -> None:
        self._bell = Event()
        Thread(target=take_turns, args=(self._bell, turn), name="hotplate-socketio", daemon=True).start()

    def ask(self) -> None:
        self._bell.set()

    def start(self, work: Callable[[], None]) -> None:
        Thread(target=work, name="hotplate-socketio-start", daemon=True).start()

    def do(self, work: Callable[[], T]) -> T:
        """The result of what may block: it does so in the thread of the client that asks."""
        return work()


class GeventTurns:
    """In a greenlet of the thread in which the server runs, monkey-patched or not. To be made there.

    Raises `HotplateError` where it was patched too late.
    """

    def __init__(self) -> None:
        import gevent.event  # noqa: PLC0415 - there only where the application uses it
        import gevent.monkey  # noqa: PLC0415

        self._gevent: Any = gevent
        self._bell: Any = gevent.event.Event()
        self._is_patched = bool(gevent.monkey.is_module_patched("threading"))
        if self._is_patched and threading.Lock is not Lock:
            raise HotplateError(
                "gevent has patched the standard library after Hotplate was imported, so that all would come to a "
                "stop: patch it before; gunicorn -k gevent does, without --preload"
            )
        # nothing else of gevent may be touched in other threads
        self._watcher: Any = gevent.get_hub().loop.async_()

    def begin(self, turn: Callable[[], bool]) -> None:
        self._watcher.start(self._bell.set)
        self._gevent.spawn(take_turns, self._bell, turn)

    def ask(self) -> None:
        self._watcher.send()

    def start(self, work: Callable[[], None]) -> None:
        self._gevent.spawn(self.do, work)

    def do(self, work: Callable[[], T]) -> T:
        """The result of what may block: in a real thread, unless all that blocks was patched."""
        if self._is_patched:
            return work()
        result: T = self._gevent.get_hub().threadpool.apply(work)
        return result


class LoopTurns:
    """On the event loop. To be made there."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._later: asyncio.TimerHandle | None = None

    def begin(self, turn: Callable[[], bool]) -> None:
        self._turn = turn

    def ask(self) -> None:
        with suppress(RuntimeError):  # the loop was closed: nobody is there any more
            self._loop.call_soon_threadsafe(self._serve)

    def start(self, work: Callable[[], None]) -> None:
        self._loop.run_in_executor(None, work)

    def _serve(self) -> None:
        if self._later is not None:
            self._later.cancel()
        self._later = self._loop.call_later(AGAIN_S, self._serve) if self._turn() else None
