"""What runs say: progress, checkpoints, log lines and partial results, many notes in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg import Connection

from ...engine import Note
from ...errors import Unavailable
from .database import Database

Cx = Connection[Any]

_MADE = b"""
    select exists (
        select from unnest(%s::text[], %s::text[], %s::float8[], %s::bytea[]) as n (n_id, n_type, n_at, n_data)
        join hotplate.runs r on r.id = n_id
        join hotplate.events e on e.run_no = r.no and e.type = n_type and e.at = n_at and e.data = n_data
    )
"""
_SEQS = b"select id, attempt, seq from hotplate.runs where id = any(%s::text[]) and state = 'running'"

_SAID = """
    select s_at, said.*
    from unnest(%s::int[], %s::bigint[], %s::bigint[], %s::bigint[]) as s (s_at, s_no, s_after, s_upto),
    lateral (select seq, type, at, data from hotplate.events
        where run_no = s_no and seq > s_after and seq <= s_upto order by seq limit %s) as said
    order by s_at, seq
"""


def said(database: Database, asked: Sequence[tuple[int, int, int]], limit: int) -> list[list[Any]]:
    """What each of some runs said, by its `no`, after a seq and up to another: rows of seq, type, at and data."""
    rows: list[list[Any]] = [[] for _ in asked]
    columns = [list(range(len(asked))), *(list(column) for column in zip(*asked, strict=True))]
    for at, *row in database.read(_SAID, (*columns, limit)):
        rows[at].append(row)
    return rows


class Notes:
    """Puts notes on record, each once: also those of a commit whose end was not heard of, if they are given again."""

    def __init__(self, database: Database) -> None:
        self._db = database
        self._unheard: Sequence[Note] = ()
        self._unheard_skew = 0.0

    def write(self, notes: Sequence[Note], skew: float) -> list[int | None]:
        """The seq of each run after its note; None where the attempt is no longer the current one.

        skew: what the database's clock is ahead of the times in `notes`, in seconds.
        """
        made = self._made_before(notes)
        rest = notes[len(made) :]
        durable = any(note.saved is not None for note in rest)
        try:
            with self._db.write(durable=durable) as cx:
                seqs = [_write(cx, note, skew) for note in rest]
        except Unavailable:
            if not self._unheard:
                self._unheard, self._unheard_skew = rest, skew
            raise
        self._unheard = ()
        return made + seqs

    def _made_before(self, notes: Sequence[Note]) -> list[int | None]:
        """The seqs for those notes at the beginning that are on record already, though nobody has heard of it."""
        again = notes[: len(self._unheard)]
        said = [(n.id, kind, at + self._unheard_skew, data) for n in again for kind, at, data in n.events]
        if not said or any(old is not new for old, new in zip(self._unheard, again, strict=False)):
            return []
        columns = [list(column) for column in zip(*said, strict=True)]
        if self._db.run(_MADE, columns) != [(True,)]:
            self._unheard = ()
            return []
        seqs = {(id_, attempt): seq for id_, attempt, seq in self._db.run(_SEQS, ([note.id for note in again],))}
        return [seqs.get((note.id, note.attempt)) for note in again]


def _write(cx: Cx, note: Note, skew: float) -> int | None:
    rises = len(note.events) + (note.progress is not None)
    said = sum(len(data) for kind, _, data in note.events if kind == "log")
    row = cx.execute(
        b"update hotplate.runs set progress = coalesce(%s, progress), saved = coalesce(%s, saved), seq = seq + %s, "
        b"log_bytes = log_bytes + %s where id = %s and attempt = %s and state = 'running' returning no, seq",
        (note.progress, note.saved, rises, said, note.id, note.attempt),
    ).fetchone()
    if row is None:
        return None
    no, seq = row
    if note.events:
        first = seq - len(note.events) + 1
        kinds, times, data = zip(*note.events, strict=True)
        cx.execute(
            b"insert into hotplate.events "
            b"select %s, * from unnest(%s::bigint[], %s::text[], %s::float8[], %s::bytea[])",
            (no, list(range(first, seq + 1)), list(kinds), [at + skew for at in times], list(data)),
        )
    return int(seq)
