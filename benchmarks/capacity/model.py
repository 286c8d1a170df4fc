"""What a load asks of PostgreSQL and a broker, computed from what one run and one idle process cost."""

from __future__ import annotations

from math import ceil

from msgspec import Struct

from .costs import Costs, Fan
from .herd import Herd, Prices, Simulation
from .sizes import Sizes

MONTH_S = 30 * 86_400.0
BILLION = 1e9
PEAK = 10.0
"""What the busiest minutes have of the mean."""

SAYINGS_PER_S = 50.0
"""NOTIFYs a second of one process, at most: `engines.pauses.LONGEST_S`."""

CORES = 16
"""Of a large database server."""
BROKER = "broker"

SWEEPERS = ("sweep: beats", "sweep: runs of the dead", "sweep: limits counted anew")
"""What only one of all nodes asks."""


class Load(Struct, frozen=True):
    """workers: as many as nodes with `each` of them have together; webs: web processes; runs_per_s: on average."""

    name: str
    workers: int
    each: int
    webs: int
    runs_per_s: float
    nodes_listen: bool = True

    @property
    def nodes(self) -> int:
        return ceil(self.workers / self.each)

    @property
    def listeners(self) -> int:
        return self.webs + (self.nodes if self.nodes_listen else 0)


LOADS = (
    Load("10 workers, runs of 1 s", 10, 5, 2, 10.0),
    Load("1,000 workers, runs of 1 s", 1_000, 20, 8, 1_000.0),
    Load("10⁹ runs a month, mean", 100_000, 32, 32, BILLION / MONTH_S),
    Load("10⁹ runs a month, peak", 100_000, 32, 32, PEAK * BILLION / MONTH_S),
    Load("100,000 workers, runs of 1 s", 100_000, 32, 200, 100_000.0),
)


class Demand(Struct, frozen=True):
    """What a load asks for, a second unless it says otherwise."""

    nodes: int
    connections: int
    listeners: int
    rows_written: float
    transactions: float
    flushes: float
    wal_mb: float
    statements: float
    idle_statements: float
    beats: float
    cores: float
    notifies: float
    deliveries: float
    notify_cores: float
    messages: float
    gb_a_month: float


def demand(load: Load, costs: Costs, sizes: Sizes) -> Demand:
    """Each run is started by itself and somebody waits for it; sharing commits makes it cheaper, never dearer.

    Half of the nodes are idle at a time, which is when they look by themselves.
    """
    run, rate = costs.one_by_one, load.runs_per_s
    said = min(run.calls.get("notify", 0.0) * rate, SAYINGS_PER_S * (load.nodes + load.webs))
    idle = _idle_statements(load, costs)
    return Demand(
        nodes=load.nodes,
        connections=load.nodes * costs.connections["node"] + load.webs * costs.connections["web process"],
        listeners=load.listeners,
        rows_written=3 * rate,
        transactions=run.transactions * rate,
        flushes=run.flushes * rate,
        wal_mb=sizes.wal_full * rate / 1e6,
        statements=run.statements * rate + idle,
        idle_statements=idle,
        beats=costs.idle.calls.get("beat", 0.0) * load.nodes,
        cores=run.cpu_s * rate + idle * statement_s(costs),
        notifies=said,
        deliveries=said * load.listeners,
        notify_cores=said * notify_ms(costs.fan, load.listeners) / 1000,
        messages=costs.messages_one_by_one * rate,
        gb_a_month=rate * MONTH_S * sum(sizes.bytes_per_run.values()) / 1e9,
    )


def _idle_statements(load: Load, costs: Costs) -> float:
    every = {name: calls for name, calls in costs.idle.calls.items() if name not in SWEEPERS}
    once = sum(costs.idle.calls.get(name, 0.0) for name in SWEEPERS)
    return load.nodes * sum(every.values()) + once


def statement_s(costs: Costs) -> float:
    """Processor time of a statement, as those of a run take on average."""
    return costs.one_by_one.cpu_s / costs.one_by_one.statements


def notify_ms(fan: list[Fan], listeners: int) -> float:
    """Processor time of a NOTIFY with so many listeners: on the lines between what was measured, or on the last one."""
    at = next((at for at, one in enumerate(fan[1:-1], 1) if one.listeners >= listeners), len(fan) - 1)
    few, many = fan[at - 1], fan[at]
    slope = (many.cpu_ms - few.cpu_ms) / (many.listeners - few.listeners)
    return few.cpu_ms + slope * (listeners - few.listeners)


def notify_s(costs: Costs, load: Load) -> float:
    """Processor time of the NOTIFYs of a run."""
    return costs.one_by_one.calls.get("notify", 0.0) * notify_ms(costs.fan, load.listeners) / 1000


def most_runs_per_s(load: Load, costs: Costs, cores: float) -> float:
    """Runs a second at which PostgreSQL with so many cores is busy all the time, with all nodes and web processes."""
    free = cores - _idle_statements(load, costs) * statement_s(costs)
    return max(free / (costs.one_by_one.cpu_s + notify_s(costs, load)), 0.0)


def prices(costs: Costs) -> Prices:
    """What the simulation needs to know."""
    few, many = costs.fan[0], costs.fan[-1]
    tell_s = (many.cpu_ms - few.cpu_ms) / (many.listeners - few.listeners) / 1000
    return Prices(look_s=costs.look_s, take_s=costs.take_s, tell_s=tell_s)


def herds(costs: Costs) -> list[Herd]:
    """How long runs of these loads wait for their claim, with NOTIFY and with a broker."""
    return [
        Simulation(load.nodes, load.runs_per_s, prices(costs), CORES, broker=by == BROKER).run(CORES, by)
        for load in LOADS[:-1]
        for by in ("NOTIFY", BROKER)
    ]
