"""The tables in SQLite: made where there are none, and brought to a newer version step by step."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..versions import Schema, Step, Version

SCHEMA = Schema.of(Path(__file__).parent, "schedules", "live values", "shares")


def version_of(connection: sqlite3.Connection) -> Version | None:
    """The version of the record, None where there is none yet."""
    if connection.execute("select 1 from sqlite_master where name = 'meta'").fetchone() is None:
        return None
    return Version.of(dict(connection.execute("select name, value from meta").fetchall()))


def make(connection: sqlite3.Connection) -> None:
    """Make the tables, within a transaction."""
    _execute(connection, SCHEMA.tables)
    _set_version(connection, SCHEMA.version)


def make_step(connection: sqlite3.Connection, step: Step) -> bool:
    """Make the step within a transaction, unless another process has made it meanwhile."""
    found = version_of(connection)
    if found is None or found.number != step.version - 1:
        return False
    _execute(connection, step.sql)
    _set_version(connection, Version(step.version, step.compatible_from))
    return True


def _execute(connection: sqlite3.Connection, script: str) -> None:
    for statement in _statements(script):
        connection.execute(statement)


def _set_version(connection: sqlite3.Connection, version: Version) -> None:
    connection.executemany("insert or replace into meta values (?, ?)", version.rows())


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line.partition("--")[0]
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
