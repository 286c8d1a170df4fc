"""Runs started in transactions of the application's own: `job.start(…, on=session)`."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import psycopg
from msgspec.structs import replace
from psycopg import Connection
from psycopg.pq import TransactionStatus
from psycopg.rows import tuple_row

from ...engine import Engine
from ...errors import Conflict, EngineError, NotFound
from ...run import NewRun, Run
from .database import Database, where
from .ledger import Execute, PostgresLedger

ALLOWED = "a SQLAlchemy Session, scoped_session or Connection, or a psycopg (3) Connection"
DRIVERS = ("psycopg", "psycopg2")
_WAKES = "hotplate_wakes"

log = logging.getLogger("hotplate")


class Client(NamedTuple):
    """A connection of the application's own, in a transaction: how to speak through it, and with whom it speaks.

    after_commit: has something called when the transaction is committed; None where nothing tells of that.
    """

    execute: Execute
    peer: tuple[Any, ...]
    after_commit: Callable[[Callable[[], None]], None] | None


class PostgresWithin:
    """`engine.Within` for sessions and connections on the ledger's database."""

    def __init__(self, ledger: PostgresLedger, database: Database) -> None:
        self._ledger, self._db = ledger, database
        self._same: set[tuple[Any, ...]] = set()

    def start(self, on: Any, new: Sequence[NewRun], engine: Engine) -> list[Run]:
        client = client_of(on)
        ((xid, pid, name),) = client.execute(_WHO, ())
        self._check(client.peer, (name, pid, xid))
        runs = self._ledger.start_within(client.execute, new)
        queues = {run.queue for run in runs}
        if client.after_commit is not None:
            client.after_commit(lambda: engine.queue.wake(queues))
        pending = Pending(engine, self._db, xid)
        return [pending.bound(run) for run in runs]

    def _check(self, peer: tuple[Any, ...], who: tuple[Any, ...]) -> None:
        """Raise `EngineError` unless the ledger's own connections see that transaction in their own database.

        Addresses prove nothing: there are poolers, names for the same host, and copies with the same contents.
        """
        if peer not in self._same:
            ((is_same,),) = self._db.read(_IS_HERE, who)
            if not is_same:
                raise EngineError(
                    f"start(on=…): the session works on another database ({who[0]!r}) than the record, which is in "
                    f"{where(self._db.url)} (HOTPLATE_DATABASE_URL); nothing was started"
                )
            self._same.add(peer)


class Pending:
    """`run.Runs` for runs of a transaction that may be open still: they can be followed when it is committed."""

    def __init__(self, engine: Engine, database: Database, xid: str) -> None:
        self._engine, self._db, self._xid = engine, database, xid
        self._is_committed = False

    def bound(self, run: Run) -> Run:
        """The run with its verbs, which look first whether it is committed."""
        return replace(run, runs=self)

    def reload(self, run: Run) -> Run:
        return self._committed(run).reload(run)

    def wait(self, run: Run, timeout: float | None) -> Run:
        return self._committed(run).wait(run, timeout)

    def cancel(self, run: Run) -> Run:
        return self._committed(run).cancel(run)

    def retry(self, run: Run) -> Run:
        return self._committed(run).retry(run)

    def value(self, run: Run) -> Any:
        return self._engine.value(run)

    def _committed(self, run: Run) -> Engine:
        """The engine. Raises `Conflict` while the transaction is open, `NotFound` after it was rolled back."""
        if not self._is_committed:
            ((status,),) = self._db.read("select pg_xact_status(%s::text::xid8)", (self._xid,))
            if status == "in progress":
                raise Conflict(
                    data=f"run {run.id} was started in a transaction that is still open; commit it first: "
                    "before that nobody else sees the run, and it cannot begin"
                )
            if status == "aborted":
                raise NotFound(data=f"run {run.id} was rolled back with the transaction it was started in")
            self._is_committed = True
            self._engine.queue.wake({run.queue})
        return self._engine


_WHO = b"select pg_current_xact_id()::text, pg_backend_pid(), current_database()::text"
_IS_HERE = """
    select current_database() = %s and exists (
        select from pg_locks where locktype = 'transactionid' and granted and pid = %s
        and transactionid = %s::text::xid8::xid
    )
"""


def client_of(on: Any) -> Client:
    """How to speak through a session or connection. Raises `EngineError` if it is none that can be used."""
    if isinstance(on, Connection):
        return _of_psycopg(on)
    if isinstance(on, psycopg.AsyncConnection):
        raise _refusal(on, "an asynchronous connection cannot be used")
    if any(base.__module__.partition(".")[0] == "sqlalchemy" for base in type(on).__mro__):
        return _of_sqlalchemy(on)
    raise _refusal(on)


def _refusal(on: Any, why: str = "") -> EngineError:
    kind = f"{type(on).__module__}.{type(on).__qualname__}"
    return EngineError(f"start(on=…) takes {ALLOWED}, not {kind}{why and f': {why}'}")


def _of_psycopg(connection: Connection[Any]) -> Client:
    info = connection.info
    if connection.autocommit and info.transaction_status == TransactionStatus.IDLE:
        raise EngineError(
            "start(on=…): no transaction is open on the connection, which commits each statement by itself; "
            "start within `with connection.transaction():`"
        )

    def execute(statement: bytes, values: Sequence[Any]) -> list[Any]:
        with connection.cursor(row_factory=tuple_row) as cursor:
            return cursor.execute(statement, values).fetchall()

    return Client(execute, (info.host, info.port, info.dbname), None)


def _of_sqlalchemy(on: Any) -> Client:
    from sqlalchemy import Connection as Bound  # noqa: PLC0415 - not needed by those who do not use it
    from sqlalchemy.orm import Session, scoped_session  # noqa: PLC0415

    session = on() if isinstance(on, scoped_session) else on
    if not isinstance(session, Session | Bound):
        why = "asynchronous ones cannot be used" if "asyncio" in type(on).__module__ else ""
        raise _refusal(on, why)
    bound = session.connection() if isinstance(session, Session) else session
    if bound.dialect.driver not in DRIVERS:
        raise EngineError(
            f"start(on=…): the session uses {bound.dialect.name} through {bound.dialect.driver}; a run can be started "
            f"in PostgreSQL only, through {' or '.join(DRIVERS)}"
        )
    driver: Any = bound.connection.driver_connection
    if driver.autocommit:
        raise EngineError(
            "start(on=…): the session commits each statement by itself (AUTOCOMMIT), so has no transaction"
        )

    def execute(statement: bytes, values: Sequence[Any]) -> list[Any]:
        rows = bound.exec_driver_sql(statement.decode(), tuple(values)).fetchall()
        # psycopg2 gives memoryviews
        return [tuple(bytes(v) if isinstance(v, memoryview) else v for v in row) for row in rows]

    info = driver.info
    tell = (lambda call: _after_commit(session, call)) if isinstance(session, Session) else None
    return Client(execute, (info.host, info.port, info.dbname), tell)


def _after_commit(session: Any, wake: Callable[[], None]) -> None:
    """Wake when the session's outermost transaction has ended; after a rollback that is for nothing."""
    from sqlalchemy import event  # noqa: PLC0415 - as above

    session.info.setdefault(_WAKES, []).append(wake)
    if not event.contains(session, "after_transaction_end", _wake_all):
        event.listen(session, "after_transaction_end", _wake_all)


def _wake_all(session: Any, transaction: Any) -> None:
    if transaction.parent is not None:  # a savepoint
        return
    for wake in session.info.pop(_WAKES, ()):
        try:
            wake()
        except Exception as error:  # the commit is made, and nodes also look by themselves
            log.warning("no worker could be woken after a commit: %s", error)
