"""Links to runs, in the database of the ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping

from ...share import MOST
from .database import Database


class SqliteShares:
    """`share.Shares` on the database of the ledger."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._db, self._clock = database, clock

    def add(self, token_hash: str, run_id: str, caller: str) -> bool:
        given = {"hash": token_hash, "run_id": run_id, "caller": caller, "now": self._clock(), "most": MOST}
        with self._db.write() as cx:
            return cx.execute(_ADD, given).rowcount == 1

    def remove(self, run_id: str) -> None:
        with self._db.write() as cx:
            cx.execute("delete from shares where run_id = ?", (run_id,))

    def find(self, hashes: Collection[str]) -> Mapping[str, str]:
        marks = ", ".join("?" * len(hashes))
        return dict(self._db.read(f"select hash, run_id from shares where hash in ({marks})", list(hashes)))


_ADD = """
    insert into shares (hash, run_id, caller, created_at) select :hash, id, :caller, :now from runs
    where id = :run_id and (select count(*) from shares where run_id = :run_id) < :most
"""
