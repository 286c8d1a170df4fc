"""The ledger on SQLite: the record of the embedded engine."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from ...engine import UNTIMED, Claim, Counts, Limit, NodeInfo, Note, Outcome, Stop, Tally, Want
from ...filter import Filter
from ...options import Known
from ...run import MOVES, Event, FileInfo, History, NewRun, Run
from ..group_commit import GroupCommit
from ..histories import histories
from ..moves import CANCELLED, RETURNING, guard, lost, moved
from ..rows import COLUMNS, Waiting, lane_counts, run_of, started
from ..search import SQLITE, Search
from ..tally import OUTCOMES, Tallies
from .claiming import claim, open_lane
from .database import Database
from .folder import NodeLock
from .turns import Turns

_node = msgspec.json.Decoder(NodeInfo).decode
_encode = msgspec.json.Encoder().encode


class SqliteLedger:
    """`engine.Ledger` on one SQLite file. Safe for any number of threads and processes of one machine."""

    def __init__(self, database: Database, lock: NodeLock, clock: Callable[[], float] = time.time) -> None:
        self._db, self._lock, self._clock = database, lock, clock
        self._grouped = GroupCommit(self._insert_all)
        self._tallies = Tallies()
        self._search = Search(SQLITE, database.read)

    def start(self, new: Sequence[NewRun]) -> list[Run]:
        return self._grouped(new)

    def settle(self, outcomes: Sequence[Outcome], want: Want | None) -> tuple[list[bool], list[Claim]]:
        durable = bool(outcomes) or (want is not None and want.durable)
        with self._db.write(durable=durable) as cx:
            made = [_commit(cx, outcome) for outcome in outcomes]
            left = Counter((o.queue, o.job) for o, move in zip(outcomes, made, strict=True) if move)
            for (queue, job), n in left.items():
                _leave_lane(cx, queue, job, n)
            claims = claim(cx, want, self._clock()) if want else []
        self._tallies.add(outcomes, made)
        return [move is not None for move in made], claims

    def note(self, notes: Sequence[Note]) -> list[int | None]:
        durable = any(note.saved is not None for note in notes)
        with self._db.write(durable=durable) as cx:
            return [_note(cx, note) for note in notes]

    def stop(self, run_id: str) -> Run | None:
        now = self._clock()
        with self._db.write() as cx:
            withdrawn = cx.execute(
                "update runs set state = 'cancelled', ready = 0, finished_at = ?, stop_requested = 'cancel', "
                f"error = ?, {moved('withdraw')} where id = ? and {guard('withdraw')}",
                (now, CANCELLED, now, run_id),
            ).rowcount
            if withdrawn:
                cx.execute(_TALLY_WITHDRAWN, (run_id,))
            cx.execute(
                "update runs set stop_requested = 'cancel', seq = seq + 1 "
                "where id = ? and state = 'running' and stop_requested is null",
                (run_id,),
            )
        found = self.get([run_id])
        return found[0] if found else None

    def stops(self, node: str) -> list[Stop]:
        rows = self._db.read(
            "select id, attempt, stop_requested from runs "
            "where state = 'running' and node = ? and stop_requested is not null",
            (node,),
        )
        return [Stop(*row) for row in rows]

    def get(self, ids: Sequence[str]) -> list[Run]:
        marks = ", ".join("?" * len(ids))
        rows = self._db.read(f"select {COLUMNS} from runs where id in ({marks})", ids)
        by_id = {run.id: run for run in self._runs(rows)}
        return [by_id[id_] for id_ in ids if id_ in by_id]

    def page(self, which: Filter) -> tuple[Sequence[Run], int | None]:
        rows, following = self._search.page(which)
        return self._runs(rows), following

    def count(self, which: Filter) -> Mapping[str, int]:
        return self._search.count(which)

    def place(self, run_id: str) -> int | None:
        return self._search.place(run_id, self._waiting)

    def traceback(self, run_id: str) -> str | None:
        rows = self._db.read("select traceback from runs where id = ?", (run_id,))
        return rows[0][0] if rows else None

    def events(self, run_id: str, after: int, limit: int) -> Sequence[Event]:
        rows = self._db.read(
            "select e.seq, e.type, e.at, e.data from events e join runs r on r.no = e.run_no "
            "where r.id = ? and e.seq > ? order by e.seq limit ?",
            (run_id, after, limit),
        )
        return [Event(*row) for row in rows]

    def histories(self, seen: Sequence[tuple[str, int]], limit: int) -> list[History | None]:
        ids = list(dict.fromkeys(run_id for run_id, _ in seen))
        rows = self._db.read(f"select {COLUMNS}, no, moves from runs where id in ({', '.join('?' * len(ids))})", ids)
        runs = self._runs([row[:-2] for row in rows])
        return histories(seen, limit, runs, rows, lambda asked: [self._db.read(_SAID, (*of, limit)) for of in asked])

    def promote(self) -> tuple[int, float | None]:
        now, ready = self._clock(), 0
        ((due,),) = self._db.read("select min(due_at) from runs where state = 'queued' and ready = 0")
        if due is not None and due <= now:
            with self._db.write(durable=False) as cx:
                sql = "update runs set ready = 1 where state = 'queued' and ready = 0 and due_at <= ?"
                ready = cx.execute(sql, (now,)).rowcount
            ((due,),) = self._db.read("select min(due_at) from runs where state = 'queued' and ready = 0")
        return ready, due

    def enlist(self, node: NodeInfo, jobs: Sequence[Known]) -> None:
        with self._db.write() as cx:
            cx.execute("delete from nodes")  # whoever holds the lock is the only one
            cx.execute("insert into nodes values (?, ?)", (node.id, _encode(node)))
            for job in jobs:
                open_lane(cx, job.queue, job.name)
                cx.execute("update lanes set cap = ? where job = ?", (job.concurrency, job.name))

    def beat(self, node: NodeInfo) -> bool:
        with self._tallies.taken() as rows, self._db.write(durable=False) as cx:
            cx.executemany(_TALLY, rows)
            return cx.execute("update nodes set data = ? where id = ?", (_encode(node), node.id)).rowcount == 1

    def held(self, node: str) -> Sequence[tuple[str, int]]:
        return self._db.read("select id, attempt from runs where state = 'running' and node = ?", (node,))

    def retire(self, node: str) -> None:
        with self._tallies.taken() as rows, self._db.write() as cx:
            cx.executemany(_TALLY, rows)
            cx.execute("delete from nodes where id = ?", (node,))

    def sweep(self) -> list[str]:
        """The caller holds the folder's lock, so every node on record but its own is dead."""
        with self._db.write() as cx:
            rows = cx.execute(
                "select id, attempt, queue, job, started_at, lost, lost_limit from runs "
                "where state = 'running' and node not in (select id from nodes)"
            ).fetchall()
            outcomes = [lost(row, self._clock()) for row in rows]
            made = [_commit(cx, outcome) for outcome in outcomes]
            cx.execute(
                "update lanes set running = (select count(*) from runs r where r.state = 'running' "
                "and r.queue = lanes.queue and r.job = lanes.job)"
            )
        self._tallies.add(outcomes, made)
        return [row[0] for row in rows]

    def nodes(self) -> Sequence[NodeInfo]:
        if not self._lock.alive():
            return []
        return [_node(data) for (data,) in self._db.read("select data from nodes")]

    def counts(self) -> Counts:
        return Counts(
            at=self._clock(),
            lanes=lane_counts(*(self._db.read(sql) for sql in _UNDER_WAY)),
            limits=[Limit(*row) for row in self._db.read(_LIMITS)],
            tallies=[Tally(*row) for row in self._db.read("select job, outcome, le, n, seconds from tallies")],
        )

    def prune(self, before: float, limit: int) -> int:
        # Not beyond the first run that was started later: it cannot have ended before, nor can those after it.
        later = "select no from runs where created_at >= ? order by no limit 1"
        rows = self._db.read(
            f"select no, id from runs where no < coalesce(({later}), 9e18) and finished_at < ? order by no limit ?",
            (before, before, limit),
        )
        with self._db.write(durable=False) as cx:
            cx.executemany("delete from files where run_id = ?", [(row[1],) for row in rows])
            cx.executemany("delete from runs where no = ?", [(row[0],) for row in rows])
            cx.execute("delete from files where run_id is null and created_at < ?", (before,))
        return len(rows)

    def close(self) -> None:
        self._db.close()

    def _runs(self, rows: Sequence[Any]) -> list[Run]:
        waiting = self._waiting() if any(row[2] == "queued" for row in rows) else Waiting(0.0, [], ())
        return [run_of(row, self._file(row[20]), waiting) for row in rows]

    def _waiting(self) -> Waiting:
        full = self._db.read("select job from lanes group by job having sum(running) >= max(cap)")
        return Waiting(self._clock(), self.nodes(), {job for (job,) in full})

    def _file(self, file_id: str | None) -> FileInfo | None:
        if file_id is None:
            return None
        rows = self._db.read("select id, name, media_type, size, '/files/' || id from files where id = ?", (file_id,))
        return FileInfo(*rows[0]) if rows else None

    def _insert_all(self, new: Sequence[NewRun]) -> Sequence[Run]:
        now = self._clock()
        with self._db.write() as cx:
            ids = insert(cx, new, now)
        waiting = self._waiting()
        return [
            started(run, now, waiting) if run.id == id_ else self.get([id_])[0]
            for run, id_ in zip(new, ids, strict=True)
        ]


_SAID = "select seq, type, at, data from events where run_no = ? and seq > ? and seq <= ? order by seq limit ?"
_INSERT = (
    "insert into runs (id, job, queue, priority, turn, caller, key, ready, max_attempts, lost_limit, created_at, "
    "due_at, params, retry_of, parent_id, trace) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


def insert(cx: sqlite3.Connection, new: Sequence[NewRun], now: float) -> list[str]:
    """Put runs on record within a transaction: their ids, or those of the earlier runs of the same keys."""
    turns = Turns(cx)
    ids = [_insert(cx, run, now, turns) for run in new]
    turns.keep()
    return ids


def _insert(cx: sqlite3.Connection, run: NewRun, now: float, turns: Turns) -> str:
    if run.key is not None:
        same = (run.job, run.caller, run.key)
        found = cx.execute("select id from runs where job = ? and caller = ? and key = ?", same).fetchone()
        if found:
            return str(found[0])
    due = run.due(now)
    turn = turns.next(run.queue, run.caller)
    values = [run.id, run.job, run.queue, run.priority, turn, run.caller, run.key, due <= now, run.max_attempts]
    values += [run.lost_limit, now, due, run.params, run.retry_of, run.parent_id, run.trace]
    cx.execute(_INSERT, values)
    return run.id


_FINISH = {
    move: f"update runs set state = '{MOVES[move].after}', node = null, finished_at = ?, result = ?, result_file = ?, "
    "error = ?, traceback = ?, progress = coalesce(?, progress), started_at = coalesce(?, started_at), saved = null, "
    f"{moved(move)} where id = ? and {guard(move)}{' and stop_requested is null' if move != 'cancel' else ''} "
    for move in ("succeed", "fail", "cancel")
}
_RETURN = {
    move: "update runs set state = 'queued', node = null, ready = ?, due_at = ?, started_at = null, "
    f"{changes}, {moved(move)} where id = ? and {guard(move)} and stop_requested is null"
    for move, changes in RETURNING.items()
}


_UNDER_WAY = (
    "select queue, job, count(*), min(due_at) from runs where ready = 1 group by queue, job",
    "select queue, job, count(*) from runs where state = 'queued' and ready = 0 group by queue, job",
    "select queue, job, count(*) from runs where state = 'running' group by queue, job",
)
_LIMITS = "select job, sum(running), max(cap) from lanes where cap is not null group by job"
_TALLY = (
    "insert into tallies (job, outcome, le, n, seconds) values (?, ?, ?, ?, ?) "
    "on conflict do update set n = n + excluded.n, seconds = seconds + excluded.seconds"
)
_TALLY_WITHDRAWN = (
    f"insert into tallies select job, '{OUTCOMES['withdraw']}', {UNTIMED}, 1, 0.0 from runs where id = ? "
    "on conflict do update set n = n + 1"
)


def _commit(cx: sqlite3.Connection, o: Outcome) -> str | None:
    """The move that is made if the attempt is still the current one. A run that was asked to stop is cancelled."""
    if _return(cx, o) if o.move in _RETURN else _finish(cx, o):
        return o.move
    if o.move != "cancel" and _finish(cx, replace(o, move="cancel", result=None, error=CANCELLED)):
        return "cancel"
    return None


def _finish(cx: sqlite3.Connection, o: Outcome) -> bool:
    values = (o.at, o.result, o.result_file, o.error, o.traceback, o.progress, o.begun_at, o.at, o.id, o.attempt)
    return cx.execute(_FINISH[o.move], values).rowcount == 1


def _return(cx: sqlite3.Connection, o: Outcome) -> bool:
    due = o.at if o.due_at is None else o.due_at
    return cx.execute(_RETURN[o.move], (due <= o.at, due, o.at, o.id, o.attempt)).rowcount == 1


def _leave_lane(cx: sqlite3.Connection, queue: str, job: str, n: int) -> None:
    cx.execute("update lanes set running = max(running - ?, 0) where queue = ? and job = ?", (n, queue, job))


def _note(cx: sqlite3.Connection, note: Note) -> int | None:
    rises = len(note.events) + (note.progress is not None)
    said = sum(len(data) for kind, _, data in note.events if kind == "log")
    row = cx.execute(
        "update runs set progress = coalesce(?, progress), saved = coalesce(?, saved), seq = seq + ?, "
        "log_bytes = log_bytes + ? where id = ? and attempt = ? and state = 'running' returning no, seq",
        (note.progress, note.saved, rises, said, note.id, note.attempt),
    ).fetchone()
    if row is None:
        return None
    no, seq = row
    first = seq - len(note.events) + 1
    cx.executemany(
        "insert into events values (?, ?, ?, ?, ?)",
        [(no, first + n, *event) for n, event in enumerate(note.events)],
    )
    return int(seq)
