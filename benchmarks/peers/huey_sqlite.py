"""Huey on SQLite, as its documentation sets it up, with worker processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import huey

from . import spawned, until

FILE = "huey.db"
queue = huey.SqliteHuey("bench", filename=str(Path(os.environ.get("BENCH_FOLDER", ".")) / FILE), create_tables=False)


@queue.task()
def noop() -> int:
    return 1


class HueySqlite:
    name = "Huey + SQLite"

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def many(self, count: int) -> None:
        queue.storage.flush_results()
        for _ in range(count):
            noop()
        until(lambda: queue.storage.result_store_size() >= count, "Huey's results", timeout=300, pause=0.01)

    def one(self) -> None:
        noop().get(blocking=True, timeout=60)


@contextmanager
def running(concurrency: int, folder: Path) -> Iterator[HueySqlite]:
    """The peer, ready to take jobs."""
    queue.storage.filename = str(folder / FILE)
    queue.storage.initialize_schema()
    argv = ("huey_consumer", f"{__name__}.queue", "-w", str(concurrency), "-k", "process", "-q")
    with spawned(*argv, environ={"BENCH_FOLDER": str(folder)}, log=folder / "huey.log") as workers:
        peer = HueySqlite(workers)
        peer.one()
        yield peer
    queue.storage.close()
