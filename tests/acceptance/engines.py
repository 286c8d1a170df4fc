"""The engines that acceptance tests and soak runs go through: `ENGINES` is the one list of them.

An entry says which servers it needs, which settings lead there, how a worker node is started, and how the tests read
the record behind the application's back.
"""

from __future__ import annotations

import sqlite3
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from kombu import Connection

from hotplate.engines.sqlite.folder import DATABASE
from tests.processes import Processes, soon
from tests.servers import Kept, Postgres, RabbitMQ, Redis


class Ground(ABC):
    """What one home stands on: a record of its own, and the nodes that serve it."""

    needs: ClassVar[tuple[type[Kept], ...]] = ()
    """The servers that the constructor takes after the data folder, in this order."""

    nodes: ClassVar[int] = 2
    """How many nodes a storm may rage over at the same time."""

    hosts: ClassVar[bool] = False
    """Whether what `node` starts is the host of a node, which is a process of its own then."""

    def __init__(self, data: Path) -> None:
        self.data = data

    @property
    def environ(self) -> dict[str, str]:
        """The settings of the application and its nodes."""
        return {"HOTPLATE_DATA": str(self.data)}

    def node(self, processes: Processes, app: str, *more: str, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """A worker node of `app`, which takes runs from now on or a moment later."""
        return processes.node(app, *more, environ=environ)

    def cut(self) -> None:  # noqa: B027 - not all have some
        """End all connections of the application and its nodes to the record."""

    @abstractmethod
    def rows(self, query: str, *values: Any) -> list[Any]:
        """What the record itself says; `?` in the query stands for a value."""

    def is_whole(self) -> bool:
        """Whether the record is undamaged, as far as it is ours to keep it so."""
        return True

    def close(self) -> None:  # noqa: B027 - not all have something to close
        """Called when nothing uses it any more."""


class Embedded(Ground):
    """SQLite in the data folder."""

    nodes = 1

    def rows(self, query: str, *values: Any) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.data / DATABASE}?mode=ro", uri=True)) as record:
            return record.execute(query, values).fetchall()

    def is_whole(self) -> bool:
        return self.rows("pragma integrity_check") == [("ok",)]


class PostgreSQL(Ground):
    """PostgreSQL with the local pool, without a broker."""

    needs = (Postgres,)

    def __init__(self, data: Path, server: Postgres) -> None:
        super().__init__(data)
        self.server, self.url = server, server.fresh()
        self._reader = self._connect()

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, options="-c search_path=hotplate")

    @property
    def environ(self) -> dict[str, str]:
        return super().environ | {"HOTPLATE_DATABASE_URL": self.url}

    def rows(self, query: str, *values: Any) -> list[Any]:
        statement = query.replace("?", "%s").encode()
        try:
            return self._reader.execute(statement, values or None).fetchall()
        except psycopg.OperationalError:  # the server has crashed in between
            self._reader.close()
            self._reader = self._connect()
        return self._reader.execute(statement, values or None).fetchall()

    def cut(self) -> None:
        """End all connections of the application and its nodes, at whatever they are."""
        self.rows("select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hotplate%'")

    @contextmanager
    def ear(self, app: str, queue: str) -> Iterator[Callable[[float], bool]]:
        """Tells whether nodes of an application are woken, from now on, for a queue that no job names.

        Give it the seconds to wait for that.
        """
        with psycopg.connect(self.url, autocommit=True) as ear:
            ear.execute("listen hotplate_work")
            yield lambda seconds: bool(list(ear.notifies(timeout=seconds, stop_after=1)))

    def close(self) -> None:
        self._reader.close()
        self.server.drop(self.url)


class Cluster(PostgreSQL):
    """PostgreSQL, with Celery's workers as the hosts of nodes, woken by a broker."""

    hosts = True

    def __init__(self, data: Path, server: Postgres, broker: Redis | RabbitMQ) -> None:
        super().__init__(data, server)
        self.broker, self.broker_url = broker, broker.fresh()

    @property
    def environ(self) -> dict[str, str]:
        return super().environ | {"HOTPLATE_BROKER_URL": self.broker_url}

    def queue(self, app: str, name: str) -> str:
        """What the broker calls the queue of wake-ups for a queue of runs."""
        return f"hotplate.{app}.{self.url.rpartition('/')[2]}.{name}"

    def lying(self, queue: str) -> int:
        """How many messages lie in a queue of the broker."""
        with Connection(self.broker_url) as connection:
            try:
                return int(connection.default_channel.queue_declare(queue, passive=True).message_count)
            except connection.channel_errors:  # nobody has needed it yet
                return 0

    @contextmanager
    def ear(self, app: str, queue: str) -> Iterator[Callable[[float], bool]]:
        yield lambda seconds: soon(lambda: self.lying(self.queue(app, queue)) > 0, seconds)


class ClusterOnRedis(Cluster):
    needs = (Postgres, Redis)


class ClusterOnRabbitMQ(Cluster):
    needs = (Postgres, RabbitMQ)


ENGINES: Mapping[str, type[Ground]] = {
    "embedded": Embedded,
    "postgresql": PostgreSQL,
    "celery-redis": ClusterOnRedis,
    "celery-rabbitmq": ClusterOnRabbitMQ,
}

CLUSTERS: Mapping[str, type[Cluster]] = {name: kind for name, kind in ENGINES.items() if issubclass(kind, Cluster)}
"""Those of them with a broker."""

NewGround = Callable[[Path], Ground]
"""Makes the ground of one home, with an empty record, of its data folder."""


def _engines(are_meant: Callable[[type[Ground]], bool]) -> pytest.MarkDecorator:
    names = [name for name, kind in ENGINES.items() if are_meant(kind)]
    return pytest.mark.parametrize("engine", names, indirect=True, scope="session")


embedded_only = _engines(lambda kind: kind is Embedded)
"""Marks a test that is about the data folder, or that there is one node only."""

many_nodes = _engines(lambda kind: kind.nodes > 1)
"""Marks a test that needs several nodes on one record."""

without_host = _engines(lambda kind: not kind.hosts)
"""Marks a test of code that the node's workers alone load: a host loads it first, and is the one to end by it."""

clusters = _engines(lambda kind: kind in CLUSTERS.values())
"""Marks a test that is about a broker, or Celery's workers as hosts."""
