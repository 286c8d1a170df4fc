"""The ends of attempts, many at a time: one guarded statement for each kind of move."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from msgspec.structs import replace

from ...engine import Outcome
from ...run import MOVES
from ..moves import CANCELLED, RETURNING, guard, moved
from .database import Database
from .lanes import LEAVE

_FINISH = {
    move: f"""
    with made as (
    update hotplate.runs set state = '{MOVES[move].after}', node = null, finished_at = o_at, result = o_result,
        result_file = o_file, error = o_error, traceback = o_traceback, progress = coalesce(o_progress, progress),
        started_at = coalesce(o_begun_at, started_at), saved = null, {moved(move, at="o_at")}
    from unnest(%s::text[], %s::int[], %s::float8[], %s::bytea[], %s::text[], %s::bytea[], %s::text[], %s::bytea[],
        %s::float8[]) as o (o_id, o_attempt, o_at, o_result, o_file, o_error, o_traceback, o_progress, o_begun_at)
    where id = o_id and {guard(move, "o_attempt")}{" and stop_requested is null" if move != "cancel" else ""}
    returning id, queue, job), {LEAVE}
    select id from made
    """.encode()
    for move in ("succeed", "fail", "cancel")
}
_RETURN = {
    move: f"""
    with made as (update hotplate.runs set state = 'queued', node = null, ready = o_due_at <= o_at, due_at = o_due_at,
        started_at = null, {changes}, {moved(move, at="o_at")}
    from unnest(%s::text[], %s::int[], %s::float8[], %s::float8[]) as o (o_id, o_attempt, o_at, o_due_at)
    where id = o_id and {guard(move, "o_attempt")} and stop_requested is null
    returning id, queue, job), {LEAVE}
    select id from made
    """.encode()
    for move, changes in RETURNING.items()
}


def settle(database: Database, outcomes: Sequence[Outcome], skew: float) -> list[str | None]:
    """The moves that are made, each if its attempt is still the current one. A run that was asked to stop is cancelled.

    Each kind of move is a transaction of its own: the ends of attempts have nothing to do with each other.

    skew: what the database's clock is ahead of the times in `outcomes`, in seconds.
    """
    first = {(o.id, o.attempt): o for o in reversed(outcomes)}  # of an attempt that ends twice the first end counts
    made: dict[tuple[str, int], str] = {}
    for move in sorted({outcome.move for outcome in first.values()}):
        made |= dict.fromkeys(_make(database, move, [o for o in first.values() if o.move == move], skew), move)
    refused = [o for attempt, o in first.items() if o.move != "cancel" and attempt not in made]
    if refused:
        asked = [replace(o, move="cancel", result=None, result_file=None, error=CANCELLED) for o in refused]
        made |= dict.fromkeys(_make(database, "cancel", asked, skew), "cancel")
    return [made.get((o.id, o.attempt)) if first[o.id, o.attempt] is o else None for o in outcomes]


def made_before(database: Database, refused: Sequence[Outcome]) -> dict[tuple[str, int], str]:
    """The attempts whose outcomes are refused only because they were made before, by a commit whose end was not heard
    of, and by which move: the histories of the runs tell."""
    rows = database.read("select id, moves from hotplate.runs where id = any(%s)", ([one.id for one in refused],))
    made = {(id_, attempt, move) for id_, moves in rows for _, move, _, attempt in json.loads(f"[{moves.rstrip(',')}]")}
    return {
        (one.id, one.attempt): move
        for one in refused
        for move in (one.move, "cancel")
        if (one.id, one.attempt, move) in made
    }


def _make(database: Database, move: str, outcomes: Sequence[Outcome], skew: float) -> set[tuple[str, int]]:
    attempts = {o.id: o.attempt for o in outcomes}
    at = [o.at + skew for o in outcomes]
    columns: list[list[Any]] = [[o.id for o in outcomes], [o.attempt for o in outcomes], at]
    if move in _RETURN:
        columns.append([(o.at if o.due_at is None else o.due_at) + skew for o in outcomes])
        rows = database.run(_RETURN[move], columns)
    else:
        columns += [
            [o.result for o in outcomes], [o.result_file for o in outcomes], [o.error for o in outcomes],
            [o.traceback for o in outcomes], [o.progress for o in outcomes],
            [None if o.begun_at is None else o.begun_at + skew for o in outcomes],
        ]  # fmt: skip
        rows = database.run(_FINISH[move], columns)
    return {(id_, attempts[id_]) for (id_,) in rows}
