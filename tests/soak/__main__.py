"""The trials of tests/acceptance at full size, which takes about a quarter of an hour: `make soak`.

A trial that breaks a guarantee fails. The figures go into benchmarks/SOAK.md; with names of trials as arguments those
alone are made, and nothing is written. `--engine`, as often as there is something to choose, names some of those in
tests/acceptance/engines.py, for all trials on it; without it, these are the trials on the embedded engine, and those of
many machines on both brokers.
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report
from tests.acceptance import trials
from tests.acceptance.engines import CLUSTERS, ENGINES, NewGround
from tests.acceptance.home import Home
from tests.acceptance.machines import Machines
from tests.acceptance.outages import KILL_EVERY_S, PLAN, Scale, outages

USUAL = {"embedded": "One machine, embedded"} | {engine: f"Many machines, {engine}" for engine in CLUSTERS}
"""The sections that are written where nothing is chosen."""

LEASE_S = 15.0

NOTE = """A run came to its end twice where its worker was killed after the last line of the job and before the commit
of its result, or its machine was taken for dead: at least one execution, exactly one outcome."""

PLAN_NOTE = f"""There are two machines with two workers each: nodes that know nothing of each other's processes, on ways
of their own to database and broker. The lease is {LEASE_S:g} s, and every {KILL_EVERY_S:g} s a worker is killed.
What else happens, when such a share of the runs has ended and what was broken before has been mended:"""

TRIALS: dict[str, Callable[[Home], trials.Figures]] = {
    "10,000 runs, something killed every second or so": lambda home: trials.kills_under_load(
        home, 10_000, seconds=0.02, faults=100
    ),
    "Everything killed in the midst of starts": lambda home: trials.kills_of_everything(home, rounds=100),
    "Worker killed": lambda home: trials.killed_workers(home, times=25),
    "Node killed": lambda home: trials.killed_nodes(home, times=10),
    "One at a time, workers and nodes killed": lambda home: trials.one_at_a_time(home, 5000, faults=100),
    "Storm of cancels": lambda home: trials.cancels(home, runs=3000),
    "Storm of timeouts": lambda home: trials.timeouts(home, runs=200, timeout=300),
    "Racing starts": lambda home: trials.racing_starts(home, keys=1000),
}

OF_MANY_NODES: dict[str, Callable[[Home], trials.Figures]] = {
    "One of two nodes killed": lambda home: trials.killed_nodes_among_others(home, times=10),
    "Connections to the database ended": lambda home: trials.cut_connections(home, 5000, cuts=100),
}

OF_MANY_MACHINES: dict[str, Callable[[Home], trials.Figures]] = {
    "10,000 runs, everything that they depend on fails": lambda home: everything_fails(home, 10_000),
}


def everything_fails(home: Home, runs: int) -> trials.Figures:
    with closing(Machines(home, LEASE_S)) as machines:
        return outages(machines, Scale(runs, seconds=0.03, pause=0.4, timeout=120))


Trials = Mapping[str, Callable[[Home], trials.Figures]]


def parts(engine: str) -> dict[str, Trials]:
    """The trials on one engine, by the section of the report."""
    kind = ENGINES[engine]
    found: dict[str, Trials] = {f"One machine, {engine}": TRIALS | (OF_MANY_NODES if kind.nodes > 1 else {})}
    return found | ({f"Many machines, {engine}": OF_MANY_MACHINES} if engine in CLUSTERS else {})


def run(title: str, trial: Callable[[Home], trials.Figures], new_ground: NewGround) -> trials.Figures:
    """One trial in a home of its own."""
    print(f"{title} …", flush=True)
    begun = time.monotonic()
    with TemporaryDirectory() as folder:
        home = Home(Path(folder), new_ground)
        try:
            with home.app.app_context():
                figures = trial(home)
        finally:
            home.close()
    for name, value in (figures := figures | {"s in all": time.monotonic() - begun}).items():
        print(f"  {name}: {value:.3g}" if isinstance(value, float) else f"  {name}: {value:,}", flush=True)
    return figures


def run_on(engine: str, chosen: Trials) -> dict[str, trials.Figures]:
    """These trials on one engine, with servers of their own."""
    kind = ENGINES[engine]
    with ExitStack() as stack:
        servers = [stack.enter_context(server()) for server in kind.needs]
        return {title: run(title, trial, lambda data: kind(data, *servers)) for title, trial in chosen.items()}


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.soak")
    titles = TRIALS | OF_MANY_NODES | OF_MANY_MACHINES
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help="; ".join(titles))
    parser.add_argument("--engine", action="append", choices=ENGINES, help="all trials on it; may be given again")
    args = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("HOTPLATE_")]:
        del os.environ[name]
    for engine in args.engine or USUAL:
        for section, possible in parts(engine).items():
            if not args.engine and section != USUAL[engine]:
                continue
            chosen = {title: trial for title, trial in possible.items() if not args.trials or title in args.trials}
            found = run_on(engine, chosen) if chosen else {}
            if not args.trials:
                write(section, found)


def write(section: str, found: dict[str, trials.Figures]) -> None:
    """Put the figures of all trials of a section into benchmarks/SOAK.md."""
    rows = [
        (title if at == 0 else "", name, f"{value:,}" if isinstance(value, int) else f"{value:.2f}")
        for title, figures in found.items()
        for at, (name, value) in enumerate(figures.items())
    ]
    lines = [report.machine(), "", *report.table(["trial", "figure", ""], rows), "", NOTE]
    if found.keys() & OF_MANY_MACHINES.keys():
        plan = [(fault.name, f"{share:.0%}") for share, fault in PLAN]
        lines += ["", PLAN_NOTE, "", *report.table(["fault", "at"], plan)]
    report.soak_section(section, lines)


if __name__ == "__main__":
    main()
