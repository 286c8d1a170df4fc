"""The ledger on PostgreSQL: the record of the cluster engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from psycopg import Connection

from ...engine import UNTIMED, Claim, Counts, Limit, NodeInfo, Note, Outcome, Stop, Tally, Want
from ...errors import Unavailable
from ...filter import Filter
from ...options import Known
from ...run import Event, FileInfo, History, NewRun, Run
from ..group_commit import GroupCommit
from ..histories import histories
from ..moves import CANCELLED, guard, lost, moved
from ..pauses import rest_after
from ..rows import COLUMNS, Waiting, lane_counts, run_of, started
from ..search import POSTGRES, Search
from ..tally import OUTCOMES, Tallies, columns
from . import lanes, plans
from .claiming import claim
from .database import Database
from .noting import Notes, said
from .settling import made_before, settle
from .turns import KEEP, KEEP_THESE, TURN, Turns
from .watch import Local, Watch

_node = msgspec.json.Decoder(NodeInfo).decode
_encode = msgspec.json.Encoder().encode

Cx = Connection[Any]


KEY_PATIENCE_MS = 3000
"""How long a start waits at a time for an open transaction that has started a run with the same key."""

FRESHNESS_S = 0.5
"""How old what is said of why runs wait may be, in seconds; older where there are so many nodes that it takes long."""

COUNT_S = 60.0
"""How often the sweeper counts anew what goes on of jobs with a limit, in seconds."""

STEP_S = 0.05
"""A clock that has moved by more than this beside the monotonic one was set, in seconds."""

PRUNING = 4_770_102
"""The advisory lock of whoever prunes: an arbitrary number."""

Execute = Callable[[bytes, Sequence[Any]], list[Any]]
"""Executes a statement with its values, and gives the rows."""


class PostgresLedger:
    """`engine.Ledger` on one PostgreSQL database. Safe for any number of threads, processes and machines.

    Times are those of the database's clock: what a process says in its own time is put right by the difference, so a
    machine whose clock is wrong harms nobody.

    clock: the time of this process; database_clock: that of the database, which is asked unless it is given.
    local: tells which nodes have ended on this machine.
    lease: for how long the counter of a dead node stands still, in seconds; freshness: see `FRESHNESS_S`.
    """

    def __init__(
        self,
        database: Database,
        *,
        clock: Callable[[], float] = time.time,
        database_clock: Callable[[], float] | None = None,
        local: Local | None = None,
        lease: float = 15.0,
        freshness: float = FRESHNESS_S,
    ) -> None:
        self._db, self._clock, self._lease = database, clock, lease
        self._database_clock = database_clock or self._ask_time
        self._grouped = GroupCommit(self._insert_all)
        self._tallies = Tallies()
        self._turns = Turns()
        self._watch = Watch(database, local, lease)
        self._skew: float | None = None
        self._since_boot = 0.0
        self._given: dict[str, int] = {}
        self._in_doubt = False
        self._unheard: set[tuple[str, int]] = set()
        self._notes = Notes(database)
        self._counted_at = float("-inf")
        self._freshness = freshness
        self._look_at, self._waits = float("-inf"), Waiting(0.0, [], ())
        self._search = Search(POSTGRES, database.read)

    def start(self, new: Sequence[NewRun]) -> list[Run]:
        return self._grouped(new)

    def start_within(self, execute: Execute, new: Sequence[NewRun]) -> list[Run]:
        """Record new runs in a transaction of somebody else's, which `execute` works in: they come with its commit.

        Nothing but the runs is written there, so that nobody else waits for its end: only who starts with the same key.
        """
        ids, now, added = self._insert(execute, _INSERT_ONLY, new)
        with suppress(Unavailable):  # only how fair it is depends on it
            self._db.run(KEEP_THESE, [[row[column] for row in added] for column in (1, 2, 3)])
        return self._started(execute, new, ids, now)

    def start_firing(self, cx: Cx, new: NewRun) -> str:
        """Record a run in a transaction of `PostgresFirings`: its id, or that of the earlier run of the same key."""
        ids, _, _ = self._insert(lambda statement, values: cx.execute(statement, values).fetchall(), _INSERT, [new])
        return ids[0]

    def settle(self, outcomes: Sequence[Outcome], want: Want | None) -> tuple[list[bool], list[Claim]]:
        """In two transactions: nobody who waits for a lane in order to claim holds one that others want to leave."""
        accepted: list[bool] = []
        if outcomes:
            accepted = self._settle(outcomes)
            for outcome in outcomes:
                if self._given.get(outcome.id) == outcome.attempt:
                    del self._given[outcome.id]
        if want is None:
            return accepted, []
        try:
            return accepted, self._claim(want)
        except Unavailable:
            self._in_doubt = True
            if not outcomes:
                raise
            return accepted, []

    def note(self, notes: Sequence[Note]) -> list[int | None]:
        return self._notes.write(notes, self._difference())

    def stop(self, run_id: str) -> Run | None:
        now = self.now()

        def ask() -> None:
            with self._db.write() as cx:
                if cx.execute(_WITHDRAW, (now, CANCELLED, now, run_id)).rowcount:
                    cx.execute(_TALLY_WITHDRAWN, (run_id,))
                cx.execute(_ASK, (run_id,))

        self._db.retrying(ask)
        found = self.get([run_id])
        return found[0] if found else None

    def stops(self, node: str) -> list[Stop]:
        rows = self._db.read(
            "select id, attempt, stop_requested from hotplate.runs "
            "where state = 'running' and node = %s and stop_requested is not null",
            (node,),
        )
        return [Stop(*row) for row in rows]

    def get(self, ids: Sequence[str]) -> list[Run]:
        known = [id_ for id_ in ids if "\0" not in id_]  # which PostgreSQL has in no text
        rows = self._db.read(f"select {COLUMNS} from hotplate.runs where id = any(%s)", (known,))
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
        rows = self._db.read("select traceback from hotplate.runs where id = %s", (run_id,))
        return rows[0][0] if rows else None

    def events(self, run_id: str, after: int, limit: int) -> Sequence[Event]:
        rows = self._db.read(
            "select e.seq, e.type, e.at, e.data from hotplate.events e join hotplate.runs r on r.no = e.run_no "
            "where r.id = %s and e.seq > %s order by e.seq limit %s",
            (run_id, after, limit),
        )
        return [Event(*row) for row in rows]

    def histories(self, seen: Sequence[tuple[str, int]], limit: int) -> list[History | None]:
        rows = self._db.read(_HISTORIES, (list({run_id for run_id, _ in seen}),))
        runs = self._runs([row[:-2] for row in rows])
        return histories(seen, limit, runs, rows, lambda asked: said(self._db, asked, limit))

    def promote(self) -> tuple[int, float | None]:
        now, ready = self.now(), 0
        ((due,),) = self._db.read(f"select min(due_at) {_DELAYED}")
        if due is not None and due <= now:
            with self._db.write(durable=False) as cx:
                ready = cx.execute(_PROMOTE, (now,)).rowcount
            ((due,),) = self._db.read(f"select min(due_at) {_DELAYED} and due_at > %s", (now,))
        return ready, None if due is None else due - self._difference()

    def enlist(self, node: NodeInfo, jobs: Sequence[Known]) -> None:
        self._measure()
        self._watch.node = node.id
        caps = sorted((job.queue, job.name, job.concurrency) for job in jobs)
        with self._db.write() as cx:
            cx.execute(
                b"insert into hotplate.nodes (id, seen_at, data) values (%s, %s, %s) "
                b"on conflict (id) do update set seen_at = excluded.seen_at, data = excluded.data",
                (node.id, self.now(), _encode(node)),
            )
            for queue, job, cap in caps:
                cx.execute(
                    b"insert into hotplate.lanes (queue, job) values (%s, %s) on conflict do nothing", (queue, job)
                )
                cx.execute(
                    b"update hotplate.lanes set cap = %s where job = %s and cap is distinct from %s", (cap, job, cap)
                )
            lanes.recount(cx, [job for _, job, _ in caps])

    def beat(self, node: NodeInfo) -> bool:
        self._measure()
        raised = self._db.run(_BEAT, (self.now(), _encode(node), node.id))
        with self._tallies.taken() as rows:
            if rows:
                with self._db.write(durable=False) as cx:
                    cx.execute(_TALLY, columns(rows))
        return bool(raised)

    def held(self, node: str) -> list[tuple[str, int]]:
        rows = self._db.read("select id, attempt from hotplate.runs where state = 'running' and node = %s", (node,))
        return [(row[0], row[1]) for row in rows]

    def retire(self, node: str) -> None:
        with self._tallies.taken() as rows, self._db.write() as cx:
            cx.execute(_TALLY, columns(rows))
            cx.execute(b"delete from hotplate.nodes where id = %s", (node,))

    def sweep(self) -> list[str]:
        dead, is_sweeper = self._watch.strike()
        if not (dead or is_sweeper):
            return []
        now = self.now()
        outcomes = [lost(row, now) for row in self._db.run(_ORPHANS, (dead, is_sweeper))]
        made = settle(self._db, outcomes, 0.0)
        self._tallies.add(outcomes, made)
        if is_sweeper:
            plans.keep_true(self._db)
        if is_sweeper and (dead or time.monotonic() - self._counted_at > COUNT_S):
            self._counted_at = time.monotonic()
            with self._db.write(durable=False) as cx:
                limited = cx.execute(b"select distinct job from hotplate.lanes where cap is not null").fetchall()
                lanes.recount(cx, [job for (job,) in limited])
        return [outcome.id for outcome, ok in zip(outcomes, made, strict=True) if ok]

    def nodes(self) -> Sequence[NodeInfo]:
        # Two leases: whoever reads takes nobody's runs away, and is to be wrong about those who are merely slow.
        rows = self._db.read(
            "select data from hotplate.nodes where seen_at > %s order by seen_at", (self.now() - 2 * self._lease,)
        )
        return [_node(data) for (data,) in rows]

    def counts(self) -> Counts:
        return Counts(
            at=self.now(),
            lanes=lane_counts(*(self._db.read(sql) for sql in _UNDER_WAY)),
            limits=[Limit(*row) for row in self._db.read(_LIMITS)],
            tallies=[Tally(*row) for row in self._db.read("select job, outcome, le, n, seconds from hotplate.tallies")],
        )

    def prune(self, before: float, limit: int) -> int:
        before += self._difference()
        with self._db.write(durable=False) as cx:
            ((is_alone,),) = cx.execute(b"select pg_try_advisory_xact_lock(%s)", (PRUNING,)).fetchall()
            if not is_alone:  # of all nodes one prunes at a time: the others would read past what it is removing
                return 0
            rows = cx.execute(_PRUNE, (before, limit)).fetchall()
            cx.execute(b"delete from hotplate.files where run_id = any(%s::text[])", ([id_ for (id_,) in rows],))
            cx.execute(
                b"delete from hotplate.files where id = any(array(select id from hotplate.files "
                b"where run_id is null and created_at < %s limit %s))",
                (before, limit),
            )
        return len(rows)

    def close(self) -> None:
        self._db.close()

    # Time

    def now(self) -> float:
        """The database's time."""
        return self._difference() + self._clock()

    def _difference(self) -> float:
        # A clock that was set parts from the monotonic one, and what was measured before holds no more.
        if self._skew is None or abs(self._clock() - time.monotonic() - self._since_boot) > STEP_S:
            self._measure()
        return self._skew or 0.0

    def _ask_time(self) -> float:
        ((now,),) = self._db.read("select extract(epoch from clock_timestamp())::float8")
        return float(now)

    def _measure(self) -> None:
        """How far the database's clock is ahead of ours; what a round trip can explain is no difference."""
        before = time.monotonic()
        theirs = self._database_clock()
        after, ours = time.monotonic(), self._clock()  # once: it may be set at any moment
        self._since_boot = ours - after
        ahead = theirs - (ours - (after - before) / 2)
        self._skew = ahead if abs(ahead) > 0.05 + (after - before) else 0.0

    # Outcomes, claims and starts

    def _settle(self, outcomes: Sequence[Outcome]) -> list[bool]:
        try:
            made = settle(self._db, outcomes, self._difference())
        except Unavailable:
            self._unheard.update((outcome.id, outcome.attempt) for outcome in outcomes)
            raise
        refused = [one for one, move in zip(outcomes, made, strict=True) if move is None]
        again = [one for one in refused if (one.id, one.attempt) in self._unheard]
        if again:
            before = made_before(self._db, again)
            made = [move or before.get((one.id, one.attempt)) for one, move in zip(outcomes, made, strict=True)]
        self._unheard.clear()
        self._tallies.add(outcomes, made)
        return [move is not None for move in made]

    def _claim(self, want: Want) -> list[Claim]:
        if self._in_doubt:
            self._give_back(want.node)
        claims = claim(self._db, want, self.now())
        self._given.update((one.id, one.attempt) for one in claims)
        return claims

    def _give_back(self, node: str) -> None:
        """What was claimed by a commit whose end we did not hear goes back into its queue."""
        rows = self._db.read(
            "select id, attempt, queue, job from hotplate.runs where state = 'running' and node = %s", (node,)
        )
        unknown = [row for row in rows if self._given.get(row[0]) != row[1]]
        now = self.now()
        released = [Outcome(id=i, attempt=a, queue=q, job=j, move="release", at=now) for i, a, q, j in unknown]
        settle(self._db, released, 0.0)
        self._in_doubt = False

    def _insert_all(self, new: Sequence[NewRun]) -> Sequence[Run]:
        execute = self._bounded if any(run.key is not None for run in new) else self._db.run
        ids, now, _ = self._db.retrying(lambda: self._insert(execute, _INSERT, new))
        return self._started(self._db.run, new, ids, now)

    def _bounded(self, statement: bytes, values: Sequence[Any]) -> list[Any]:
        """As `Database.run`, but `Unavailable` after a while: a key may be taken by a transaction that stays open."""
        with self._db.write() as cx:
            cx.execute(f"set local lock_timeout to {KEY_PATIENCE_MS}".encode())
            return cx.execute(statement, values).fetchall()

    def _started(self, execute: Execute, new: Sequence[NewRun], ids: Sequence[str], now: float) -> list[Run]:
        """The new runs as they are on record, or the earlier ones of the same keys."""
        waiting = self._waiting()
        return [
            started(run, now, waiting) if run.id == id_ else self._runs(execute(_ONE, (id_,)))[0]
            for run, id_ in zip(new, ids, strict=True)
        ]

    def _insert(
        self, execute: Execute, statement: bytes, new: Sequence[NewRun]
    ) -> tuple[list[str], float, Sequence[Any]]:
        """Put runs on record that are not there yet: their ids, or those of the earlier runs of the same keys.

        Then the time of it, and what the statement gave: id, queue, caller and turn of each run that was added.
        """
        skew = self._difference()
        now = skew + self._clock()
        least, places = self._turns.places([(run.queue, run.caller) for run in new])
        due = [run.due(now, skew) for run in new]
        columns = [
            [run.id for run in new], [run.job for run in new], [run.queue for run in new],
            [run.priority for run in new], least, places, [run.caller for run in new], [run.key for run in new],
            [at <= now for at in due], [run.max_attempts for run in new], [run.lost_limit for run in new],
            [now] * len(new), due, [run.params for run in new], [run.retry_of for run in new],
            [run.parent_id for run in new], [run.trace for run in new],
        ]  # fmt: skip
        added = execute(statement, columns)
        self._turns.remember((queue, caller, turn) for _, queue, caller, turn in added)
        ids, known = [run.id for run in new], {row[0] for row in added}
        for at, run in enumerate(new):
            if run.key is not None and run.id not in known:
                ids[at] = execute(_SAME, (run.job, run.caller, run.key))[0][0]
        return ids, now, added

    # Rows

    def _runs(self, rows: Sequence[Any]) -> list[Run]:
        waiting = self._waiting() if any(row[2] == "queued" for row in rows) else Waiting(0.0, [], ())
        return [run_of(row, self._file(row[20]), waiting) for row in rows]

    def _waiting(self) -> Waiting:
        """Why runs wait, as it was a moment ago at most."""
        began = time.monotonic()
        if began >= self._look_at:
            self._waits = self._look()
            ended = time.monotonic()
            self._look_at = ended + rest_after(ended - began, self._freshness)
        self._waits.now = self.now()
        return self._waits

    def _look(self) -> Waiting:
        full = self._db.read("select job from hotplate.lanes group by job having sum(running) >= max(cap)")
        return Waiting(self.now(), self.nodes(), {job for (job,) in full})

    def _file(self, file_id: str | None) -> FileInfo | None:
        if file_id is None:
            return None
        sql = "select id, name, media_type, size, '/files/' || id from hotplate.files where id = %s"
        rows = self._db.read(sql, (file_id,))
        return FileInfo(*rows[0]) if rows else None


_ADD = f"""
    with new as (
        select *, {TURN} as n_own_turn
        from unnest(%s::text[], %s::text[], %s::text[], %s::int[], %s::bigint[], %s::int[], %s::text[], %s::text[],
            %s::boolean[], %s::int[], %s::int[], %s::float8[], %s::float8[], %s::bytea[], %s::text[], %s::text[],
            %s::text[])
            as n (n_id, n_job, n_queue, n_priority, n_turn, n_place, n_caller, n_key, n_ready, n_max_attempts,
                n_lost_limit, n_created_at, n_due_at, n_params, n_retry_of, n_parent_id, n_trace)
    ), added as (
        insert into hotplate.runs (id, job, queue, priority, turn, caller, key, ready, max_attempts, lost_limit,
            created_at, due_at, params, retry_of, parent_id, trace)
        select n_id, n_job, n_queue, n_priority, n_own_turn, n_caller, n_key, n_ready, n_max_attempts, n_lost_limit,
            n_created_at, n_due_at, n_params, n_retry_of, n_parent_id, n_trace from new
        on conflict do nothing returning id, queue, caller, turn
    )"""
_INSERT_ONLY = f"{_ADD} select id, queue, caller, turn from added".encode()
_INSERT = f"{_ADD}, {KEEP} select id, queue, caller, turn from added".encode()
_HISTORIES = f"select {COLUMNS}, no, moves from hotplate.runs where id = any(%s)"
_DELAYED = "from hotplate.runs where state = 'queued' and not ready"
# `any(array(...))`, not `in (...)`, which PostgreSQL takes for so many rows that it would read all runs to find them.
_PROMOTE = (
    f"update hotplate.runs set ready = true "
    f"where no = any(array(select no {_DELAYED} and due_at <= %s for update skip locked))"
).encode()
_PRUNE = b"""
    delete from hotplate.runs where no = any(array(
        select no from hotplate.runs where finished_at < %s order by finished_at limit %s for update skip locked
    )) returning id
"""
_ONE = f"select {COLUMNS} from hotplate.runs where id = %s".encode()
_SAME = b"select id from hotplate.runs where job = %s and caller = %s and key = %s"
_WITHDRAW = (
    "update hotplate.runs set state = 'cancelled', ready = false, finished_at = %s, stop_requested = 'cancel', "
    f"error = %s, {moved('withdraw', at='%s::float8')} where id = %s and {guard('withdraw')}"
).encode()
_ASK = (
    b"update hotplate.runs set stop_requested = 'cancel', seq = seq + 1 "
    b"where id = %s and state = 'running' and stop_requested is null"
)
# Not flushed to the disk: a beat that a crash forgets comes again before anybody misses it.
_BEAT = b"""
    update hotplate.nodes set beat = beat + 1, seen_at = %s, data = %s
    from (select set_config('synchronous_commit', 'off', true) as is_set) as mode
    where id = %s and is_set is not null returning id
"""
_UNDER_WAY = (
    "select queue, job, count(*), min(due_at) from hotplate.runs where ready group by queue, job",
    f"select queue, job, count(*) {_DELAYED} group by queue, job",
    "select queue, job, count(*) from hotplate.runs where state = 'running' group by queue, job",
)
_LIMITS = "select job, sum(running)::int, max(cap) from hotplate.lanes where cap is not null group by job"
_TALLY = b"""
    insert into hotplate.tallies as t (job, outcome, le, n, seconds)
    select * from unnest(%s::text[], %s::text[], %s::float8[], %s::bigint[], %s::float8[])
    on conflict (job, outcome, le) do update set n = t.n + excluded.n, seconds = t.seconds + excluded.seconds
"""
_TALLY_WITHDRAWN = f"""
    insert into hotplate.tallies as t (job, outcome, le, n, seconds)
    select job, '{OUTCOMES["withdraw"]}', {UNTIMED}, 1, 0 from hotplate.runs where id = %s
    on conflict (job, outcome, le) do update set n = t.n + 1
""".encode()
_ORPHANS = b"""
    select id, attempt, queue, job, started_at, lost, lost_limit from hotplate.runs
    where state = 'running'
        and (node = any(%s::text[]) or %s and not exists (select from hotplate.nodes n where n.id = node))
"""
