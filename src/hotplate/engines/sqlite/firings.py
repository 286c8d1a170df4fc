"""Schedules and their firings, in the database of the ledger."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Collection

from ...firing import Plan
from ...run import NewRun
from ..plans import COLUMNS, KEPT, plan_of, read_sql, values
from .database import Database
from .ledger import insert


class SqliteFirings:
    """`firing.Firings` on the database of the ledger."""

    def __init__(self, database: Database, clock: Callable[[], float] = time.time) -> None:
        self._db, self._clock = database, clock

    def read(self, names: Collection[str]) -> tuple[float, list[Plan]]:
        now = self._clock()
        marks = ", ".join("?" * len(names))
        return now, [plan_of(row) for row in self._db.read(f"{_READ} where name in ({marks})", list(names))]

    def add(self, plan: Plan) -> bool:
        with self._db.write() as cx:
            return cx.execute(_ADD, values(plan)).rowcount == 1

    def change(self, to: Plan) -> bool:
        with self._db.write() as cx:
            return _change(cx, to)

    def fire(self, to: Plan, new: NewRun) -> str | None:
        with self._db.write() as cx:
            if not _change(cx, to):
                return None
            (run_id,) = insert(cx, [new], self._clock())
            cx.execute("update schedules set last_run = ? where name = ?", (run_id, to.schedule.name))
            return run_id


def _change(cx: sqlite3.Connection, to: Plan) -> bool:
    name, *kept = values(to)
    return cx.execute(_CHANGE, (*kept, name, to.version)).rowcount == 1


_READ = read_sql("schedules", "runs", "nodes")
_ADD = (
    f"insert into schedules ({', '.join(COLUMNS)}) values ({'?, ' * (len(COLUMNS) - 1)}1) on conflict (name) do nothing"
)
_CHANGE = (
    f"update schedules set {', '.join(f'{name} = ?' for name in ('spec', *KEPT))}, version = version + 1 "
    "where name = ? and version = ?"
)
