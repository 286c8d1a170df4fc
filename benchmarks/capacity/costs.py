"""What one run costs, and what an idle process does: real nodes and brokers, with what the servers count."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg
import redis
from msgspec import Struct, field

from benchmarks.peers import hotplate_jobs, until
from hotplate.engine import Engine
from hotplate.filter import Filter
from hotplate.run import NewRun, new_id
from tests.servers import Redis

from .counting import Counting, Counts, counted, cpu_of
from .sizes import Verbs

WORKERS = 2
TIMES = 3
IDLE_AFTER_S = 40.0
IDLE_S = 60.0
WAITERS = 20
NAP_S = 0.5
FAN_S = 3.0
FANS = (1, 10, 100, 1_000)
"""Listeners that a NOTIFY is measured with."""

TABLES = ("runs", "events", "lanes", "turns", "nodes", "tallies")


class Fan(Struct):
    """NOTIFYs a second from one connection, and what each costs PostgreSQL, by the number of listeners.

    elsewhere: the same while they listen to another channel.
    """

    listeners: int
    per_s: float
    cpu_ms: float
    elsewhere_cpu_ms: float


class Costs(Struct):
    """What was counted. one_by_one, many: for each run, where it is waited for and where 500 share a commit.

    idle, hosted: for each second of an idle node, the latter with its Celery worker. waiter: for each second of one who
    waits. look, take: processor time of a claim that finds nothing, and what one that gives a run takes besides.
    """

    one_by_one: Counts = field(default_factory=Counts)
    many: Counts = field(default_factory=Counts)
    runs_per_s: float = 0.0
    look_s: float = 0.0
    take_s: float = 0.0
    rows: dict[str, float] = field(default_factory=dict)
    idle: Counts = field(default_factory=Counts)
    hosted: Counts = field(default_factory=Counts)
    waiter: Counts = field(default_factory=Counts)
    connections: dict[str, int] = field(default_factory=dict)
    connection_mb: dict[str, float] = field(default_factory=dict)
    messages_one_by_one: float = 0.0
    messages_many: float = 0.0
    fan: list[Fan] = field(default_factory=list)


class Peer:
    """A node, and this process as its web side, on a database of their own."""

    def __init__(self, engine: Engine, node: int, url: str, broker: str) -> None:
        self.engine, self.node, self.url, self.broker = engine, node, url, broker

    def one_by_one(self, n: int) -> None:
        for _ in range(n):
            self.engine.wait(self.engine.start([_new()])[0], 60)

    def many(self, n: int) -> None:
        for left in range(n, 0, -hotplate_jobs.AT_ONCE):
            self.engine.start([_new() for _ in range(min(left, hotplate_jobs.AT_ONCE))])
        until(self._is_done, "the runs", timeout=600, pause=0.25)

    def _is_done(self) -> bool:
        pages = [self.engine.ledger.page(Filter(states=[state], limit=1))[0] for state in ("queued", "running")]
        return not any(pages)


def measure_runs(server: Counting, costs: Costs, share: float) -> None:
    """What runs cost, with this share of the usual number of them."""
    singles, many = int(500 * share), int(10_000 * share)
    with peer(server) as node:
        node.many(many // 2)
        costs.one_by_one = _least(_each(node, server, singles, lambda: node.one_by_one(singles)) for _ in range(TIMES))
        before = _rows(node.url)
        costs.many = _least(_each(node, server, many, lambda: node.many(many)) for _ in range(TIMES))
        costs.runs_per_s = round(many / costs.many.seconds, 1)
        costs.rows = {name: round((n - before[name]) / (TIMES * many), 4) for name, n in _rows(node.url).items()}
    costs.look_s, costs.take_s = _claiming(server, int(2_000 * share))


def measure_idle(server: Counting, costs: Costs, share: float) -> None:
    """What processes do that have nothing to do, and what the broker is told."""
    singles, many, idle_s = int(200 * share), int(5_000 * share), IDLE_S * share
    with peer(server) as node:
        node.one_by_one(10)
        costs.connections["web process"] = _connections(server, psutil.Process())
        costs.connections["node"] = _connections(server, *_family(node.node))
        costs.connection_mb = _memory(node.url)
        time.sleep(IDLE_AFTER_S)
        costs.idle = _each(node, server, idle_s, lambda: time.sleep(idle_s))
        costs.waiter = _waiting(node, server, idle_s / 3)
    with peer(server, broker=True) as node:
        costs.messages_one_by_one = round(_messages(node, lambda: node.one_by_one(singles)) / singles, 3)
        costs.messages_many = round(_messages(node, lambda: node.many(many)) / many, 4)
        costs.connections["node and its Celery host"] = _connections(server, *_family(node.node))
        time.sleep(IDLE_AFTER_S)
        costs.hosted = _each(node, server, idle_s, lambda: time.sleep(idle_s))


def measure_fan(server: Counting, costs: Costs, share: float) -> None:
    """What a NOTIFY costs, by the number of those who listen."""
    costs.fan = [_fan(server, n) for n in FANS if n <= 1_000 * share]


@contextmanager
def peer(server: Counting, *, broker: bool = False) -> Iterator[Peer]:
    """One that is ready, with a Redis of its own where there is to be a broker."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url, broker_url = server.fresh(), stack.enter_context(Redis()).url if broker else ""
        running = hotplate_jobs.running(WORKERS, folder, name="capacity", database=url, broker=broker_url)
        found = stack.enter_context(running)
        yield Peer(found.engine, found.workers, url, broker_url)


def _new(**options: float) -> NewRun:
    return NewRun(id=new_id(), job="noop", params=b"{}", **options)  # type: ignore[arg-type]  # times only


def _each(node: Peer, server: Counting, n: float, act: Callable[[], None]) -> Counts:
    """What the server does for each of `n` things meanwhile, without what the benchmark itself looks at."""
    with counted(server, node.engine.ledger.nodes) as counts:
        act()
    counts.calls.pop("list", None)
    counts.rows.pop("list", None)
    return counts.per(n)


def _least(found: Iterable[Counts]) -> Counts:
    """The one that took least of the processor: what else the machine did can only add to it."""
    return min(found, key=lambda counts: counts.cpu_s)


def _rows(url: str) -> dict[str, int]:
    with psycopg.connect(url) as eye:
        return {name: _number(eye, f"select count(*) from hotplate.{name}") for name in TABLES}


def _number(eye: psycopg.Connection[Any], sql: str) -> int:
    row = eye.execute(sql.encode()).fetchone()
    assert row
    return int(row[0])


def _connections(server: Counting, *processes: psutil.Process) -> int:
    """Connections to the server that these processes hold."""
    return sum(
        one.status == psutil.CONN_ESTABLISHED and bool(one.raddr) and one.raddr.port == server.port
        for process in processes
        for one in process.net_connections("tcp")
    )


def _memory(url: str) -> dict[str, float]:
    """MB of PostgreSQL's own for each connection, by what it is for: that of the process that has most."""
    others = "datname = current_database() and pid <> pg_backend_pid()"
    sql = f"select pid, application_name from pg_stat_activity where {others}"
    found: dict[str, float] = {}
    with psycopg.connect(url) as eye:
        for pid, name in eye.execute(sql.encode()):
            found[name] = max(found.get(name, 0.0), round(psutil.Process(pid).memory_full_info().uss / 1e6, 1))
    return found


def _family(pid: int) -> list[psutil.Process]:
    root = psutil.Process(pid)
    return [root, *root.children(recursive=True)]


def _waiting(node: Peer, server: Counting, seconds: float) -> Counts:
    """For each second of one who waits for a run that does not end."""
    late = node.engine.start([_new(due_at=time.time() + 3600)])[0]
    waiters = [threading.Thread(target=node.engine.watch, args=(late.id, None, seconds)) for _ in range(WAITERS)]

    def wait() -> None:
        for one in waiters:
            one.start()
        for one in waiters:
            one.join()

    found = _each(node, server, seconds * WAITERS, wait)
    node.engine.cancel(late)
    for counts in (found.calls, found.rows):
        for name in set(counts) - {"read a run", "why runs wait"}:
            del counts[name]
    return found


def _messages(node: Peer, act: Callable[[], None]) -> float:
    """Messages that the broker was given meanwhile."""
    with redis.Redis.from_url(node.broker) as broker:

        def pushed() -> int:
            return int(broker.info("commandstats").get("cmdstat_lpush", {"calls": 0})["calls"])

        before = pushed()
        act()
        time.sleep(NAP_S)
        return pushed() - before


def _claiming(server: Counting, n: int) -> tuple[float, float]:
    """Processor time of a claim that finds nothing, and how much more one takes that gives a run."""
    verbs = Verbs(server.fresh())
    with counted(server) as vain:
        for _ in range(n):
            verbs.claim()
    for _ in range(n):
        verbs.start()
    with counted(server) as well:
        for _ in range(n):
            verbs.claim()
    verbs.ledger.close()
    return round(vain.cpu_s / n, 6), round((well.cpu_s - vain.cpu_s) / n, 6)


def _fan(server: Counting, listeners: int) -> Fan:
    url = server.fresh()
    per_s, cpu_ms = _notify(server, url, listeners, "said")
    _, elsewhere_cpu_ms = _notify(server, url, listeners, "elsewhere")
    return Fan(listeners=listeners, per_s=per_s, cpu_ms=cpu_ms, elsewhere_cpu_ms=elsewhere_cpu_ms)


def _notify(server: Counting, url: str, listeners: int, channel: str) -> tuple[float, float]:
    """NOTIFYs a second, and what each costs in milliseconds of processor time, until all have been told."""
    with ExitStack() as stack:
        for _ in range(listeners):
            ear = stack.enter_context(psycopg.connect(url, autocommit=True))
            ear.execute(f"listen {channel}".encode())
        mouth = stack.enter_context(psycopg.connect(url, autocommit=True))
        mouth.execute("set synchronous_commit to off")
        n, cpu, began = 0, cpu_of(server.pid), time.monotonic()
        while time.monotonic() - began < FAN_S:
            mouth.execute("select pg_notify('said', %s)", (str(n),))
            n += 1
        per_s = n / (time.monotonic() - began)
        time.sleep(NAP_S)
        return round(per_s, 1), round(1000 * (cpu_of(server.pid) - cpu) / n, 4)
