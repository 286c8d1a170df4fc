"""SQLite as a database for many processes: connections and transactions."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from ...errors import EngineError, Unavailable
from ..versions import Step, Version
from . import schema

log = logging.getLogger("hotplate")

PATIENCE_S = 30.0
"""How long a write waits for the writes of other processes, in seconds."""

R = TypeVar("R")


class Database:
    """One SQLite file: a connection for each thread, made anew after a fork.

    upgrade: whether an older record is brought to this Hotplate's version; else it is an `EngineError`.
    """

    def __init__(self, path: Path, *, synchronous: str = "FULL", upgrade: bool = False) -> None:
        self.path, self._synchronous = path, synchronous
        self._local = threading.local()
        self._inherited: list[Any] = []  # never closed: closing them in a forked child could harm the parent's
        self._pid = os.getpid()
        with _plainly(path):
            self._prepare(upgrade)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        if self._pid != os.getpid():
            self._inherited.append(self._local)
            self._local, self._pid = threading.local(), os.getpid()
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._connect()
            self._local.mode = self._synchronous
        return found

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction, committed at the end. One that is not `durable` survives every kill, but not a power cut.

        Raises `Unavailable` if the database cannot be written to; then nothing was changed.
        """
        with _plainly(self.path):
            connection = self.connection()
            self._set_mode(connection, self._synchronous if durable else "NORMAL")
            _begin(connection)
            try:
                yield connection
                connection.execute("commit")
            except BaseException:
                with suppress(sqlite3.Error):
                    connection.execute("rollback")
                raise

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """The rows of a query, as of one moment."""
        with _plainly(self.path):
            return _patiently(lambda: self.connection().execute(sql, values).fetchall())

    def close(self) -> None:
        """Close this thread's connection; those of other threads close when the threads end."""
        connection = getattr(self._local, "connection", None)
        if connection is not None and self._pid == os.getpid():
            connection.close()
            self._local.connection = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, isolation_level=None, timeout=0, cached_statements=256)
        connection.execute("pragma foreign_keys = on")
        # It reads the file, which another process locks while it makes it or mends it after a crash.
        _patiently(lambda: connection.execute(f"pragma synchronous = {self._synchronous}"))
        return connection

    def _set_mode(self, connection: sqlite3.Connection, mode: str) -> None:
        if self._local.mode != mode:
            _patiently(lambda: connection.execute(f"pragma synchronous = {mode}"))
            self._local.mode = mode

    def version(self) -> Version | None:
        """The version of the record."""
        return _patiently(lambda: schema.version_of(self.connection()))

    def upgrade(self) -> list[Step]:
        """Make the steps that are missing, each in a transaction: those that were made here."""
        found, made = self.version(), []
        for step in schema.SCHEMA.missing(found) if found else ():
            with self.write() as connection:
                if schema.make_step(connection, step):
                    made.append(step)
        return made

    def _prepare(self, upgrade: bool) -> None:
        connection = self.connection()
        _patiently(lambda: connection.execute("pragma journal_mode = wal"))
        if self.version() is None:
            with self.write():
                if schema.version_of(connection) is None:  # another process may have made it meanwhile
                    schema.make(connection)
        for step in self.upgrade() if upgrade else ():
            log.info("%s: version %s: %s", self.path, step.version, step.what)
        found = self.version()
        if found is not None:
            schema.SCHEMA.check(found, str(self.path))


def _begin(connection: sqlite3.Connection) -> None:
    _patiently(lambda: connection.execute("begin immediate"))


def _patiently(step: Callable[[], R]) -> R:
    # Our own way to wait: SQLite's busy handler sleeps up to 100 ms where a commit of another process takes 0.2 ms.
    deadline = time.monotonic() + PATIENCE_S
    pause = 0.00005
    while True:
        try:
            return step()
        except sqlite3.OperationalError as error:
            if not _is_busy(error) or time.monotonic() > deadline:
                raise
        time.sleep(pause)
        pause = min(pause * 1.5, 0.002)


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


@contextmanager
def _plainly(path: Path) -> Iterator[None]:
    try:
        yield
    except (sqlite3.OperationalError, sqlite3.InternalError) as error:
        raise Unavailable(data="the engine's record cannot be used just now; the server's log says why") from error
    except sqlite3.DatabaseError as error:
        if type(error) is not sqlite3.DatabaseError:
            raise
        raise EngineError(f"{path} is damaged or no SQLite database ({error}); restore it, or move it away") from error
