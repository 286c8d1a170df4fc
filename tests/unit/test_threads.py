"""Threads beside an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from hotplate.web.threads import Busy, Threads


class Held:
    """Work that goes on until it is let go."""

    def __init__(self) -> None:
        self.begun, self._go = threading.Semaphore(0), threading.Event()
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        self.begun.release()
        self._go.wait(10)
        return threading.current_thread().name

    def let_go(self) -> None:
        self._go.set()


@pytest.fixture
def held() -> Any:
    held = Held()
    yield held
    held.let_go()


async def until(look: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not look():
            await asyncio.sleep(0.005)


def raises(error: BaseException) -> None:
    raise error


def test_what_is_done_is_given_back() -> None:
    async def ask() -> None:
        threads = Threads(2)
        assert await threads.run(lambda: 5) == 5
        with pytest.raises(KeyError):
            await threads.run(lambda: raises(KeyError()))
        for odd in (SystemExit(1), StopIteration(), KeyboardInterrupt()):
            with pytest.raises(RuntimeError, match=type(odd).__name__):
                await threads.run(lambda odd=odd: raises(odd))
        assert await threads.run(lambda: 6) == 6
        assert threads.load == 0

    asyncio.run(ask())


def test_there_are_as_many_threads_as_are_needed_and_no_more_than_its_size(held: Held) -> None:
    async def ask() -> set[str]:
        threads = Threads(3)
        before = threading.active_count()
        asked = [asyncio.ensure_future(threads.submit(held)) for _ in range(10)]
        await until(lambda: held.count == 3)
        assert threading.active_count() - before == 3
        assert (held.count, threads.load) == (3, 10)
        held.let_go()
        await asyncio.gather(*asked)
        return {str(threads.load)}

    assert asyncio.run(ask()) == {"0"}


def test_one_after_the_other_needs_one_thread() -> None:
    async def ask() -> int:
        threads = Threads(20)
        return len({await threads.run(threading.get_ident) for _ in range(50)})

    assert asyncio.run(ask()) == 1


def test_what_waits_too_long_is_never_begun(held: Held) -> None:
    async def ask() -> None:
        threads = Threads(1, patience=0.05)
        first = threads.submit(held)
        with pytest.raises(Busy):
            await threads.run(held)
        assert threads.load == 1
        held.let_go()
        await first
        assert (held.count, await threads.run(lambda: 1)) == (1, 1)

    asyncio.run(ask())


def test_what_was_not_begun_can_be_withdrawn_and_what_was_goes_on(held: Held) -> None:
    async def ask() -> None:
        threads = Threads(1)
        first, second = threads.submit(held), threads.submit(held)
        await until(lambda: held.count == 1)
        first.cancel()
        second.cancel()
        await until(lambda: threads.load == 1)
        held.let_go()
        await threads.drain(10)
        assert (held.count, threads.load, threads.is_busy) == (1, 0, False)

    asyncio.run(ask())


def test_several_loops_can_share_the_threads() -> None:
    threads = Threads(2)
    found = list[int]()

    async def ask(n: int) -> None:
        found.extend([await threads.run(lambda: n) for _ in range(50)])

    others = [threading.Thread(target=lambda n=n: asyncio.run(ask(n))) for n in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join(20)
    assert sorted(found) == sorted(list(range(4)) * 50)
    assert threads.load == 0


def test_a_loop_that_is_gone_harms_nobody(held: Held) -> None:
    threads = Threads(1)

    async def leave() -> None:
        threads.submit(held)
        await until(lambda: held.count == 1)

    asyncio.run(leave())
    held.let_go()
    assert asyncio.run(threads.run(lambda: 7)) == 7
