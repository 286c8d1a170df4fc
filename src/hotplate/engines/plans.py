"""Rows of schedules as plans: what is the same in the tables of every engine."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from ..firing import Plan
from ..schedule import Schedule

KEPT = tuple(name for name in Plan.__struct_fields__ if name not in ("schedule", "version", "going", "orphaned"))
COLUMNS = ("name", "spec", *KEPT, "version")

_schedule = msgspec.json.Decoder(Schedule).decode
_encode = msgspec.json.Encoder().encode


def read_sql(table: str, runs: str, nodes: str) -> str:
    """The query for rows of plans, without its condition."""
    going = f"exists (select 1 from {runs} r where r.id = s.last_run and r.state in ('queued', 'running'))"
    orphaned = f"not exists (select 1 from {nodes} n where n.id = s.node)"
    return f"select {', '.join(COLUMNS[1:])}, {going}, {orphaned} from {table} s"


def plan_of(row: Sequence[Any]) -> Plan:
    """The plan of a row of that query."""
    spec, *kept = row
    plan: dict[str, Any] = dict(zip((*KEPT, "version", "going", "orphaned"), kept, strict=True))
    plan |= {flag: bool(plan[flag]) for flag in ("held", "going", "orphaned")}  # SQLite has numbers for these
    return Plan(schedule=_schedule(spec), **plan)


def values(plan: Plan) -> list[Any]:
    """The values of `COLUMNS` but the version, in their order."""
    return [plan.schedule.name, _encode(plan.schedule), *(getattr(plan, name) for name in KEPT)]
