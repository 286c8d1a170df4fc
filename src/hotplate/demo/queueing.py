"""A queue before several servers (M/M/c): what Erlang calculated in 1917, and a simulation that yields as it goes."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from random import Random
from typing import Annotated

from msgspec import Meta, Struct

from .. import Chart, Error, Namespace, progress

queueing = Namespace("queueing")

PARTS = 50

Arrivals = Annotated[float, Meta(gt=0, le=1e6, description="Customers that arrive per unit of time, on average.")]
Service = Annotated[float, Meta(gt=0, le=1e6, description="Time that serving a customer takes, on average.")]
Servers = Annotated[int, Meta(ge=1, le=1_000)]
Customers = Annotated[int, Meta(ge=1_000, le=1_000_000_000, description="How many customers are simulated.")]


class Waiting(Struct, frozen=True):
    """How customers wait: the share of them that has to, and how long all of them do on average."""

    customers: int | None
    share_waiting: float
    mean_wait: float


@queueing.method
def erlang_c(arrivals: Arrivals = 0.2, service: Service = 240, servers: Servers = 55) -> Waiting:
    """Calculate the waiting of customers who arrive at random and are served in turn.

    A. K. Erlang: Solution of some problems in the theory of probabilities of significance in automatic telephone
    exchanges, Elektroteknikeren 13 (1917). The recursion over the servers is that of Erlang's formula B.
    """
    load = _load(arrivals, service, servers)
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    share = blocked / (1 - load / servers * (1 - blocked))
    return Waiting(None, share, share * service / (servers - load))


@queueing.job(timeout=600)
def simulate_queue(
    arrivals: Arrivals = 0.2,
    service: Service = 240,
    servers: Servers = 55,
    customers: Customers = 5_000_000,
    seed: int = 0,
) -> Annotated[Iterator[Waiting], Chart(x="customers", y="mean_wait", y_label="mean wait")]:
    """Simulate customer after customer, and yield the waiting so far; it converges to what `erlang_c` calculates."""
    _load(arrivals, service, servers)
    line = _Line(arrivals, service, servers, Random(seed))
    for part in progress(range(PARTS), label="customers"):
        line.serve(customers * (part + 1) // PARTS - customers * part // PARTS)
        yield Waiting(line.served, line.waited / line.served, line.wait / line.served)


class _Line:
    def __init__(self, arrivals: float, service: float, servers: int, random: Random) -> None:
        self._arrivals, self._service_rate, self._random = arrivals, 1 / service, random
        self._free_at = [0.0] * servers
        self._now = 0.0
        self.served, self.waited, self.wait = 0, 0, 0.0

    def serve(self, customers: int) -> None:
        """Let so many customers arrive; each takes the server that is free first."""
        free_at, exponential = self._free_at, self._random.expovariate
        now = self._now
        for _ in range(customers):
            now += exponential(self._arrivals)
            begin = free_at[0]
            if begin > now:
                self.waited += 1
                self.wait += begin - now
            else:
                begin = now
            heapq.heapreplace(free_at, begin + exponential(self._service_rate))
        self._now = now
        self.served += customers


def _load(arrivals: float, service: float, servers: int) -> float:
    load = arrivals * service
    if load >= servers:
        raise Error(1, "The queue grows without end", f"a load of {load:g} needs more than {servers} servers")
    return load
