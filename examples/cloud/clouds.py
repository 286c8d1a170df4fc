"""The queue: a table that anybody may put messages into, and what has become of the clouds by them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

SCHEMA = """
    create table if not exists messages (id integer primary key, room text not null, state text not null);
    create table if not exists clouds (room text primary key, state text not null, looks integer not null);
"""


class Clouds:
    """A cloud in each room, whose state is what the last message taken from the queue has said.

    All that is done is one transaction on the database, so that many processes may do it at the same time.
    """

    def __init__(self, database: Path) -> None:
        self._database = database

    def put(self, room: str, state: str) -> None:
        """Put a message into the queue."""
        with self._opened() as database:
            database.execute("insert into messages (room, state) values (?, ?)", (room, state))

    def look(self, room: str) -> str:
        """Take the oldest message that there is for a room; the state of its cloud, `unknown` before the first."""
        with self._opened() as database:
            taken = database.execute(
                "delete from messages where id = (select min(id) from messages where room = ?) returning state", (room,)
            ).fetchone()
            ((state,),) = database.execute(
                "insert into clouds values (:room, coalesce(:taken, 'unknown'), 1) on conflict do update "
                "set state = coalesce(:taken, state), looks = looks + 1 returning state",
                {"room": room, "taken": taken and taken[0]},
            ).fetchall()
            return str(state)

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        self._database.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(self._database, timeout=10, isolation_level=None)) as database:
            database.executescript(SCHEMA)
            database.execute("begin immediate")
            with database:  # commits, or rolls back
                yield database
