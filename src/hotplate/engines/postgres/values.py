"""Live values, in the database of the ledger, by its clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from ...live import LONGEST_LEASE_S, Kept
from .database import Database


class PostgresValues:
    """`live.Values` on the database of the ledger, whose time `now` gives. Nothing is flushed, as on SQLite."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._db, self._now = database, now

    def read(self, names: Collection[str]) -> Sequence[Kept]:
        sql = "select name, version, data, error, at from hotplate.lives where version > 0 and name = any(%s)"
        return [Kept(*row) for row in self._db.read(sql, (list(names),))]

    def put(self, name: str, data: bytes | None, error: bytes | None, watcher: str | None) -> bool:
        with self._db.write(durable=False) as cx:
            cx.execute(b"insert into hotplate.lives (name) values (%s) on conflict (name) do nothing", (name,))
            given = {"name": name, "data": data, "error": error, "watcher": watcher, "now": self._now()}
            return cx.execute(_PUT, given).rowcount == 1

    def lease(self, name: str, watcher: str, seconds: float) -> bool:
        now = self._now()
        last = now + LONGEST_LEASE_S
        if self._db.read(
            _TAKEN, (name, watcher, now, last)
        ):  # most who ask wait, again and again: they are to lock nothing
            return False
        with self._db.write(durable=False) as cx:
            given = {"name": name, "watcher": watcher, "now": now, "until": now + seconds, "last": last}
            return cx.execute(_LEASE, given).rowcount == 1

    def release(self, watcher: str, names: Collection[str]) -> None:
        with self._db.write(durable=False) as cx:
            cx.execute(
                b"update hotplate.lives set watcher = null, until = 0 where name = any(%s) and watcher = %s",
                (list(names), watcher),
            )


_PUT = b"""
    update hotplate.lives set version = version + 1, at = %(now)s, error = %(error)s::bytea,
        data = case when %(error)s::bytea is null then %(data)s::bytea else data end
    where name = %(name)s and (%(watcher)s::text is null or watcher = %(watcher)s)
        and (version = 0 or error is distinct from %(error)s::bytea
            or %(error)s::bytea is null and data is distinct from %(data)s::bytea)
"""
_TAKEN = "select 1 from hotplate.lives where name = %s and watcher <> %s and until > %s and until <= %s"
# a lease that ends later than the longest that can be had was written before the clock was set back
_LEASE = b"""
    insert into hotplate.lives as l (name, watcher, until) values (%(name)s, %(watcher)s, %(until)s)
    on conflict (name) do update set watcher = excluded.watcher, until = excluded.until
    where l.watcher is null or l.watcher = excluded.watcher or l.until <= %(now)s or l.until > %(last)s
"""
