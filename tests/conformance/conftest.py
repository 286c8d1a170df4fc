"""The implementations of the engine's seam: every conformance test runs on each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from hotplate.engine import Feed, Files, Ledger
from hotplate.engines.postgres.database import Database as PostgresDatabase
from hotplate.engines.postgres.files import PostgresFiles
from hotplate.engines.postgres.firings import PostgresFirings
from hotplate.engines.postgres.ledger import PostgresLedger
from hotplate.engines.postgres.notify import NotifyFeed
from hotplate.engines.postgres.shares import PostgresShares
from hotplate.engines.postgres.values import PostgresValues
from hotplate.engines.sqlite import folder
from hotplate.engines.sqlite.database import Database
from hotplate.engines.sqlite.doorbell import DoorbellFeed
from hotplate.engines.sqlite.files import SqliteFiles
from hotplate.engines.sqlite.firings import SqliteFirings
from hotplate.engines.sqlite.folder import NodeLock
from hotplate.engines.sqlite.ledger import SqliteLedger
from hotplate.engines.sqlite.shares import SqliteShares
from hotplate.engines.sqlite.values import SqliteValues
from hotplate.firing import Firings
from hotplate.live import Values
from hotplate.share import Shares
from tests.servers import Postgres


class Clock:
    """The time of a ledger under test, moved by hand."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Implementation(ABC):
    """One of them, on an empty record."""

    clock: Clock

    @abstractmethod
    def ledger(self) -> Ledger:
        """A ledger of a process of its own on the same record."""

    @abstractmethod
    def files(self) -> Files: ...

    @abstractmethod
    def values(self) -> Values: ...

    @abstractmethod
    def shares(self) -> Shares: ...

    @abstractmethod
    def firings(self) -> Firings:
        """Those of a process of its own on the same record."""

    @abstractmethod
    def feed(self) -> Feed: ...

    @abstractmethod
    def rows(self, query: str) -> list[Any]:
        """What the record itself says."""

    @abstractmethod
    def close(self) -> None: ...

    def died(self, node: str) -> None:  # noqa: B027 - most have nothing to do
        """A node has ended without a goodbye, and the engine can know it."""

    def left(self, job: str) -> int:
        """How many more runs of a job with a limit may begin, as the record counts them."""
        ((left,),) = self.rows(f"select max(cap) - sum(running) from lanes where job = '{job}'")
        return int(left)


class Embedded(Implementation):
    """SQLite, and the doorbell of one machine."""

    def __init__(self, place: Path) -> None:
        self.place, self.clock = place, Clock()
        self._opened: list[Database] = []
        self._feeds: list[DoorbellFeed] = []
        self._reader: Database | None = None
        self._lock = NodeLock(place)
        self._lock.take()  # a node is alive

    def ledger(self) -> Ledger:
        return SqliteLedger(self._database(), NodeLock(self.place), self.clock)

    def files(self) -> Files:
        return SqliteFiles(self._database())

    def firings(self) -> Firings:
        return SqliteFirings(self._database(), self.clock)

    def values(self) -> Values:
        return SqliteValues(self._database(), self.clock)

    def shares(self) -> Shares:
        return SqliteShares(self._database(), self.clock)

    def feed(self) -> Feed:
        feed = DoorbellFeed(folder.sockets(self.place))
        self._feeds.append(feed)
        return feed

    def rows(self, query: str) -> list[Any]:
        if self._reader is None:
            self._reader = self._database()
        return self._reader.read(query)

    def close(self) -> None:
        for opened in (*self._opened, *self._feeds):
            opened.close()
        self._lock.release()

    def _database(self) -> Database:
        self._opened.append(Database(self.place / folder.DATABASE))
        return self._opened[-1]


class Cluster(Implementation):
    """PostgreSQL, with its LISTEN and NOTIFY."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self._url = url
        self._ledgers: list[PostgresLedger] = []
        self._ended: set[str] = set()
        self._databases: list[PostgresDatabase] = []
        self._feeds: list[NotifyFeed] = []
        self._database()
        self._reader = psycopg.connect(url, autocommit=True, options="-c search_path=hotplate")
        self._reader.execute(
            "truncate hotplate.runs, hotplate.lanes, hotplate.turns, hotplate.nodes, hotplate.files, hotplate.tallies, "
            "hotplate.schedules, hotplate.lives cascade"
        )

    def ledger(self, clock: Clock | None = None) -> Ledger:
        """`clock` is that of its process, where it is another one than the database's."""
        self._ledgers.append(
            PostgresLedger(
                self._database(),
                clock=clock or self.clock,
                database_clock=self.clock,
                local=self,
                freshness=0,
            )
        )
        return self._ledgers[-1]

    def files(self) -> Files:
        return PostgresFiles(self._database())

    def values(self) -> Values:
        return PostgresValues(self._database(), self.clock)

    def shares(self) -> Shares:
        return PostgresShares(self._database(), self.clock)

    def firings(self, clock: Clock | None = None) -> Firings:
        ledger = self.ledger(clock)
        assert isinstance(ledger, PostgresLedger)
        return PostgresFirings(ledger, self._databases[-1])

    def feed(self) -> Feed:
        self._feeds.append(NotifyFeed(self._url))
        return self._feeds[-1]

    def rows(self, query: str) -> list[Any]:
        return self._reader.execute(query.encode()).fetchall()

    def close(self) -> None:
        for opened in (*self._ledgers, *self._databases, *self._feeds, self._reader):
            opened.close()

    def died(self, node: str) -> None:
        self._ended.add(node)

    def ended(self) -> set[str]:
        """`watch.Local`."""
        return set(self._ended)

    def forget(self, nodes: Collection[str]) -> None:
        """`watch.Local`."""
        self._ended.difference_update(nodes)

    def _database(self) -> PostgresDatabase:
        self._databases.append(PostgresDatabase(self._url, size=20))
        return self._databases[-1]


IMPLEMENTATIONS = ("embedded", "postgresql")

Make = Callable[[Path], Implementation]


@pytest.fixture(scope="session")
def record(postgres: Postgres) -> str:
    """The URL of a database that these tests share."""
    return postgres.fresh()


def make(request: pytest.FixtureRequest, name: str) -> Make:
    """Makes implementations of a name, each on an empty record; a folder may be used for that."""
    if name == "embedded":
        return Embedded
    url = request.getfixturevalue("record")
    return lambda _: Cluster(url)


@pytest.fixture(params=IMPLEMENTATIONS)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Implementation]:
    opened = make(request, request.param)(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def ledger(engine: Implementation) -> Ledger:
    return engine.ledger()


@pytest.fixture
def clock(engine: Implementation) -> Clock:
    return engine.clock
