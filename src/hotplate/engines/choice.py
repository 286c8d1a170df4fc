"""Which engine the settings ask for: opened for whoever starts and follows runs, and for a node."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..config import Place, Settings
from ..engine import Engine
from ..errors import EngineError
from ..job import Job
from ..worker.channel import Hello
from .celery.queue import CeleryQueue, prefix_of
from .node.child import end_leftovers
from .node.presence import Presence
from .node.record import Record
from .sqlite import folder
from .sqlite.database import Database
from .sqlite.doorbell import DoorbellFeed, DoorbellQueue, node_socket
from .sqlite.files import SqliteFiles
from .sqlite.firings import SqliteFirings
from .sqlite.ledger import SqliteLedger
from .sqlite.shares import SqliteShares
from .sqlite.values import SqliteValues

if TYPE_CHECKING:
    from .postgres.ledger import PostgresLedger
    from .postgres.notify import NotifyFeed

SWEEP_S = 2.0
"""How often a node of the cluster engine looks for dead ones, in seconds."""

NODE_PATIENCE_S = 1.0
"""How long a node waits at a time for a database that is away, in seconds: it has workers to look after."""

IDLE_POLL_S = 5.0
"""How often an idle node of the cluster engine looks for work by itself, in seconds: there may be thousands of them."""

Jobs = Callable[[str], Job[..., Any] | None]


def place_of(settings: Settings, app_name: str, root_path: str) -> Place:
    """Where the record of an application lies."""
    data = settings.data or folder.default_folder(app_name, root_path)
    return Place(
        data=str(data),
        synchronous=settings.synchronous,
        database_url=settings.database_url,
        has_broker=bool(settings.broker_url),
        lease=settings.lease,
    )


def open_engine(place: Place, jobs: Jobs, open_celery: Callable[[], Any], app_name: str) -> Engine:
    """The engine on a record. Raises `EngineError` if it cannot be used.

    open_celery: gives the application's Celery application, where there is a broker.
    """
    if not place.database_url:
        return _open_sqlite(place, jobs)
    return _open_postgres(
        place, jobs, lambda feed: CeleryQueue(open_celery, prefix_of(app_name, place.database_url), feed)
    )


def open_record(node: str, hello: Hello) -> Record:
    """Become a node of the record that a worker's hello names.

    Raises `EngineError` if it cannot be used, or if there is a node already where there can be one only.
    """
    return _postgres_record(node, hello) if hello.place.database_url else _sqlite_record(hello)


def _open_sqlite(place: Place, jobs: Jobs) -> Engine:
    data = folder.prepare(Path(place.data))
    database = Database(data / folder.DATABASE, synchronous=place.synchronous)
    sockets = folder.sockets(data)
    return Engine(
        SqliteLedger(database, folder.NodeLock(data)),
        DoorbellQueue(sockets),
        DoorbellFeed(sockets),
        SqliteFiles(database),
        jobs,
        firings=SqliteFirings(database),
        values=SqliteValues(database),
        shares=SqliteShares(database),
    )


def _sqlite_record(hello: Hello) -> Record:
    data = folder.prepare(Path(hello.place.data))
    lock = folder.NodeLock(data)
    lock.take()
    database = Database(data / folder.DATABASE, synchronous=hello.place.synchronous, upgrade=True)
    ledger = SqliteLedger(database, lock)
    for dead in ledger.nodes():
        end_leftovers(dead.id)
    sockets = folder.sockets(data)
    feed, bell = DoorbellFeed(sockets), node_socket(sockets)

    def close() -> None:
        feed.close()
        bell.close()
        ledger.close()
        lock.release()

    return Record(ledger=ledger, firings=SqliteFirings(database), feed=feed, bell=bell, close=close)


def _open_postgres(place: Place, jobs: Jobs, open_queue: Callable[[NotifyFeed], CeleryQueue]) -> Engine:
    if place.has_broker and find_spec("celery") is None:
        raise EngineError("a broker is set, which needs Celery: pip install 'hotplate[celery]'")
    ledger, database = _postgres_ledger(place)
    from .postgres.files import PostgresFiles  # noqa: PLC0415 - psycopg is there with an extra only
    from .postgres.firings import PostgresFirings  # noqa: PLC0415
    from .postgres.notify import NotifyFeed, NotifyQueue  # noqa: PLC0415
    from .postgres.shares import PostgresShares  # noqa: PLC0415
    from .postgres.values import PostgresValues  # noqa: PLC0415
    from .postgres.within import PostgresWithin  # noqa: PLC0415

    feed = NotifyFeed(place.database_url)
    queue = open_queue(feed) if place.has_broker else NotifyQueue(feed)
    return Engine(
        ledger,
        queue,
        feed,
        PostgresFiles(database),
        jobs,
        PostgresWithin(ledger, database),
        firings=PostgresFirings(ledger, database),
        values=PostgresValues(database, ledger.now),
        shares=PostgresShares(database, ledger.now),
    )


def _postgres_record(node: str, hello: Hello) -> Record:
    presence = Presence(folder.nodes(hello.place.database_url))
    presence.take(node)
    ledger, database = _postgres_ledger(hello.place, local=presence, patience=NODE_PATIENCE_S)
    bell, ringer = socket.socketpair()
    bell.setblocking(False)
    ringer.setblocking(False)

    def ring() -> None:
        with suppress(OSError):  # full: it has been rung
            ringer.send(b"!")

    from .postgres.firings import PostgresFirings  # noqa: PLC0415 - as above
    from .postgres.notify import NotifyFeed  # noqa: PLC0415

    feed = NotifyFeed(hello.place.database_url, ring)

    def close() -> None:
        feed.close()
        bell.close()
        ringer.close()
        ledger.close()
        presence.release()

    return Record(
        ledger=ledger,
        firings=PostgresFirings(ledger, database),
        feed=feed,
        bell=bell,
        close=close,
        wake=feed.work,
        sweep_s=SWEEP_S,
        beat_s=hello.place.lease / 3,
        idle_poll_s=IDLE_POLL_S,
        apart=True,
    )


def _postgres_ledger(
    place: Place, *, local: Presence | None = None, patience: float | None = None
) -> tuple[PostgresLedger, Any]:
    try:
        from .postgres.database import Database as Postgres  # noqa: PLC0415
        from .postgres.ledger import PostgresLedger  # noqa: PLC0415
    except ImportError as error:
        what = "HOTPLATE_DATABASE_URL needs psycopg: pip install 'hotplate[postgres]'"
        raise EngineError(f"{what} ({error})") from error
    database = Postgres(place.database_url, patience=patience)
    return PostgresLedger(database, local=local, lease=place.lease), database
