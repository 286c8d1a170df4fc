"""The trials of tests/acceptance at full size, which takes about ten minutes: `make soak`.

A trial that breaks a guarantee fails. The figures go into benchmarks/RESULTS.md; with names of trials as arguments
those alone are made, and nothing is written. `--engine` names one of those in tests/acceptance/engines.py.
"""

from __future__ import annotations

import os
import time
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import report
from tests.acceptance import trials
from tests.acceptance.engines import ENGINES, NewGround
from tests.acceptance.home import Home

NOTE = """A run came to its end twice where its worker was killed after the last line of the job and before the commit
of its result: at least one execution, exactly one outcome."""

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


def main() -> None:
    parser = ArgumentParser(prog="python -m tests.soak")
    parser.add_argument("trials", nargs="*", metavar="TRIAL", help="; ".join(TRIALS | OF_MANY_NODES))
    parser.add_argument("--engine", choices=ENGINES, default="embedded")
    args = parser.parse_args()
    for name in [name for name in os.environ if name.startswith("HOTPLATE_")]:
        del os.environ[name]
    kind = ENGINES[args.engine]
    with ExitStack() as stack:
        servers = [stack.enter_context(server()) for server in kind.needs]
        possible = TRIALS | (OF_MANY_NODES if kind.nodes > 1 else {})
        chosen = {title: trial for title, trial in possible.items() if not args.trials or title in args.trials}
        found = {title: run(title, trial, lambda data: kind(data, *servers)) for title, trial in chosen.items()}
    if not args.trials:
        write(args.engine, found)


def write(engine: str, found: dict[str, trials.Figures]) -> None:
    """Put the figures of all trials into benchmarks/RESULTS.md."""
    rows = [
        (title if at == 0 else "", name, f"{value:,}" if isinstance(value, int) else f"{value:.2f}")
        for title, figures in found.items()
        for at, (name, value) in enumerate(figures.items())
    ]
    title = "Faults" if engine == "embedded" else f"Faults, {engine}"
    report.section(title, [report.machine(), "", *report.table(["trial", "figure", ""], rows), "", NOTE])


if __name__ == "__main__":
    main()
