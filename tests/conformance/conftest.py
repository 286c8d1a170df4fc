"""The implementations of the engine's seam: every conformance test runs on each of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hotplate.engine import Feed, Files, Ledger
from hotplate.engines import folder
from hotplate.engines.database import Database
from hotplate.engines.doorbell import DoorbellFeed
from hotplate.engines.files import SqliteFiles
from hotplate.engines.folder import NodeLock
from hotplate.engines.sqlite import SqliteLedger


class Clock:
    """The time of a ledger under test, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Embedded:
    """SQLite, and the doorbell of one machine."""

    def __init__(self, place: Path) -> None:
        self.place, self.clock = place, Clock()
        self._opened: list[Database] = []
        self._feeds: list[DoorbellFeed] = []
        self._reader: Database | None = None
        self._lock = NodeLock(place)
        self._lock.take()  # a node is alive

    def ledger(self) -> Ledger:
        """A ledger of a process of its own on the same record."""
        return SqliteLedger(self._database(), NodeLock(self.place), self.clock)

    def files(self) -> Files:
        return SqliteFiles(self._database())

    def feed(self) -> Feed:
        feed = DoorbellFeed(folder.sockets(self.place))
        self._feeds.append(feed)
        return feed

    def rows(self, query: str) -> list[Any]:
        """What the record itself says."""
        if self._reader is None:
            self._reader = self._database()
        return self._reader.read(query)

    def left(self, job: str) -> int:
        """How many more runs of a job with a limit may begin, as the record counts them."""
        ((left,),) = self.rows(f"select max(cap) - sum(running) from lanes where job = '{job}'")
        return int(left)

    def close(self) -> None:
        for opened in (*self._opened, *self._feeds):
            opened.close()
        self._lock.release()

    def _database(self) -> Database:
        self._opened.append(Database(self.place / folder.DATABASE))
        return self._opened[-1]


IMPLEMENTATIONS: dict[str, Callable[[Path], Embedded]] = {"embedded": Embedded}


@pytest.fixture(params=IMPLEMENTATIONS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Embedded]:
    opened = IMPLEMENTATIONS[request.param](tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ledger(engine: Embedded) -> Ledger:
    return engine.ledger()


@pytest.fixture
def clock(engine: Embedded) -> Clock:
    return engine.clock
