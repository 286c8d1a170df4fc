"""The same verbs on an empty record, beside a million ended runs, before a backlog of a million, among many nodes.

Medians of single calls of the ledger, from one process: what is told is how they compare.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median

import psycopg
from msgspec import Struct, field

from benchmarks.peers import quantile
from hotplate.engine import Claim, NodeInfo, Outcome, Want
from hotplate.engines.postgres.database import Database
from hotplate.engines.postgres.ledger import PostgresLedger
from hotplate.filter import Filter
from hotplate.options import Known
from hotplate.run import NewRun, new_id

from .counting import Counting, counted

LANES = 20
"""Jobs, and callers, of the runs that a record is filled with."""
STEP = 500
"""Runs that a node prunes in one step."""
TIMES = 200
PRUNE_S = 20.0
CROWD, CROWD_WORKERS = 3_125, 32
VACUUM_EVERY = 2_000

PRUNING = {"nothing is pruned": None, "a step every second": 1.0, "step after step": 0.0}
"""What goes on meanwhile, and seconds between two steps."""
SMALL = 10_000
RECORDS = {"empty": "", "small": "succeeded", "ended": "succeeded", "queued": "queued", "crowd": "running"}
"""In which state the runs are that records are filled with."""

_FILL = """
    insert into hotplate.runs (id, job, queue, priority, turn, caller, state, ready, node, attempt, max_attempts,
        lost_limit, created_at, due_at, started_at, finished_at, params, result, moves, seq)
    select gen_random_uuid()::text, 'job' || n %% {lanes}, 'default', 0, n, 'caller' || n / 7 %% {lanes}, s.state,
        s.state = 'queued', case when s.state = 'running' then 'node' || n %% {crowd} end,
        case when s.state = 'queued' then 0 else 1 end, 1, 3, at, at, case when s.state <> 'queued' then at end,
        case when s.state in ('succeeded', 'failed') then at end, '{{"n":1}}',
        case when s.state = 'succeeded' then '1'::bytea end,
        '[1,"claim",1700000000.123456,1],[2,"succeed",1700000000.123456,1],', 2
    from (select n, 1.7e9 + n as at from generate_series(1, %s) n) as numbers,
    lateral (select case when %s = 'succeeded' and n %% 101 = 0 then 'failed' else %s end as state) as s
"""


class Pruning(Struct):
    """Claims while runs are pruned: milliseconds. pause_s: between two steps; None where nothing is pruned."""

    what: str
    claim_p50: float
    claim_p99: float
    steps: int = 0
    rows: int = 0
    step_p50: float = 0.0
    step_max: float = 0.0


class Sizes(Struct):
    """Medians in milliseconds, of each verb on each record; bytes and WAL of a run."""

    rows: int = 0
    ms: dict[str, dict[str, float]] = field(default_factory=dict)
    bytes_per_run: dict[str, float] = field(default_factory=dict)
    wal_empty: float = 0.0
    wal_full: float = 0.0
    pages_full: float = 0.0
    pruning: list[Pruning] = field(default_factory=list)


class Verbs:
    """A ledger with a node on record, and its verbs, each to be called again and again."""

    def __init__(self, url: str) -> None:
        self.ledger = PostgresLedger(Database(url))
        self.jobs = [f"job{at}" for at in range(LANES)]
        self.node = NodeInfo(id=new_id(), host="here", pid=1, concurrency=2, jobs=self.jobs)
        self.ledger.enlist(self.node, [Known(name=job) for job in self.jobs])
        self.claims: list[Claim] = []
        self.ids: list[str] = []

    def start(self) -> None:
        new = NewRun(id=new_id(), job="job1", params=b"{}", caller="caller1")
        self.ids += [run.id for run in self.ledger.start([new])]

    def claim(self) -> None:
        self.claims += self.ledger.settle([], Want(node=self.node.id, jobs=self.jobs, slots=1))[1]

    def settle(self) -> None:
        one = self.claims.pop()
        ended = Outcome(
            id=one.id, attempt=one.attempt, move="succeed", at=time.time(), queue=one.queue, job=one.job, result=b"1"
        )
        self.ledger.settle([ended], None)

    def run(self) -> None:
        self.start()
        self.claim()
        self.settle()

    def page(self, **which: object) -> Callable[[], object]:
        return partial(self.ledger.page, Filter(**which))  # type: ignore[arg-type]  # some field of it


def measure(server: Counting, found: Sizes, share: float, record: str) -> None:
    """One of `RECORDS`, with this share of a million runs."""
    found.rows = int(1_000_000 * share)
    state = RECORDS[record]
    rows = {"empty": 0, "small": SMALL, "crowd": CROWD * CROWD_WORKERS}.get(record, found.rows)
    verbs = _filled(server, rows, state)
    found.ms[record] = _medians(verbs, rows)
    if record == "empty":
        found.wal_empty, _ = _wal(server, verbs)
        found.bytes_per_run = _bytes(server, int(10_000 * share) + VACUUM_EVERY)
    if record == "ended":
        found.wal_full, found.pages_full = _wal(server, verbs)
        found.pruning = [_claims_while(verbs, what, pause) for what, pause in PRUNING.items()]
    verbs.ledger.close()


def _filled(server: Counting, rows: int, state: str) -> Verbs:
    url = server.fresh()
    verbs = Verbs(url)
    if rows:
        with psycopg.connect(url, autocommit=True) as cx:
            cx.execute(_FILL.format(lanes=LANES, crowd=CROWD).encode(), (rows, state, state))
            if state == "running":
                _crowd(cx, verbs)
            cx.execute("vacuum analyze")
    return verbs


def _crowd(cx: psycopg.Connection[tuple[object, ...]], verbs: Verbs) -> None:
    """As many nodes on record as a hundred thousand workers have, each with all that is told of one."""
    cx.execute(
        b"insert into hotplate.nodes (id, seen_at, data) select 'node' || n, 1e11, jsonb_set(convert_from(data, 'utf8')"
        b"::jsonb, '{running}', (select jsonb_agg(gen_random_uuid()) from generate_series(1, %s)))::text::bytea "
        b"from hotplate.nodes, generate_series(0, %s) as n",
        (CROWD_WORKERS, CROWD - 1),
    )


def _medians(verbs: Verbs, rows: int) -> dict[str, float]:
    ledger, few = verbs.ledger, TIMES // 10
    found = {
        "start": _median(verbs.start),
        "claim": _median(verbs.claim),
        "settle": _median(verbs.settle),
        "read a run": _median(lambda: ledger.get(verbs.ids[:1])),
        "list: newest": _median(verbs.page()),
        "list: a page in the middle": _median(verbs.page(before=rows // 2 + 1)),
        "list: of a job": _median(verbs.page(job="job1")),
        "list: of a caller": _median(verbs.page(caller="caller1")),
    }
    for state in ("queued", "running", "succeeded", "failed", "cancelled"):
        found[f"list: {state}"] = _median(verbs.page(state=state), few)
    found["list: failed, of a job"] = _median(verbs.page(state="failed", job="job1"), few)
    found["list: failed, of a caller"] = _median(verbs.page(state="failed", caller="caller1"), few)
    found["look for delayed runs"] = _median(ledger.promote)
    found["beat"] = _median(lambda: ledger.beat(verbs.node))
    found["sweep"] = _median(ledger.sweep, few)
    found["nodes that are alive"] = _median(ledger.nodes, few)
    found["metrics"] = _median(ledger.counts, few)
    found["prune: nothing to do"] = _median(lambda: ledger.prune(1.0, STEP), few)
    return {name: round(1000 * seconds, 3) for name, seconds in found.items()}


def _median(act: Callable[[], object], times: int = TIMES) -> float:
    act()  # prepared
    return median(_seconds(act) for _ in range(times))


def _seconds(act: Callable[[], object]) -> float:
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def _wal(server: Counting, verbs: Verbs) -> tuple[float, float]:
    """Bytes of WAL of a run that begins shortly after a checkpoint, and how many whole pages are among them."""
    n = 1_000
    with counted(server) as counts:
        for _ in range(n):
            verbs.run()
    return round(counts.wal_bytes / n, 1), round(counts.full_pages / n, 3)


def _bytes(server: Counting, runs: int) -> dict[str, float]:
    """Bytes on disk of a run that was started, claimed and settled, where vacuum comes by now and then."""
    url = server.fresh()
    verbs = Verbs(url)
    with psycopg.connect(url, autocommit=True) as cx:
        for n in range(runs):
            verbs.run()
            if n % VACUUM_EVERY == 0:
                cx.execute("vacuum hotplate.runs")
        sizes = cx.execute(
            "select relname, pg_relation_size(oid)::float8 from pg_class "
            "where relname like 'runs%' and relkind in ('r', 'i') and relnamespace = 'hotplate'::regnamespace"
        ).fetchall()
    verbs.ledger.close()
    return {name: round(size / runs, 1) for name, size in sizes}


def _claims_while(verbs: Verbs, what: str, pause: float | None) -> Pruning:
    ended = threading.Event()
    steps: list[float] = []
    rows = [0]

    def prune() -> None:
        while pause is not None and not ended.is_set():
            began = time.perf_counter()
            rows[0] += verbs.ledger.prune(1.75e9, STEP)
            steps.append(time.perf_counter() - began)
            ended.wait(pause)

    pruner = threading.Thread(target=prune)
    pruner.start()
    claims = _claim_seconds(verbs)
    ended.set()
    pruner.join()
    return Pruning(what, *_ms(claims), len(steps), rows[0], *_ms(steps, most=1.0) if steps else (0.0, 0.0))


def _claim_seconds(verbs: Verbs) -> list[float]:
    found, began = [], time.monotonic()
    while time.monotonic() - began < PRUNE_S:
        verbs.start()
        found.append(_seconds(verbs.claim))
        verbs.settle()
    return found


def _ms(seconds: Sequence[float], most: float = 0.99) -> tuple[float, float]:
    return round(1000 * median(seconds), 2), round(1000 * quantile(seconds, most), 2)
