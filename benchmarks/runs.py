"""Runs beside the jobs of other queues: throughput, time from start to result, memory of an idle worker.

    python -m benchmarks.runs [--quick]

Throughput counts start, run and finish of jobs that do nothing, two at a time, until every result is kept. Peers
are measured in turns, round after round; a ratio is that of the medians.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median

from msgspec import Struct, field

from . import report
from .peers import Peer, celery_redis, embedded, huey_sqlite, memory, quantile

Running = Callable[[int, Path], AbstractContextManager[Peer]]


class Plan(Struct, frozen=True):
    """How much of a peer is measured: jobs in a round of throughput, jobs started one by one in a round."""

    running: Running
    jobs: int
    singles: int


class Figures(Struct):
    """What was measured of a peer: jobs a second in each round, milliseconds of each single job, MB when idle."""

    name: str
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    idle: float = 0.0


def plans(share: float) -> list[Plan]:
    """The peers that can be measured here, Hotplate first."""
    one_by_one = partial(embedded.running, kind=embedded.OneByOne)
    found = [Plan(embedded.running, int(30_000 * share), int(500 * share)), Plan(one_by_one, int(3_000 * share), 0)]
    if reason := celery_redis.missing():
        print(f"Celery + Redis is left out: {reason}")
    else:
        found.append(Plan(celery_redis.running, int(3_000 * share), int(300 * share)))
    return [*found, Plan(huey_sqlite.running, int(3_000 * share), int(30 * share))]


@contextmanager
def all_running(chosen: Sequence[Plan], concurrency: int) -> Iterator[list[Peer]]:
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in chosen]
        pairs = zip(chosen, folders, strict=True)
        yield [stack.enter_context(plan.running(concurrency, folder)) for plan, folder in pairs]


def measure(chosen: Sequence[Plan], rounds: int) -> list[Figures]:
    """All figures, two jobs at a time; the idle memory with one."""
    with all_running(chosen, 2) as peers:
        figures = [Figures(peer.name) for peer in peers]
        for turn in range(rounds):
            for plan, peer, found in zip(chosen, peers, figures, strict=True):
                print(f"round {turn + 1} of {rounds}: {peer.name}", file=sys.stderr)
                try:
                    found.rates.append(plan.jobs / seconds(partial(peer.many, plan.jobs)))
                    found.waits += [1000 * seconds(peer.one) for _ in range(plan.singles)]
                except TimeoutError as error:  # a peer that loses a job waits for it for ever
                    print(f"round {turn + 1} is left out: {error}", file=sys.stderr)
    with all_running(chosen, 1) as peers:
        for peer, found in zip(peers, figures, strict=True):
            found.idle = memory(peer.workers)
    return figures


def seconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def lines(figures: Sequence[Figures]) -> Iterator[str]:
    """The section of RESULTS.md."""
    ours = figures[0]
    yield report.machine("celery", "redis", "huey")
    yield ""
    head = ("no-op jobs", "jobs/s", "Hotplate is", "start to result, p50 ms", "p99 ms", "idle worker, MB (PSS)")
    yield from report.table(head, (row(found, ours) for found in figures))
    yield ""
    yield "Two jobs at a time: start, run and finish, with the result kept. Idle: a worker with one process for jobs."
    yield "Hotplate flushes each commit to the disk (`HOTPLATE_SYNCHRONOUS=FULL`), Huey does not, this Redis keeps"
    yield f"nothing. In the first row {embedded.AT_ONCE} starts share a commit."


def row(found: Figures, ours: Figures) -> Sequence[str]:
    rate = median(found.rates or [float("nan")])
    return (
        found.name,
        f"{rate:,.0f}",
        "" if found is ours else f"{median(ours.rates) / rate:.1f} x",
        f"{quantile(found.waits, 0.50):.2f}" if found.waits else "",
        f"{quantile(found.waits, 0.99):.2f}" if found.waits else "",
        f"{found.idle:.0f}",
    )


def main() -> None:
    quick = "--quick" in sys.argv[1:]
    figures = measure(plans(0.1 if quick else 1.0), rounds=1 if quick else 3)
    if quick:
        print("\n".join(lines(figures)))
    else:
        report.section("Runs", lines(figures))


if __name__ == "__main__":
    main()
