"""Runs beside the jobs of other queues: throughput, time from start to result, memory of an idle worker.

    python -m benchmarks.runs [--quick] [--only one|many]

First on one machine, with Hotplate's record in SQLite; then as on many (`benchmarks.cluster`), with PostgreSQL and
brokers that are started for it.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from functools import partial

from . import cluster, report
from .cluster import Servers, within
from .measuring import Figures, Plan, figure, is_there, measure
from .peers import celery_jobs, hotplate_jobs


def plans(servers: Servers, share: float) -> Iterator[Plan]:
    """The peers that can be measured here, Hotplate first."""
    each = partial(hotplate_jobs.running, name="Hotplate, each start a commit", kind=hotplate_jobs.OneByOne)
    yield Plan(partial(hotplate_jobs.running, name="Hotplate"), int(30_000 * share), int(500 * share))
    yield Plan(each, int(3_000 * share), 0)
    if servers.redis:
        celery = partial(celery_jobs.running, name="Celery + Redis")
        yield Plan(within(celery, broker=servers.redis), int(3_000 * share), int(300 * share))
    if is_there("Huey", "huey"):
        from .peers import huey_sqlite  # noqa: PLC0415 - it is installed for benchmarks only

        yield Plan(huey_sqlite.running, int(3_000 * share), int(30 * share))


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
    yield f"nothing. In the first row {hotplate_jobs.AT_ONCE} starts share a commit."


def row(found: Figures, ours: Figures) -> Sequence[str]:
    return (
        found.name,
        figure(found.rate, ",.0f"),
        "" if found is ours else figure(ours.rate / found.rate, ".1f") + " x",
        figure(found.wait(0.50), ".2f"),
        figure(found.wait(0.99), ".2f"),
        figure(found.idle, ".0f"),
    )


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.runs")
    parser.add_argument("--quick", action="store_true", help="a tenth, once, and printed alone")
    parser.add_argument("--only", choices=["one", "many"], help="as on one machine, or as on many")
    args = parser.parse_args()
    share, rounds = (0.1, 1) if args.quick else (1.0, 3)
    sections: dict[str, list[str]] = {}
    with cluster.servers() as servers:
        if args.only != "many":
            sections["Runs"] = list(lines(measure(list(plans(servers, share)), rounds)))
        if args.only != "one" and (chosen := list(cluster.plans(servers, share))):
            sections["Runs on many machines"] = list(cluster.lines(measure(chosen, rounds), servers))
    for title, found in sections.items():
        report.section(title, found, is_kept=not args.quick)


if __name__ == "__main__":
    main()
