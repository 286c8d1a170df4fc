"""Celery as its documentation sets it up. Results are kept by Redis where that is the broker, else by `rpc://`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celery
from celery.result import ResultSet

from . import spawned


def results_of(broker: str) -> str:
    """The result backend that goes with a broker."""
    return broker if broker.startswith("redis:") else "rpc://"


BROKER = os.environ.get("BENCH_BROKER", "")
app = celery.Celery("bench", broker=BROKER, backend=results_of(BROKER))


@app.task(name="noop")
def noop() -> int:
    return 1


class Celery:
    def __init__(self, name: str, workers: int, client: Any) -> None:
        self.name, self.workers, self._noop = name, workers, client.signature("noop")

    def many(self, count: int) -> None:
        ResultSet([self._noop.delay() for _ in range(count)]).join_native(timeout=300)

    def one(self) -> None:
        self._noop.delay().get(timeout=60)


@contextmanager
def running(concurrency: int, folder: Path, *, name: str, broker: str) -> Iterator[Celery]:
    """The peer, ready to take jobs."""
    argv = ("celery", "-A", __name__, "worker", "-c", str(concurrency), "-l", "WARNING")
    client = celery.Celery("client", broker=broker, backend=results_of(broker), set_as_current=False)
    with spawned(*argv, environ={"BENCH_BROKER": broker}, log=folder / "celery.log") as workers, client:
        peer = Celery(name, workers, client)
        peer.one()
        yield peer
