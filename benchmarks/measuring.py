"""How queues are measured: peers in turns, round after round, so that a busy moment of the machine hits them all.

Throughput counts start, run and finish of jobs that do nothing, two at a time, until every result is kept. A ratio is
that of the medians.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from importlib.util import find_spec
from math import isnan
from pathlib import Path
from statistics import median

from msgspec import Struct, field

from .peers import Peer, memory, quantile

Running = Callable[[int, Path], AbstractContextManager[Peer]]

NOTHING = float("nan")


class Plan(Struct, frozen=True):
    """How much of a peer is measured: jobs in a round of throughput, jobs started one by one in a round.

    Where there are none of the latter, the row is about throughput only. broker: what the peer's messages go through.
    """

    running: Running
    jobs: int
    singles: int
    broker: str = ""


class Figures(Struct):
    """What was measured of a peer: jobs a second in each round, milliseconds of each single job, MB when idle."""

    name: str
    broker: str
    rates: list[float] = field(default_factory=list)
    waits: list[float] = field(default_factory=list)
    idle: float = NOTHING

    @property
    def rate(self) -> float:
        return median(self.rates or [NOTHING])

    def wait(self, share: float) -> float:
        """What this share of the single jobs did not exceed, in milliseconds."""
        return quantile(self.waits or [NOTHING], share)


def is_there(name: str, *packages: str) -> bool:
    """Whether a peer's packages are installed; says so if not."""
    missing = [package for package in packages if find_spec(package) is None]
    if missing:
        left_out(name, f"{', '.join(missing)} is not installed (make .venv/.bench)")
    return not missing


def left_out(name: str, reason: str) -> None:
    print(f"{name} is left out: {reason}", file=sys.stderr)


@contextmanager
def all_running(chosen: Sequence[Plan], concurrency: int) -> Iterator[list[Peer]]:
    with ExitStack() as stack:
        folders = [Path(stack.enter_context(tempfile.TemporaryDirectory())) for _ in chosen]
        pairs = zip(chosen, folders, strict=True)
        yield [stack.enter_context(plan.running(concurrency, folder)) for plan, folder in pairs]


def measure(chosen: Sequence[Plan], rounds: int) -> list[Figures]:
    """All figures, two jobs at a time; the idle memory with one."""
    with all_running(chosen, 2) as peers:
        figures = [Figures(peer.name, plan.broker) for plan, peer in zip(chosen, peers, strict=True)]
        for turn in range(rounds):
            for plan, peer, found in zip(chosen, peers, figures, strict=True):
                print(f"round {turn + 1} of {rounds}: {peer.name}", file=sys.stderr)
                try:
                    found.rates.append(plan.jobs / seconds(partial(peer.many, plan.jobs)))
                    found.waits += [1000 * seconds(peer.one) for _ in range(plan.singles)]
                except TimeoutError as error:  # a peer that loses a job waits for it for ever
                    print(f"round {turn + 1} is left out: {error}", file=sys.stderr)
    alone = [(plan, found) for plan, found in zip(chosen, figures, strict=True) if plan.singles]
    with all_running([plan for plan, _ in alone], 1) as peers:
        for peer, (_, found) in zip(peers, alone, strict=True):
            found.idle = memory(peer.workers)
    return figures


def seconds(act: Callable[[], None]) -> float:
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun


def figure(value: float, form: str) -> str:
    """A cell of a table: empty where nothing was measured."""
    return "" if isnan(value) else format(value, form)
