"""PostgreSQL as the database of the record: pooled connections, transactions, what to do when it is away."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Self, TypeVar

import psycopg
from psycopg import Connection
from psycopg.conninfo import conninfo_to_dict
from psycopg_pool import ConnectionPool, PoolTimeout

from ...errors import EngineError, Unavailable
from . import schema

PATIENCE_S = 10.0
"""How long a caller, or a process that begins, waits for a database that is away, in seconds."""

CONNECT_S = 5
"""How long one try to connect may take, in seconds."""

_GONE = (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout)

# A peer that has vanished without a word is noticed within about 20 seconds.
_SOCKET: Mapping[str, Any] = {
    "connect_timeout": CONNECT_S,
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 20_000,
}

log = logging.getLogger("hotplate")

R = TypeVar("R")

# The pool's own words about each of its tries: we say once that the database is away, and when it is back.
logging.getLogger("psycopg.pool").addFilter(
    lambda record: not any(ours in record.getMessage() for ours in ("'hotplate'", "<hotplate."))
)

Row = tuple[Any, ...]


class Pooled(Connection[Row]):
    """A connection of our pool, whose log calls it by this class."""

    refusals: ClassVar[dict[str, Exception]] = {}
    """Why the last try to reach an address failed: the pool itself only says that it took too long."""

    @classmethod
    def connect(cls, conninfo: str = "", **options: Any) -> Self:
        try:
            made = super().connect(conninfo, **options)
        except psycopg.OperationalError as error:
            cls.refusals[conninfo] = psycopg.OperationalError(" ".join(str(error).split()))
            raise
        cls.refusals.pop(conninfo, None)
        return made


class Database:
    """One database: at most `size` connections of this process, made anew after a fork.

    patience: for how long what may be tried again is tried again while the database is away, in seconds; None for
    `PATIENCE_S`.
    """

    def __init__(self, url: str, *, size: int = 10, patience: float | None = None) -> None:
        self.url, self._size, self._patience = url, size, PATIENCE_S if patience is None else patience
        self.losses = 0
        """How often the database was found to be away: what was observed before may be out of date."""
        self._pool: ConnectionPool[Pooled] | None = None
        self._pid = 0
        self.retrying(self._prepare, PATIENCE_S)

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection[Row]]:
        """A transaction, committed at the end. One that is not `durable` may be forgotten when the database crashes.

        Raises `Unavailable` if the database is away; then it is unknown only of the commit itself whether it was made.
        """
        with self._plainly(), self._connections().connection() as connection, connection.transaction():
            if not durable:
                connection.execute("set local synchronous_commit to off")
            yield connection

    def run(self, statement: bytes, values: Mapping[str, Any] | Sequence[Any]) -> list[Row]:
        """The rows of one statement that is a transaction by itself: a third of the round trips. Raises as `write`."""
        with self._plainly(), self._connections().connection() as connection:
            return connection.execute(statement, values).fetchall()

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a query; tried again while the database is away."""
        return self.retrying(lambda: self.run(sql.encode(), values))

    def retrying(self, step: Callable[[], R], patience: float | None = None) -> R:
        """What `step` gives, which may be done twice. Raises `Unavailable` if the database stays away for long."""
        deadline, pause = time.monotonic() + (self._patience if patience is None else patience), 0.01
        while True:
            try:
                return step()
            except Unavailable:
                if time.monotonic() > deadline:
                    raise
            time.sleep(pause)
            pause = min(pause * 2, 0.5)

    def close(self) -> None:
        if self._pool is not None and self._pid == os.getpid():
            self._pool.close(timeout=1)
        self._pool = None

    def _connections(self) -> ConnectionPool[Pooled]:
        if self._pool is None or self._pid != os.getpid():
            # a pool inherited over a fork has no threads here, and its connections are the parent's
            self._pid = os.getpid()
            self._pool = ConnectionPool(
                self.url,
                min_size=0,
                max_size=self._size,
                max_idle=60,
                timeout=min(self._patience, CONNECT_S),
                reconnect_timeout=1,
                kwargs={"autocommit": True, "application_name": "hotplate", **_SOCKET},
                connection_class=Pooled,
                configure=_configure,
                open=True,
                name="hotplate",
            )
        return self._pool

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except _GONE as error:
            self.losses += 1
            why = Pooled.refusals.get(self.url, error) if isinstance(error, PoolTimeout) else error
            raise Unavailable(data="the engine's record cannot be used just now; the server's log says why") from why
        except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName, psycopg.errors.UndefinedColumn) as e:
            raise EngineError(f"{where(self.url)} has not the tables that are needed; run: hotplate db upgrade") from e
        except psycopg.errors.InsufficientPrivilege as error:
            raise EngineError(f"{where(self.url)} refuses: {error.diag.message_primary}") from error

    def _prepare(self) -> None:
        """Make the tables where there are none; others are used as they are, if they can be."""
        with self._plainly(), self._connections().connection() as cx:
            found = schema.version_of(cx)
            if found is None:
                with cx.transaction():
                    made = schema.make(cx)
                if made is not None:
                    log.info("%s was empty: the record's tables are made, version %s", where(self.url), made.number)
                found = made or schema.version_of(cx)
        if found is not None:
            schema.SCHEMA.check(found, where(self.url))


def connect(url: str, name: str) -> Connection[Row]:
    """A connection apart from the pool, without transactions."""
    return psycopg.connect(url, autocommit=True, application_name=name, **_SOCKET)


def _configure(connection: Pooled) -> None:
    # All is found by index, whatever the values: to plan anew for these takes longer than most statements themselves.
    connection.execute("set plan_cache_mode to force_generic_plan")
    # No statement is so long that to compile it would pay.
    connection.execute("set jit to off")
    # Whoever stands still or is cut off amid a transaction keeps others waiting for its locks no longer than this.
    connection.execute("set idle_in_transaction_session_timeout to '5s'")
    connection.prepare_threshold = 1


def where(url: str) -> str:
    """The database in words, without the password."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "the database"
    port = f", port {parts['port']}" if parts.get("port") else ""
    return f"database {parts.get('dbname') or '?'!r} on {parts.get('host') or 'this machine'}{port}"
