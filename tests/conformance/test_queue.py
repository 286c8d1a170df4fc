"""What every queue does: it wakes those who serve it, holds up nobody, and harms nobody by failing to."""

from __future__ import annotations

import multiprocessing
import select
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from kombu import Connection, Consumer

from hotplate.engine import Queue
from hotplate.engines.celery import queue as celery_queue
from hotplate.engines.celery.app import MOST, Wakes, make_celery
from hotplate.engines.celery.queue import CeleryQueue
from hotplate.engines.postgres.notify import NotifyFeed, NotifyQueue
from hotplate.engines.sqlite.doorbell import DoorbellQueue, node_socket
from tests.processes import free_port

SOON_S = 10.0
PREFIX = "hotplate.conformance."

Heard = Callable[[float], bool]
"""Whether somebody who serves the queue was woken within so many seconds, since the last time it was asked."""


class Way(ABC):
    """One implementation, in a place of its own."""

    def __init__(self) -> None:
        self._open: list[Any] = []

    @abstractmethod
    def queue(self) -> Queue:
        """As a process of its own has it."""

    @abstractmethod
    def ear(self) -> Heard:
        """Somebody who serves the queue `default`."""

    @abstractmethod
    def lost(self) -> Queue:
        """A queue of which the other side is not there."""

    def waiting(self) -> int:
        """How many wake-ups lie somewhere, unheard."""
        return 0

    def close(self) -> None:
        for one in reversed(self._open):
            one.close()

    def _kept(self, one: Any) -> Any:
        self._open.append(one)
        return one


class Doorbell(Way):
    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def queue(self) -> Queue:
        queue: Queue = self._kept(DoorbellQueue(self._folder))
        return queue

    def ear(self) -> Heard:
        bell = self._kept(node_socket(self._folder))

        def heard(seconds: float) -> bool:
            woken = bool(select.select([bell], [], [], seconds)[0])
            with suppress(BlockingIOError):
                while bell.recv(16):
                    pass
            return woken

        return heard

    def lost(self) -> Queue:
        queue: Queue = self._kept(DoorbellQueue(self._folder / "gone"))
        return queue


class Notify(Way):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url

    def queue(self) -> Queue:
        return _Both(self._kept(NotifyFeed(self._url)))

    def ear(self) -> Heard:
        rung = threading.Event()
        self._kept(NotifyFeed(self._url, rung.set))
        rung.clear()  # it looks once when it has begun to hear
        return lambda seconds: _taken(rung, seconds)

    def lost(self) -> Queue:
        return _Both(self._kept(NotifyFeed(f"postgresql://nobody@127.0.0.1:{free_port()}/none")))


class _Both(NotifyQueue):
    """With the feed, which is its way out, closed when it is."""

    def __init__(self, feed: NotifyFeed) -> None:
        super().__init__(feed)
        self._way = feed

    def close(self) -> None:
        self._way.close()


class Beside:
    """`celery.queue.Beside`: what is told where the broker is away."""

    def __init__(self) -> None:
        self.told = threading.Event()

    def work(self) -> None:
        self.told.set()


class Broker(Way):
    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self.beside = Beside()

    def _queue(self, url: str) -> Queue:
        celery = make_celery("conformance", url, {}, lambda: closing(Beside()))  # type: ignore[type-var]
        queue: Queue = self._kept(CeleryQueue(lambda: celery, PREFIX, self.beside))
        return queue

    def queue(self) -> Queue:
        return self._queue(self._url)

    def ear(self) -> Heard:
        connection = self._kept(Connection(self._url))
        woken = threading.Event()

        def take(message: Any) -> None:
            message.ack()
            woken.set()

        consumer = Consumer(connection, [Wakes(PREFIX).queue("default")], on_message=take, prefetch_count=1)
        consumer.consume()

        def heard(seconds: float) -> bool:
            deadline = time.monotonic() + seconds
            while not woken.is_set() and (left := deadline - time.monotonic()) > 0:
                with suppress(TimeoutError):
                    connection.drain_events(timeout=left)
            return _taken(woken, 0)

        return heard

    def lost(self) -> Queue:
        return self._queue(f"{self._url.partition(':')[0]}://guest:guest@127.0.0.1:{free_port()}//")

    def waiting(self) -> int:
        with Connection(self._url) as connection:
            name = Wakes(PREFIX).queue("default").name
            try:
                return int(connection.default_channel.queue_declare(name, passive=True).message_count)
            except connection.channel_errors:  # an empty queue is none to Redis
                return 0


def _taken(event: threading.Event, seconds: float) -> bool:
    was_set = event.wait(seconds)
    event.clear()
    return was_set


@pytest.fixture(params=["doorbell", "notify", "celery-redis", "celery-rabbitmq"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Way]:
    match request.param:
        case "doorbell":
            made: Way = Doorbell(tmp_path)
        case "notify":
            made = Notify(request.getfixturevalue("postgres").fresh())
        case broker:
            made = Broker(request.getfixturevalue(broker.removeprefix("celery-")).fresh())
    yield made
    made.close()


def test_it_wakes_who_serves_the_queue(way: Way) -> None:
    heard, queue = way.ear(), way.queue()
    for _ in range(3):
        queue.wake(["default"])
        assert heard(SOON_S)


def test_it_complains_of_nothing(way: Way, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(celery_queue, "LOOK_EVERY", 1)  # it looks for wake-ups that nobody fetches
    heard, queue = way.ear(), way.queue()
    for _ in range(5):
        queue.wake(["default"])
        assert heard(SOON_S)
    queue.close()
    assert [record.getMessage() for record in caplog.records if record.name == "hotplate"] == []


def test_it_wakes_from_any_thread(way: Way) -> None:
    heard, queue = way.ear(), way.queue()
    for _ in range(3):
        thread = threading.Thread(target=queue.wake, args=(["default"],))
        thread.start()
        thread.join()
        assert heard(SOON_S)


def test_a_forked_process_wakes_as_well(way: Way) -> None:
    heard, queue = way.ear(), way.queue()
    queue.wake(["default"])
    assert heard(SOON_S)

    def wake() -> None:
        forked = way.queue() if isinstance(way, Notify) else queue  # an engine opens its feed anew after a fork
        forked.wake(["default"])
        forked.close()

    child = multiprocessing.get_context("fork").Process(target=wake)
    child.start()
    child.join(SOON_S)
    assert child.exitcode == 0
    assert heard(SOON_S)


def test_what_was_said_last_is_said_before_it_closes(way: Way) -> None:
    heard, queue = way.ear(), way.queue()
    queue.wake(["default"])
    queue.close()
    assert heard(SOON_S) or (isinstance(way, Broker) and way.beside.told.is_set())


def test_after_it_was_closed_it_is_silent(way: Way) -> None:
    heard, queue = way.ear(), way.queue()
    queue.close()
    queue.close()
    queue.wake(["default"])
    assert not heard(0.2)


def test_with_nobody_to_hear_it_holds_up_nobody_and_piles_up_nothing(way: Way) -> None:
    queue = way.queue()
    began = time.monotonic()
    for _ in range(5000):
        queue.wake(["default", "heavy"])
    assert time.monotonic() - began < SOON_S
    heard = way.ear()
    queue.wake(["default"])
    assert heard(SOON_S)
    assert way.waiting() <= 1.5 * MOST


def test_with_the_other_side_away_it_holds_up_nobody(way: Way) -> None:
    queue = way.lost()
    began = time.monotonic()
    for _ in range(100):
        queue.wake(["default"])
        queue.stop()
    assert time.monotonic() - began < 1
    if isinstance(way, Broker):
        assert way.beside.told.wait(SOON_S), "the database tells in its place"
    began = time.monotonic()
    queue.close()
    assert time.monotonic() - began < SOON_S


def test_a_request_to_stop_is_told(way: Way) -> None:
    heard, queue = way.ear(), way.queue()
    queue.stop()
    assert way.beside.told.wait(SOON_S) if isinstance(way, Broker) else heard(SOON_S)
