"""Runs as on many machines: the record in PostgreSQL, nodes told by a broker or by the database, beside other queues.

The servers are real ones, each started once; every peer has a part of its own of each that it needs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

import kombu
import psycopg
import redis
from msgspec import Struct

from tests.servers import Kept, Postgres, RabbitMQ, Redis

from . import report
from .measuring import Figures, Plan, Running, figure, is_there, left_out
from .peers import Peer, celery_jobs, hotplate_jobs

K = TypeVar("K", bound=Kept)

WANTED = "Wanted: twice the rate of bare Celery on the same broker, and at most 3 ms more from start to result."


class SlowPostgres(Postgres):
    """PostgreSQL that takes 2 ms longer for each flush, as a disk in a data centre may."""

    settings: ClassVar[Mapping[str, object]] = {**Postgres.settings, "commit_delay": 2000, "commit_siblings": 0}


class Servers(Struct, frozen=True):
    """Those that are installed."""

    postgres: Postgres | None
    slow: SlowPostgres | None
    rabbitmq: RabbitMQ | None
    redis: Redis | None

    @property
    def brokers(self) -> Mapping[str, Kept]:
        found = {"RabbitMQ": self.rabbitmq, "Redis": self.redis}
        return {name: server for name, server in found.items() if server}


def within(start: Callable[..., AbstractContextManager[Peer]], **servers: Kept) -> Running:
    """A peer that is given new, empty parts of these servers each time it is started."""

    def running(concurrency: int, folder: Path) -> AbstractContextManager[Peer]:
        return start(concurrency, folder, **{name: server.fresh() for name, server in servers.items()})

    return running


@contextmanager
def servers() -> Iterator[Servers]:
    """All of them, running."""
    with ExitStack() as stack:

        def started(kind: type[K]) -> K | None:
            if reason := kind.missing():
                left_out(f"What needs {kind.__name__}", reason)
                return None
            server = kind()
            stack.enter_context(server)
            return server

        yield Servers(started(Postgres), started(SlowPostgres), started(RabbitMQ), started(Redis))


def plans(servers: Servers, share: float) -> Iterator[Plan]:
    """The peers that can be measured here, side by side those of a broker."""
    some, singles = int(2_000 * share), int(200 * share)
    for name, broker in servers.brokers.items():
        yield from _hotplate(servers, name, share)
        bare = partial(celery_jobs.running, name=bare_name(name))
        yield Plan(within(bare, broker=broker), some, singles, name)
        if name == "Redis" and is_there("RQ", "rq"):
            from .peers import rq_jobs  # noqa: PLC0415 - it is installed for benchmarks only

            yield Plan(within(rq_jobs.running, broker=broker), int(200 * share), int(60 * share), name)
        if name == "RabbitMQ" and servers.redis and is_there("dramatiq", "dramatiq", "pika"):
            from .peers import dramatiq_jobs  # noqa: PLC0415 - as above

            running = within(dramatiq_jobs.running, broker=broker, results=servers.redis)
            yield Plan(running, some, singles, name)
    yield from _hotplate(servers, "", share)


def bare_name(broker: str) -> str:
    return f"Celery + {broker}"


def _hotplate(servers: Servers, broker: str, share: float) -> Iterator[Plan]:
    """With a broker of this name or, if it is empty, with none; the first one also with slow commits."""
    if not servers.postgres or not servers.slow:
        return
    name = f"Hotplate + {broker}" if broker else "Hotplate, no broker"
    by = {"broker": servers.brokers[broker]} if broker else {}
    ours = partial(hotplate_jobs.running, name=name)
    each = partial(hotplate_jobs.running, name=f"{name}, each start a commit", kind=hotplate_jobs.OneByOne)
    late = partial(hotplate_jobs.running, name=f"{name}, slow commits")
    many, singles = int(10_000 * share), int(200 * share)
    yield Plan(within(ours, database=servers.postgres, **by), many, singles, broker)
    yield Plan(within(each, database=servers.postgres, **by), int(1_000 * share), 0, broker)
    if broker == next(iter(servers.brokers), None):
        yield Plan(within(late, database=servers.slow, **by), many, singles, broker)


def lines(figures: Sequence[Figures], servers: Servers) -> Iterator[str]:
    """The section of RESULTS.md."""
    bare = {found.broker: found for found in figures if found.name == bare_name(found.broker)}
    yield report.machine("celery", "psycopg", "redis", "rq", "dramatiq") + " · " + " · ".join(versions(servers))
    yield ""
    head = ("no-op jobs", "jobs/s", "of bare Celery's", "start to result, p50 ms", "beside bare Celery's", "p99 ms")
    yield from report.table((*head, "idle worker, MB (PSS)"), (row(found, bare.get(found.broker)) for found in figures))
    yield ""
    yield "Two jobs at a time, as above. Others are held against bare Celery on the same broker. Its results are kept"
    yield "by `rpc://` with RabbitMQ and by Redis with Redis, dramatiq's by Redis. Hotplate's record is in PostgreSQL,"
    yield "with each outcome flushed to the disk; without a broker, NOTIFY wakes its nodes. Slow commits: each waits"
    yield "2 ms before its flush (`commit_delay = 2000`). Unless each start is a commit,"
    yield f"{hotplate_jobs.AT_ONCE} share one. {WANTED}"


def row(found: Figures, bare: Figures | None) -> Sequence[str]:
    is_held = bare is not None and found is not bare
    return (
        found.name,
        figure(found.rate, ",.0f"),
        figure(found.rate / bare.rate, ".2f") + " x" if bare and is_held else "",
        figure(found.wait(0.50), ".2f"),
        figure(found.wait(0.50) - bare.wait(0.50), "+.2f") if bare and is_held else "",
        figure(found.wait(0.99), ".2f"),
        figure(found.idle, ".0f"),
    )


def versions(servers: Servers) -> Iterator[str]:
    """What the servers say they are."""
    if servers.postgres:
        with psycopg.connect(servers.postgres.url) as database:
            yield f"PostgreSQL {database.info.parameter_status('server_version')}"
    if servers.rabbitmq:
        with kombu.Connection(servers.rabbitmq.url) as broker:
            broker.connect()
            yield f"RabbitMQ {broker.connection.server_properties['version']}"
    if servers.redis:
        with redis.Redis.from_url(servers.redis.url) as store:
            yield f"Redis {store.info('server')['redis_version']}"
