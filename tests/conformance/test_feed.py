"""What every feed does: it wakes those who listen, and harms nobody by failing to."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from hotplate.engine import Feed
from hotplate.run import new_id
from tests.processes import until

from .conftest import Implementation

SOON_S = 5.0
"""A wait that is rung ends long before this; one that is not, does not."""


def waits(feed: Feed, run_id: str, ring: Any, timeout: float = SOON_S) -> float:
    """How long a wait lasts during which `ring()` is called, in seconds."""
    with feed.listen(run_id) as waiter:
        ring()
        begun = time.monotonic()
        waiter.wait(timeout)
        return time.monotonic() - begun


class TestWaking:
    def test_a_ring_wakes_who_listens_for_the_run(self, engine: Implementation) -> None:
        feed, run_id = engine.feed(), new_id()
        assert waits(feed, run_id, lambda: feed.ring([run_id])) < 1

    def test_it_comes_from_another_process_too(self, engine: Implementation) -> None:
        ears, run_id = engine.feed(), new_id()
        assert waits(ears, run_id, lambda: engine.feed().ring([new_id(), run_id])) < 1

    def test_rings_for_other_runs_wake_nobody(self, engine: Implementation) -> None:
        feed = engine.feed()
        assert waits(feed, new_id(), lambda: feed.ring([new_id()]), timeout=0.2) >= 0.2

    def test_a_ring_between_listening_and_waiting_is_not_missed(self, engine: Implementation) -> None:
        feed, run_id = engine.feed(), new_id()
        with feed.listen(run_id) as waiter:
            feed.ring([run_id])
            waiter.wait(SOON_S)
            feed.ring([run_id])
            begun = time.monotonic()
            waiter.wait(SOON_S)
            assert time.monotonic() - begun < 1

    def test_all_who_listen_are_woken(self, engine: Implementation) -> None:
        feeds, run_id = [engine.feed() for _ in range(3)], new_id()
        listening, go = threading.Barrier(13), threading.Event()

        def listen(feed: Feed) -> float:
            def ready() -> None:
                listening.wait(SOON_S)
                go.wait(SOON_S)

            return waits(feed, run_id, ready)

        with ThreadPoolExecutor(12) as pool:
            times = [pool.submit(listen, feeds[n % 3]) for n in range(12)]
            listening.wait(SOON_S)
            engine.feed().ring([run_id])
            go.set()
            assert max(one.result() for one in times) < 1

    def test_many_runs_are_rung_at_once(self, engine: Implementation) -> None:
        ears, ids = engine.feed(), [new_id() for _ in range(5000)]
        assert waits(ears, ids[-1], lambda: engine.feed().ring(ids)) < 1

    def test_listeners_that_come_quickly_one_after_the_other_are_all_heard_of(self, engine: Implementation) -> None:
        bell = engine.feed()
        for _ in range(40):
            feed, run_id = engine.feed(), new_id()
            assert waits(feed, run_id, lambda run_id=run_id: bell.ring([run_id])) < 1  # type: ignore[misc]


class TestHearing:
    def test_everything_that_rings_is_heard_until_one_leaves(self, engine: Implementation) -> None:
        ears, bell, heard, topic = engine.feed(), engine.feed(), set[str](), "live/state"
        ids = [new_id() for _ in range(300)]
        with ears.hear(heard.update):
            bell.ring([*ids, topic])
            until(lambda: heard >= {*ids, topic}, "all rings")
        left = new_id()
        assert waits(ears, left, lambda: bell.ring([left])) < 1
        assert left not in heard

    def test_several_hear_side_by_side(self, engine: Implementation) -> None:
        ears, run_id = engine.feed(), new_id()
        first, second = set[str](), set[str]()
        with ears.hear(first.update), ears.hear(second.update):
            engine.feed().ring([run_id])
            until(lambda: run_id in first and run_id in second, "the ring")


class TestSilence:
    def test_a_wait_ends_after_its_timeout(self, engine: Implementation) -> None:
        assert 0.1 <= waits(engine.feed(), new_id(), lambda: None, timeout=0.1) < 1

    def test_ringing_where_nobody_listens_does_nothing(self, engine: Implementation) -> None:
        engine.feed().ring([new_id()])
        engine.feed().ring([])


class TestClosing:
    def test_a_closed_feed_leaves_no_thread_and_no_socket(self, engine: Implementation) -> None:
        before = threading.active_count()
        feed = engine.feed()
        with feed.listen(new_id()):
            assert threading.active_count() == before + 1
        feed.close()
        until(lambda: threading.active_count() == before, "the end of the thread")

    def test_closing_twice_is_closing_once(self, engine: Implementation) -> None:
        feed = engine.feed()
        feed.close()
        feed.close()
