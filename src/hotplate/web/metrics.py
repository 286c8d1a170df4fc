"""What operators watch, as figures for Prometheus.

Figures of runs are those of the record: the same whichever process is asked. Those of calls are of the process that
answers, and carry its id.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from msgspec import Struct

from ..engine import DURATIONS, UNTIMED, Counts, Engine, NodeInfo
from ..rpc.calls import BOUNDS as CALL_BOUNDS, Calls
from .exposition import Family

COUNT_S = 5.0
"""How long to wait for the record, in seconds: less than Prometheus waits for us."""


class Watched(Struct, frozen=True):
    """What the record and the engine's nodes say."""

    counts: Counts
    nodes: Sequence[NodeInfo]


def watch(engine: Callable[[], Engine]) -> Watched:
    """Look into the record."""
    ledger = engine().ledger
    return Watched(ledger.counts(), ledger.nodes())


def of_record(watched: Watched | None) -> Iterable[Family]:
    """Figures of runs and nodes; None: the record could not be read."""
    up = Family("hotplate_record_up", "gauge", "Whether the record of runs can be read: 1 or 0.")
    up.add(0 if watched is None else 1)
    yield up
    if watched is not None:
        yield from _under_way(watched.counts)
        yield from _ended(watched.counts)
        yield from _nodes(watched.nodes)


def _under_way(counts: Counts) -> Iterable[Family]:
    runs = Family("hotplate_runs", "gauge", "Runs that have not ended, by queue, job and state.")
    age = Family("hotplate_oldest_ready_seconds", "gauge", "For how long the oldest run of a queue waits for a worker.")
    oldest: dict[str, float] = {}
    for lane in counts.lanes:
        for state, n in (("ready", lane.ready), ("delayed", lane.delayed), ("running", lane.running)):
            runs.add(n, queue=lane.queue, job=lane.job, state=state)
        since = counts.at if lane.ready_since is None else lane.ready_since
        oldest[lane.queue] = min(oldest.get(lane.queue, since), since)
    for queue, since in oldest.items():
        age.add(max(counts.at - since, 0.0), queue=queue)
    running = Family("hotplate_job_running", "gauge", "Runs of a job with a limit that go on, over all queues.")
    limit = Family("hotplate_job_limit", "gauge", "How many runs of a job may go on at once.")
    for one in counts.limits:
        running.add(one.running, job=one.job)
        limit.add(one.cap, job=one.job)
    return runs, age, running, limit


def _ended(counts: Counts) -> Iterable[Family]:
    ends = Family("hotplate_attempts_total", "counter", "Attempts at runs that have ended, by job and outcome.")
    took = Family("hotplate_attempt_duration_seconds", "histogram", "How long attempts took, from begin to end.")
    outcomes: defaultdict[tuple[str, str], int] = defaultdict(int)
    times: defaultdict[str, dict[float, int]] = defaultdict(dict)
    seconds: defaultdict[str, float] = defaultdict(float)
    for tally in counts.tallies:
        outcomes[tally.job, tally.outcome] += tally.n
        if tally.le != UNTIMED:
            times[tally.job][tally.le] = times[tally.job].get(tally.le, 0) + tally.n
            seconds[tally.job] += tally.seconds
    for (job, outcome), n in sorted(outcomes.items()):
        ends.add(n, job=job, outcome=outcome)
    for job, within in sorted(times.items()):
        took.distribute(DURATIONS, [within.get(bound, 0) for bound in DURATIONS], seconds[job], job=job)
    return ends, took


def _nodes(nodes: Sequence[NodeInfo]) -> Iterable[Family]:
    alive = Family("hotplate_nodes", "gauge", "Nodes that are alive.")
    workers = Family("hotplate_workers", "gauge", "Runs that the nodes can execute side by side.")
    busy = Family("hotplate_workers_busy", "gauge", "Workers that were executing a run a few seconds ago.")
    memory = Family("hotplate_workers_memory_bytes", "gauge", "Memory in use by all workers and what they started.")
    alive.add(len(nodes))
    workers.add(sum(node.concurrency for node in nodes))
    busy.add(sum(len(node.running) for node in nodes))
    memory.add(sum(node.memory or 0 for node in nodes))
    return alive, workers, busy, memory


def of_calls(calls: Calls) -> Iterable[Family]:
    """Figures of the calls that this process has answered."""
    process = str(os.getpid())
    ends = Family("hotplate_calls_total", "counter", "Calls that this process has answered, by method and outcome.")
    took = Family("hotplate_call_duration_seconds", "histogram", "How long this process took to answer calls.")
    for times in sorted(calls.all(), key=lambda times: times.method):
        for outcome, n in times.outcomes():
            ends.add(n, method=times.method, outcome=outcome, process=process)
        took.distribute(CALL_BOUNDS, times.within, times.seconds, method=times.method, process=process)
    return ends, took
