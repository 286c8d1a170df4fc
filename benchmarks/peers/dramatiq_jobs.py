"""dramatiq on RabbitMQ, with results in Redis; worker processes of one thread each, as the other peers have them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dramatiq
import redis
from dramatiq.brokers.rabbitmq import RabbitmqBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from . import spawned, until

LONG = 300_000
"""Milliseconds after which a result is not waited for any more."""


def noop() -> int:
    return 1


def make_actor(broker: str, results: str) -> Any:
    made = RabbitmqBroker(url=f"{broker}?heartbeat=0")  # the client is idle while others are measured
    made.add_middleware(Results(backend=RedisBackend(url=results)))
    dramatiq.set_broker(made)
    return dramatiq.actor(noop, broker=made, store_results=True)


def serve() -> None:
    """Called by dramatiq in each worker process."""
    make_actor(os.environ["BENCH_BROKER"], os.environ["BENCH_RESULTS"])


class Dramatiq:
    name = "dramatiq + RabbitMQ"

    def __init__(self, workers: int, actor: Any, store: Any) -> None:
        self.workers, self._actor, self._store = workers, actor, store

    def many(self, count: int) -> None:
        self._store.flushdb()
        for _ in range(count):
            self._actor.send()
        until(lambda: self._store.dbsize() >= count, "dramatiq's results", timeout=LONG / 1000, pause=0.01)

    def one(self) -> None:
        self._actor.send().get_result(block=True, timeout=LONG)


@contextmanager
def running(concurrency: int, folder: Path, *, broker: str, results: str) -> Iterator[Dramatiq]:
    """The peer, ready to take jobs."""
    environ = {"BENCH_BROKER": broker, "BENCH_RESULTS": results}
    argv = ("dramatiq", f"{__name__}:serve", "-p", str(concurrency), "-t", "1")
    actor = make_actor(broker, results)
    with redis.Redis.from_url(results) as store:
        with spawned(*argv, environ=environ, log=folder / "dramatiq.log") as workers:
            peer = Dramatiq(workers, actor, store)
            peer.one()
            yield peer
        actor.broker.close()
