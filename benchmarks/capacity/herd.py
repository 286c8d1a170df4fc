"""A simulation of wake-ups: many idle nodes, runs that arrive, and a database with so many cores.

Where NOTIFY wakes the nodes, each start is told to all of them, and each idle one looks; where a broker does, one of
them is told. A node looks again as soon as it was told something meanwhile; looks and claims line up for the database's
cores. Times are those measured; what is random comes from a seed.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable

from msgspec import Struct

from benchmarks.peers import quantile

SEED = 20
LATENCY_S = 0.0005
"""From a word to the one who hears it, on average."""
TIMES = 500
"""Runs in one simulation."""


class Herd(Struct, frozen=True):
    """What came of it. looks: for each run; idle: share of them that found nothing; busy: share of the cores' time.

    p50_ms, p99_ms: from a run's start to its claim.
    """

    nodes: int
    runs_per_s: float
    by: str
    looks: float
    in_vain: float
    busy: float
    p50_ms: float
    p99_ms: float


class Prices(Struct, frozen=True):
    """Seconds of a core: for a look that finds nothing, for taking a run, for telling one listener."""

    look_s: float
    take_s: float
    tell_s: float


class Simulation:
    """One of them. `broker`: one node is told of a start, else all."""

    def __init__(self, nodes: int, runs_per_s: float, prices: Prices, cores: int, *, broker: bool) -> None:
        self._random = random.Random(SEED)
        self._nodes, self._rate, self._prices, self._broker = nodes, runs_per_s, prices, broker
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._n, self._now = 0, 0.0
        self._free, self._line = cores, deque[tuple[float, Callable[[], None]]]()
        self._waiting: deque[float] = deque()
        self._looking, self._told = [False] * nodes, [False] * nodes
        self._looks = self._vain = 0
        self._busy_s = 0.0
        self._waits: list[float] = []

    def run(self, cores: int, by: str) -> Herd:
        at = 0.0
        for _ in range(TIMES):
            at += self._random.expovariate(self._rate)
            self._later(at, self._start)
        while self._events and len(self._waits) < TIMES:
            self._now, _, act = heapq.heappop(self._events)
            act()
        return Herd(
            nodes=self._nodes,
            runs_per_s=self._rate,
            by=by,
            looks=round(self._looks / TIMES, 2),
            in_vain=round(self._vain / max(self._looks, 1), 4),
            busy=round(min(self._busy_s / (self._now * cores), 1.0), 4),
            p50_ms=round(1000 * quantile(self._waits, 0.50), 2),
            p99_ms=round(1000 * quantile(self._waits, 0.99), 2),
        )

    def _later(self, at: float, act: Callable[[], None]) -> None:
        self._n += 1
        heapq.heappush(self._events, (at, self._n, act))

    def _start(self) -> None:
        self._waiting.append(self._now)
        told = [self._random.randrange(self._nodes)] if self._broker else range(self._nodes)

        def tell() -> None:
            for node in told:
                self._hear(node)

        if self._broker:
            self._later(self._now + self._random.expovariate(1 / LATENCY_S), tell)
        else:
            self._ask(self._prices.tell_s * self._nodes, tell)

    def _hear(self, node: int) -> None:
        if self._looking[node]:
            self._told[node] = True
            return
        self._looking[node] = True
        self._later(self._now + self._random.expovariate(1 / LATENCY_S), lambda: self._look(node))

    def _look(self, node: int) -> None:
        self._looks += 1
        self._ask(self._prices.look_s, lambda: self._looked(node))

    def _looked(self, node: int) -> None:
        if self._waiting:
            self._waits.append(self._now - self._waiting.popleft())
            self._ask(self._prices.take_s, lambda: self._done(node))
        else:
            self._vain += 1
            self._done(node)

    def _done(self, node: int) -> None:
        self._looking[node] = False
        if self._told[node]:
            self._told[node] = False
            self._hear(node)

    def _ask(self, seconds: float, then: Callable[[], None]) -> None:
        """Have a core of the database do something, as soon as one is free."""
        self._line.append((seconds, then))
        self._serve()

    def _serve(self) -> None:
        while self._free and self._line:
            seconds, then = self._line.popleft()
            self._free -= 1
            self._busy_s += seconds

            def end(then: Callable[[], None] = then) -> None:
                self._free += 1
                then()
                self._serve()

            self._later(self._now + seconds, end)
