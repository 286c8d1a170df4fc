"""What has happened to runs, from the two places where a ledger keeps it: moves in the run's row, the rest in rows."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from ..run import MOVES, Event, History, Run

Said = Callable[[Sequence[tuple[int, int, int]]], Sequence[Sequence[Any]]]
"""The rows of seq, type, at and data of each run that is asked for, by its `no`: after a seq, and up to another."""

_encode = msgspec.json.Encoder().encode


def histories(
    seen: Sequence[tuple[str, int]], limit: int, runs: Sequence[Run], rows: Sequence[Any], said: Said
) -> list[History | None]:
    """`Ledger.histories`, from the runs there are, with a row for each that ends with its `no` and its moves.

    said: reads at most `limit` rows of each run. What a run said is committed with its seq: all of it is found up to
    the seq that was read before.
    """
    of = {run.id: (run, row[-2], row[-1]) for run, row in zip(runs, rows, strict=True)}
    asked = [(id_, after) for id_, after in seen if id_ in of and after < of[id_][0].seq]
    found = said([(of[id_][1], after, of[id_][0].seq) for id_, after in asked]) if asked else ()
    events = dict(zip(asked, found, strict=True))
    return [
        _history(of[id_][0], after, of[id_][2], events.get((id_, after), ()), limit) if id_ in of else None
        for id_, after in seen
    ]


def _history(run: Run, after: int, moves: str, said: Sequence[Any], limit: int) -> History:
    seq = said[-1][0] if len(said) == limit else run.seq
    made = [
        Event(n, "move", at, _encode({"move": move, "state": MOVES[move].after, "attempt": attempt}))
        for n, move, at, attempt in json.loads(f"[{moves.rstrip(',')}]")
        if after < n <= seq
    ]
    return History(run, sorted((*made, *(Event(*row) for row in said)), key=lambda event: event.seq), seq)
