"""Links to runs, in the database of the ledger, by its clock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from ...share import MOST
from .database import Database


class PostgresShares:
    """`share.Shares` on the database of the ledger, whose time `now` gives."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        self._db, self._now = database, now

    def add(self, token_hash: str, run_id: str, caller: str) -> bool:
        given = {"hash": token_hash, "run_id": run_id, "caller": caller, "now": self._now(), "most": MOST}
        return bool(self._db.retrying(lambda: self._db.run(_ADD, given)))

    def remove(self, run_id: str) -> None:
        self._db.retrying(lambda: self._db.run(b"delete from hotplate.shares where run_id = %s returning 1", (run_id,)))

    def find(self, hashes: Collection[str]) -> Mapping[str, str]:
        sql = "select hash, run_id from hotplate.shares where hash = any(%s)"
        return dict(self._db.read(sql, (list(hashes),)))


# made twice where it is not known whether the first commit was made: then the row is there
_ADD = b"""
    insert into hotplate.shares (hash, run_id, caller, created_at)
    select %(hash)s::text, id, %(caller)s::text, %(now)s::float8 from hotplate.runs
    where id = %(run_id)s and (select count(*) from hotplate.shares where run_id = %(run_id)s) < %(most)s
    on conflict (hash) do update set run_id = excluded.run_id returning 1
"""
