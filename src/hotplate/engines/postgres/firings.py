"""Schedules and their firings, in the database of the ledger, by its clock."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from psycopg import Connection

from ...firing import Plan
from ...run import NewRun
from ..plans import COLUMNS, KEPT, plan_of, read_sql, values
from .database import Database
from .ledger import PostgresLedger


class PostgresFirings:
    """`firing.Firings` on the database of the ledger."""

    def __init__(self, ledger: PostgresLedger, database: Database) -> None:
        self._ledger, self._db = ledger, database

    def read(self, names: Collection[str]) -> tuple[float, list[Plan]]:
        now = self._ledger.now()
        return now, [plan_of(row) for row in self._db.read(_READ, (list(names),))]

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
            run_id = self._ledger.start_firing(cx, new)
            cx.execute(b"update hotplate.schedules set last_run = %s where name = %s", (run_id, to.schedule.name))
            return run_id


def _change(cx: Connection[Any], to: Plan) -> bool:
    name, *kept = values(to)
    return cx.execute(_CHANGE, (*kept, name, to.version)).rowcount == 1


_READ = f"{read_sql('hotplate.schedules', 'hotplate.runs', 'hotplate.nodes')} where name = any(%s)"
_ADD = (
    f"insert into hotplate.schedules ({', '.join(COLUMNS)}) values ({'%s, ' * (len(COLUMNS) - 1)}1) "
    "on conflict (name) do nothing"
).encode()
_CHANGE = (
    f"update hotplate.schedules set {', '.join(f'{name} = %s' for name in ('spec', *KEPT))}, version = version + 1 "
    "where name = %s and version = %s"
).encode()
