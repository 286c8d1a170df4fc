"""What the servers count by themselves: statements, commits, flushes, WAL, rows, processor time, messages.

Counts do not depend on how busy the machine is; only the processor time does a little. PostgreSQL 14 to 17 count
flushes where this looks for them.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, ClassVar

import psutil
import psycopg
from msgspec import Struct, field

from tests.servers import Postgres

NAMES: Mapping[str, str] = {
    "start": r"insert into hotplate\.runs \(",
    "claim: take": r"update hotplate\.runs r set state = \S+, ready = \S+, node",
    "claim: look": r"^\s*with recursive lane",
    "settle": r"with made as",
    "notify": r"select pg_notify",
    "promote: look": r"^select min\(due_at\)",
    "beat": r"update hotplate\.nodes set beat",
    "clock": r"clock_timestamp",
    "sweep: who is the sweeper": r"from hotplate\.meta m left join",
    "sweep: beats": r"^select id, beat from hotplate\.nodes",
    "sweep: runs of the dead": r"not exists \(select from hotplate\.nodes n where n\.id = node\)",
    "stops": r"stop_requested is not null",
    "prune": r"^\s*delete from hotplate\.(runs|files)|pg_try_advisory_xact_lock",
    "sweep: limits counted anew": r"^\s*(select distinct job|select job, cap, running|update) .*hotplate\.lanes",
    "tally": r"insert into hotplate\.tallies",
    "read a run": r"from hotplate\.runs where id = any",
    "why runs wait": r"^select data from hotplate\.nodes|having sum\(running\)",
    "list": r"order by no desc limit",
    "notes": r"insert into hotplate\.events|update hotplate\.runs set progress",
    "begin, commit, set": r"^\s*(begin|commit|set|rollback|release|savepoint)\b",
}
"""What a statement is about, and how it is known: the first that fits."""

TELL_S = 1.2
"""A connection tells what it did when it is used so long after the last time, in seconds."""


class Counting(Postgres):
    """PostgreSQL that counts each statement, with room for a million runs, and no checkpoint or vacuum by itself."""

    settings: ClassVar[Mapping[str, object]] = {
        **Postgres.settings,
        "max_connections": 1_200,
        "shared_buffers": "512MB",
        "max_wal_size": "40GB",
        "checkpoint_timeout": "1h",
        "autovacuum": "off",
        "shared_preload_libraries": "pg_stat_statements",
        "pg_stat_statements.track_utility": "on",
        "compute_query_id": "on",
    }


class Counts(Struct):
    """What was counted: `calls` of statements by what they are about, `rows` those that each gave or changed.

    transactions: those that wrote. full_pages: written to the WAL as a whole, as it is at first after a checkpoint.
    """

    calls: dict[str, float] = field(default_factory=dict)
    rows: dict[str, float] = field(default_factory=dict)
    transactions: float = 0.0
    flushes: float = 0.0
    wal_bytes: float = 0.0
    full_pages: float = 0.0
    cpu_s: float = 0.0
    seconds: float = 0.0

    def per(self, n: float) -> Counts:
        """The same for each of `n` things."""
        return Counts(
            calls={name: round(calls / n, 4) for name, calls in self.calls.items()},
            rows={name: round(rows / n, 4) for name, rows in self.rows.items()},
            transactions=round(self.transactions / n, 4),
            flushes=round(self.flushes / n, 4),
            wal_bytes=round(self.wal_bytes / n, 1),
            full_pages=round(self.full_pages / n, 4),
            cpu_s=round(self.cpu_s / n, 7),
            seconds=self.seconds,
        )

    @property
    def statements(self) -> float:
        return sum(self.calls.values())


@contextmanager
def counted(server: Postgres, touch: Callable[[], object] = lambda: None) -> Iterator[Counts]:
    """What the server did meanwhile; the counting itself is left out. Whole once the block has ended.

    touch: uses the connections that are idle, which tell what they did when they are used again.
    """
    found = Counts()
    with psycopg.connect(server.url, autocommit=True) as eye:
        eye.execute("create extension if not exists pg_stat_statements")
        eye.execute("checkpoint")
        _settled(touch)
        eye.execute("select pg_stat_statements_reset()")
        before, began = _state(eye, server), time.monotonic()
        yield found
        found.seconds = round(time.monotonic() - began, 3)
        found.calls, found.rows = _statements(eye)
        cpu_s = cpu_of(server.pid)
        _settled(touch)
        after = _state(eye, server)
    passed = [now - then for now, then in zip(after, before, strict=True)]
    found.transactions, found.flushes, found.wal_bytes, found.full_pages = passed[:4]
    found.cpu_s = cpu_s - before[4]


def _settled(touch: Callable[[], object]) -> None:
    time.sleep(TELL_S)
    touch()


def _state(eye: psycopg.Connection[Any], server: Postgres) -> tuple[float, ...]:
    sql = """
        select pg_snapshot_xmax(pg_current_snapshot())::text::bigint, wal_sync,
            pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0'), wal_fpi from pg_stat_wal
    """
    row = eye.execute(sql).fetchone()
    assert row
    return (*(float(value or 0) for value in row), cpu_of(server.pid))


def _statements(eye: psycopg.Connection[Any]) -> tuple[dict[str, float], dict[str, float]]:
    sql = """
        select query, sum(calls), sum(rows) from pg_stat_statements s join pg_database d on d.oid = s.dbid
        where datname like 'fresh_%' group by query
    """
    calls: Counter[str] = Counter()
    rows: Counter[str] = Counter()
    for query, n, touched in eye.execute(sql):
        calls[name_of(query)] += int(n)
        rows[name_of(query)] += int(touched)
    return dict(calls), dict(rows)


def name_of(statement: str) -> str:
    """What a statement is about."""
    return next((name for name, known in NAMES.items() if re.search(known, statement, re.IGNORECASE)), "other")


def cpu_of(pid: int) -> float:
    """Seconds of processor time that a process and those it has started have taken, also those that have ended.

    Of those that live by the nanosecond: a thousand connections that do little each would be nothing by the tick.
    """
    root = psutil.Process(pid)
    times = root.cpu_times()
    total = times.children_user + times.children_system
    for process in (root, *root.children(recursive=True)):
        with suppress(FileNotFoundError, ProcessLookupError):
            total += int(Path(f"/proc/{process.pid}/schedstat").read_text().split()[0]) / 1e9
    return total
