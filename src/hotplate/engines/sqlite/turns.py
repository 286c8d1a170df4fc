"""Fair turns: however many runs a caller has waiting, those of other callers of the queue come in between.

Start-time fair queueing (Goyal, Vin and Cheng, SIGCOMM 1996) with runs of equal weight: a run's turn is one more than
that of its caller's run before, and not before the turn that the queue has come to.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

QUEUE = ""
"""In the place of a caller: the turn that the queue itself has come to."""

_KEEP = (
    "insert into turns values (?, ?, ?) on conflict (queue, caller) do update set turn = excluded.turn "
    "where excluded.turn > turn"
)


class Turns:
    """Hands out the turns of runs that are started in one transaction."""

    def __init__(self, cx: sqlite3.Connection) -> None:
        self._cx = cx
        self._last: dict[tuple[str, str], int] = {}

    def next(self, queue: str, caller: str) -> int:
        last = self._last.get((queue, caller))
        turn = self._first(queue, caller) if last is None else last + 1
        self._last[queue, caller] = turn
        return turn

    def keep(self) -> None:
        """Put the last ones handed out on record."""
        self._cx.executemany(_KEEP, [(*whose, turn) for whose, turn in self._last.items()])

    def _first(self, queue: str, caller: str) -> int:
        asked = "select caller, turn from turns where queue = ? and caller in (?, ?)"
        known: dict[str, int] = dict(self._cx.execute(asked, (queue, caller, QUEUE)).fetchall())
        return max(known.get(caller, -1) + 1, known.get(QUEUE, 0))


def come_to(cx: sqlite3.Connection, turns: Mapping[str, int]) -> None:
    """Say to which turn each queue has come."""
    cx.executemany(_KEEP, [(queue, QUEUE, turn) for queue, turn in turns.items()])
