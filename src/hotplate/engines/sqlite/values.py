"""Live values, in the database of the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence

from ...live import LONGEST_LEASE_S, Kept
from .database import Database


class SqliteValues:
    """`live.Values` on the database of the ledger. Values are pushed anew after a power cut: nothing is flushed."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._db, self._clock = database, clock

    def read(self, names: Collection[str]) -> Sequence[Kept]:
        marks = ", ".join("?" * len(names))
        sql = f"select name, version, data, error, at from lives where version > 0 and name in ({marks})"
        return [Kept(*row) for row in self._db.read(sql, list(names))]

    def put(self, name: str, data: bytes | None, error: bytes | None, watcher: str | None) -> bool:
        with self._db.write(durable=False) as cx:
            cx.execute("insert into lives (name) values (?) on conflict (name) do nothing", (name,))
            given = {"name": name, "data": data, "error": error, "watcher": watcher, "now": self._clock()}
            return cx.execute(_PUT, given).rowcount == 1

    def lease(self, name: str, watcher: str, seconds: float) -> bool:
        now = self._clock()
        last = now + LONGEST_LEASE_S
        if self._db.read(
            _TAKEN, (name, watcher, now, last)
        ):  # most who ask wait, again and again: they are to write nothing
            return False
        with self._db.write(durable=False) as cx:
            given = {"name": name, "watcher": watcher, "now": now, "until": now + seconds, "last": last}
            return cx.execute(_LEASE, given).rowcount == 1

    def release(self, watcher: str, names: Collection[str]) -> None:
        with self._db.write(durable=False) as cx:
            cx.executemany(
                "update lives set watcher = null, until = 0 where name = ? and watcher = ?",
                [(name, watcher) for name in names],
            )


_PUT = """
    update lives set version = version + 1, at = :now, error = :error,
        data = case when :error is null then :data else data end
    where name = :name and (:watcher is null or watcher = :watcher)
        and (version = 0 or error is not :error or :error is null and data is not :data)
"""
_TAKEN = "select 1 from lives where name = ? and watcher <> ? and until > ? and until <= ?"
# a lease that ends later than the longest that can be had was written before the clock was set back
_LEASE = """
    insert into lives (name, watcher, until) values (:name, :watcher, :until) on conflict (name) do update
    set watcher = excluded.watcher, until = excluded.until
    where watcher is null or watcher = excluded.watcher or until <= :now or until > :last
"""
