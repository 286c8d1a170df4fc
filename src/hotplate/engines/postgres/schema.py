"""The tables in PostgreSQL: made where there are none, and brought to a newer version step by step."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from psycopg import Connection, errors

from ...errors import EngineError
from ..versions import Schema, Step, Version

SCHEMA = Schema.of(Path(__file__).parent, "schedules", "live values", "shares")

LOCK_MS = 500
"""How long a step waits at a time for tables that are in use: so long those who come after it wait, too."""

PAUSE_S = 1.0
PATIENCE_S = 120.0
"""How long a step is tried again, in seconds."""

ALIVE_S = 30.0
"""A node that has said nothing for so long is not counted as alive."""

_LOCK = 4_770_101  # an arbitrary number: whoever makes or changes the tables holds this advisory lock

Cx = Connection[Any]


def version_of(cx: Cx) -> Version | None:
    """The version of the record, None where there is none yet."""
    # to_regclass() would not do: it may remember, over the wait for an advisory lock, that there was no such table
    if not cx.execute("select from pg_tables where schemaname = 'hotplate' and tablename = 'meta'").fetchall():
        return None
    return Version.of(dict(cx.execute("select name, value from hotplate.meta").fetchall()))


def make(cx: Cx) -> Version | None:
    """Make the tables within a transaction; None if another process has made them meanwhile."""
    cx.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
    if version_of(cx) is not None:
        return None
    cx.execute(SCHEMA.tables.encode())
    _set_version(cx, SCHEMA.version)
    return SCHEMA.version


def upgrade(cx: Cx, say: Callable[[str], None]) -> None:
    """Make the steps that are missing, on a connection without a transaction. Other processes go on working.

    Raises `EngineError` if the tables stay in use, or if nodes are alive that a step would break.
    """
    while (found := version_of(cx)) is not None and (missing := SCHEMA.missing(found)):
        SCHEMA.refuse_to_break(found, len(nodes(cx)))
        _take(cx, missing[0], say)


def _take(cx: Cx, step: Step, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            if _make_step(cx, step):
                say(f"version {step.version}: {step.what}")
            return
        except (errors.LockNotAvailable, errors.DeadlockDetected):
            if time.monotonic() > deadline:
                raise EngineError(
                    f"step {step.version} ({step.what}) was not made: the tables were in use for {PATIENCE_S:.0f} s by "
                    "transactions that stay open; nothing was changed by it, run this again later"
                ) from None
        say(f"version {step.version}: a table is in use by a transaction that stays open; trying again")
        time.sleep(PAUSE_S)


def _make_step(cx: Cx, step: Step) -> bool:
    """Make the step, unless another process has made it meanwhile."""
    with cx.transaction():
        cx.execute(f"set local lock_timeout to {LOCK_MS}".encode())
        cx.execute("select pg_advisory_xact_lock(%s)", (_LOCK,))
        found = version_of(cx)
        if found is None or found.number != step.version - 1:
            return False
        cx.execute(step.sql.encode())
        _set_version(cx, Version(step.version, step.compatible_from))
    return True


def _set_version(cx: Cx, version: Version) -> None:
    for row in version.rows():
        cx.execute(
            "insert into hotplate.meta values (%s, %s) on conflict (name) do update set value = excluded.value", row
        )


def nodes(cx: Cx) -> Sequence[bytes]:
    """The nodes that are alive, as JSON."""
    since = "extract(epoch from clock_timestamp()) - %s"
    rows = cx.execute(
        f"select data from hotplate.nodes where seen_at > {since} order by seen_at".encode(), (ALIVE_S,)
    ).fetchall()
    return [data for (data,) in rows]
