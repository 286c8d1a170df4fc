"""The guarded statements of the moves, made from `run.MOVES` in one place for every ledger."""

from __future__ import annotations

from ..run import MOVES


def guard(move: str) -> str:
    """The condition under which a move is made: the states it leaves, and the fence."""
    states = ", ".join(f"'{state}'" for state in sorted(MOVES[move].before))
    return f"state in ({states})" + (" and attempt = ?" if MOVES[move].fenced else "")


def moved(move: str) -> str:
    """What every move does to its run: the seq goes up by one and the history gets a line (its time is a value)."""
    return f"seq = seq + 1, moves = moves || '[' || (seq + 1) || ',\"{move}\",' || ? || ',' || attempt || '],'"
