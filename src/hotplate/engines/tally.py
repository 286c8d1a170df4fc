"""What is counted of the attempts that ended: in memory until the node's next beat adds it to the record."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from ..engine import DURATIONS, UNTIMED, Outcome

OUTCOMES = {
    "succeed": "succeeded",
    "fail": "failed",
    "cancel": "cancelled",
    "withdraw": "withdrawn",
    "retry": "retried",
    "lose": "lost",
    "release": "released",
}
"""What an attempt has become by a move; a run that was withdrawn had no attempt going on."""

Row = tuple[str, str, float, int, float]
"""Job, outcome, bound, how many, and the sum of their seconds."""


class Tallies:
    """Of one process. What is not yet in the record when a node is killed, of a few seconds, is never counted."""

    def __init__(self) -> None:
        self._counted: dict[tuple[str, str, float], tuple[int, float]] = {}
        self._lock = Lock()

    def add(self, outcomes: Iterable[Outcome], made: Iterable[str | None]) -> None:
        """Count the outcomes of which a move was made."""
        with self._lock:
            for outcome, move in zip(outcomes, made, strict=True):
                if move is not None:
                    self._add(row(outcome, move))

    @contextmanager
    def taken(self) -> Iterator[list[Row]]:
        """What there is to be added to the record, in the order of its key; counted on where that fails."""
        with self._lock:
            counted, self._counted = self._counted, {}
        rows = sorted((*key, *value) for key, value in counted.items())
        try:
            yield rows
        except BaseException:
            with self._lock:
                for one in rows:
                    self._add(one)
            raise

    def _add(self, row: Row) -> None:
        job, outcome, le, n, seconds = row
        before = self._counted.get((job, outcome, le), (0, 0.0))
        self._counted[job, outcome, le] = (before[0] + n, before[1] + seconds)


def row(outcome: Outcome, move: str) -> Row:
    """One attempt's end, counted."""
    if outcome.begun_at is None:
        return (outcome.job, OUTCOMES[move], UNTIMED, 1, 0.0)
    seconds = max(outcome.at - outcome.begun_at, 0.0)
    return (outcome.job, OUTCOMES[move], DURATIONS[bisect_left(DURATIONS, seconds)], 1, seconds)


def columns(rows: Iterable[Row]) -> list[list[Any]]:
    """The same as columns."""
    return [list(column) for column in zip(*rows, strict=True)] or [[] for _ in range(5)]
