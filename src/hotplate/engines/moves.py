"""The guarded moves as parts of SQL, made from `run.MOVES` in one place for every ledger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..engine import Outcome
from ..run import MOVES

CANCELLED = b'{"code":-32011,"message":"Cancelled"}'
LOST = b'{"code":-32013,"message":"Worker lost"}'

RETURNING = {
    "retry": "progress = null",
    "lose": "progress = null, lost = lost + 1, max_attempts = max_attempts + 1",
    "release": "max_attempts = max_attempts + 1",
}
"""The moves that put a run back into its queue, and what else each of them changes."""


def guard(move: str, attempt: str = "?") -> str:
    """The condition under which a move is made: the states it leaves, and the fence.

    attempt: the value or expression of the attempt that makes it.
    """
    states = ", ".join(f"'{state}'" for state in sorted(MOVES[move].before))
    return f"state in ({states})" + (f" and attempt = {attempt}" if MOVES[move].fenced else "")


def moved(move: str, at: str = "?", attempt: str = "attempt") -> str:
    """What every move does to its run: the seq goes up by one and the history gets a line.

    at: the value or expression of its time.
    """
    return f"seq = seq + 1, moves = moves || '[' || (seq + 1) || ',\"{move}\",' || {at} || ',' || {attempt} || '],'"


def lost(row: Sequence[Any], at: float) -> Outcome:
    """The outcome of an attempt whose node is gone: only one that had begun is counted.

    row: id, attempt, queue, job, started_at, lost and lost_limit of its run.
    """
    id_, attempt, queue, job, started_at, times, limit = row
    move, error = ("lose", None) if times + 1 < limit else ("fail", LOST)
    if started_at is None:
        move, error = "release", None
    return Outcome(id=id_, attempt=attempt, queue=queue, job=job, move=move, at=at, error=error)
