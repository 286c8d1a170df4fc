"""RQ as its documentation sets it up: a pool of workers, each of which forks for a job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis
import rq

from . import spawned, until


def noop() -> int:
    return 1


class Rq:
    name = "RQ"

    def __init__(self, workers: int, queue: rq.Queue) -> None:
        self.workers, self._queue = workers, queue

    def many(self, count: int) -> None:
        ended, store = self._queue.finished_job_registry.key, self._queue.connection
        store.delete(ended)
        for _ in range(count):
            self._queue.enqueue(noop)
        until(lambda: store.zcard(ended) >= count, "RQ's jobs", timeout=300, pause=0.01)

    def one(self) -> None:
        if self._queue.enqueue(noop).latest_result(timeout=60) is None:
            raise TimeoutError("RQ's job: no result after 60 s")


@contextmanager
def running(concurrency: int, folder: Path, *, broker: str) -> Iterator[Rq]:
    """The peer, ready to take jobs."""
    argv = ("rq", "worker-pool", "-n", str(concurrency), "-u", broker, "-l", "WARNING", "default")
    with redis.Redis.from_url(broker) as store, spawned(*argv, environ={}, log=folder / "rq.log") as workers:
        peer = Rq(workers, rq.Queue(connection=store))
        peer.one()
        yield peer
