"""What is the doorbell's own: sockets in a folder, and processes that leave them behind."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotplate.engines.sqlite import folder
from hotplate.engines.sqlite.doorbell import DoorbellFeed, DoorbellQueue, node_socket
from hotplate.run import new_id
from tests.processes import until

from .conftest import Embedded
from .test_feed import SOON_S, waits


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Embedded]:
    opened = Embedded(tmp_path)
    yield opened
    opened.close()


class TestFeed:
    def test_listeners_that_were_killed_are_passed_over(self, engine: Embedded) -> None:
        bell, run_id = engine.feed(), new_id()
        for _ in range(3):
            listener = multiprocessing.get_context("spawn").Process(target=listen_for_ever, args=(engine.place,))
            listener.start()
            until(lambda: ears(engine.place), "the listener")
            os.kill(listener.pid or 0, signal.SIGKILL)
            listener.join(SOON_S)
        assert waits(engine.feed(), run_id, lambda: bell.ring([run_id])) < 1
        assert len(ears(engine.place)) == 1

    def test_a_listener_that_is_stopped_holds_up_nobody(self, engine: Embedded) -> None:
        listener = multiprocessing.get_context("spawn").Process(target=listen_for_ever, args=(engine.place,))
        listener.start()
        until(lambda: ears(engine.place), "the listener")
        os.kill(listener.pid or 0, signal.SIGSTOP)
        bell = engine.feed()
        begun = time.monotonic()
        for _ in range(100):
            bell.ring([new_id() for _ in range(500)])
        assert time.monotonic() - begun < 2
        listener.kill()
        listener.join(SOON_S)

    def test_a_feed_whose_folder_is_gone_is_silent(self, engine: Embedded) -> None:
        feed = engine.feed()
        shutil.rmtree(folder.sockets(engine.place))
        feed.ring([new_id()])
        with feed.listen(new_id()) as waiter:
            waiter.wait(0.01)

    def test_a_closed_feed_leaves_no_socket(self, engine: Embedded) -> None:
        feed = engine.feed()
        with feed.listen(new_id()):
            assert ears(engine.place)
        feed.close()
        assert ears(engine.place) == []


def ears(place: Path) -> list[Path]:
    return [path for path in folder.sockets(place).iterdir() if path.name.startswith("ear-")]


def listen_for_ever(place: Path) -> None:
    with DoorbellFeed(folder.sockets(place)).listen("nothing") as waiter:
        waiter.wait(60)


class TestQueue:
    def test_a_wake_up_reaches_the_node(self, engine: Embedded) -> None:
        place = folder.sockets(engine.place)
        bell, queue = node_socket(place), DoorbellQueue(place)
        queue.wake({"default"})
        assert bell.recv(16) == b"!"
        queue.close()
        bell.close()

    def test_without_a_node_it_is_silent(self, engine: Embedded) -> None:
        queue = DoorbellQueue(folder.sockets(engine.place))
        for _ in range(1000):
            queue.wake({"default"})
        queue.close()

    def test_a_node_that_does_not_listen_holds_up_nobody(self, engine: Embedded) -> None:
        place = folder.sockets(engine.place)
        bell, queue = node_socket(place), DoorbellQueue(place)
        for _ in range(5000):
            queue.wake({"default"})
        queue.close()
        bell.close()
