"""What a run, a log and a worker look like on the wire; docs/wire.md describes the same, golden files hold it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal

from msgspec import Raw, Struct
from msgspec.structs import replace

from ..engine import NodeInfo
from ..firing import Plan
from ..run import ErrorInfo, Event as KeptEvent, FileInfo, Progress, Run as KeptRun, State, WaitingFor, utc

LONGEST_PARAMS = 200
"""So much of the params of a run is told where it stands among others, in characters."""

ScheduleWaitingFor = Literal["no worker alive", "job unknown to every worker", "overlap"]


class Run(Struct, frozen=True, kw_only=True):
    """A run. Times are RFC 3339 in UTC; `seq` rises with everything that happens to the run."""

    id: str
    job: str
    state: State
    attempt: int
    max_attempts: int
    created_at: datetime
    due_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    progress: Progress | None
    queue: str
    priority: int
    key: str | None
    caller: str
    retry_of: str | None
    parent_id: str | None
    waiting_for: WaitingFor | None
    stop_requested: str | None
    seq: int
    result: Any
    result_file: FileInfo | None
    error: ErrorInfo | None


class RunListed(Run, frozen=True, kw_only=True):
    """A run among others, with its params as JSON text, of which `LONGEST_PARAMS` characters are told."""

    params_text: str


class RunInFull(Run, frozen=True, kw_only=True):
    """A run with the params it was started with.

    `place`, while it is queued and due: 1 is to be taken next, 1000 means that or further behind. `traceback` of one
    that failed, for operators.
    """

    params: Any
    place: int | None
    traceback: str | None


class RunPage(Struct, frozen=True):
    """A page of runs; `next` is the `before` of the page that follows, null on the last one and for other sorts than
    by creation."""

    runs: list[RunListed]
    next: int | None


class RunCounts(Struct, frozen=True, kw_only=True):
    """How many runs are in each state."""

    queued: int = 0
    running: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0


class RunEvent(Struct, frozen=True):
    """A log line ({level, logger, text}), a partial result or a move ({move, state, attempt}) of a run."""

    seq: int
    type: Literal["log", "partial", "move"]
    at: datetime
    data: Any


class RunLog(Struct, frozen=True):
    """What a run said after a seq; `next` is the `after` of the next question."""

    events: list[RunEvent]
    next: int


class Node(Struct, frozen=True, kw_only=True):
    """A worker pool that is alive; `memory` in bytes."""

    id: str
    host: str
    pid: int
    concurrency: int
    jobs: list[str]
    queues: list[str] | None
    started_at: datetime
    seen_at: datetime
    running: list[str]
    memory: int | None


class Schedule(Struct, frozen=True, kw_only=True):
    """A rule saying when a job is due: either `cron`, in a `timezone`, or `every` so many seconds.

    Its `version` rises with each change; 0 means that no node has put it on record yet.
    """

    name: str
    job: str
    cron: str | None
    timezone: str | None
    every: float | None
    params: Any
    catch_up: str
    window: float
    overlap: str
    next_at: datetime | None
    upcoming: list[datetime]
    waiting_for: ScheduleWaitingFor | None
    paused_at: datetime | None
    last_due_at: datetime | None
    last_run: str | None
    skipped: int
    skipped_at: datetime | None
    skipped_for: Literal["missed", "overlap"] | None
    version: int


_SHARED = [name for name in Run.__struct_fields__ if name not in ("result", "result_file")]


def to_wire(run: KeptRun, prefix: str = "") -> Run:
    """The run as it goes over the wire; `prefix` is the path that stands before Hotplate's addresses."""
    facts = {name: getattr(run, name) for name in _SHARED}
    return Run(**facts, result=run.result, result_file=_placed(run.result_file, prefix))


def listed(run: KeptRun, prefix: str = "") -> RunListed:
    wire = to_wire(run, prefix)
    facts = {name: getattr(wire, name) for name in Run.__struct_fields__}
    start = bytes(memoryview(run.params)[: 4 * LONGEST_PARAMS])  # a character has four bytes at most
    return RunListed(**facts, params_text=start.decode("utf-8", "ignore")[:LONGEST_PARAMS])


def in_full(run: KeptRun, place: int | None = None, traceback: str | None = None, prefix: str = "") -> RunInFull:
    wire = to_wire(run, prefix)
    facts = {name: getattr(wire, name) for name in Run.__struct_fields__}
    return RunInFull(**facts, params=Raw(bytes(run.params)), place=place, traceback=traceback)


def event_to_wire(event: KeptEvent) -> RunEvent:
    return RunEvent(event.seq, event.type, utc(event.at), Raw(event.data))  # type: ignore[arg-type]


def node_to_wire(node: NodeInfo) -> Node:
    facts = {name: getattr(node, name) for name in Node.__struct_fields__ if not name.endswith("_at")}
    return Node(**facts, started_at=utc(node.started_at), seen_at=utc(node.seen_at))


def schedule_to_wire(plan: Plan, nodes: Sequence[NodeInfo]) -> Schedule:
    """The schedule as it goes over the wire; `nodes` are those that are alive."""
    declared = plan.schedule
    same = ("name", "job", "cron", "every", "catch_up", "window", "overlap")
    return Schedule(
        **{name: getattr(declared, name) for name in same},
        timezone=declared.timezone if declared.cron is not None else None,
        params=Raw(declared.params),
        next_at=_time(plan.next_at),
        upcoming=[utc(moment) for moment in declared.upcoming(plan.next_at)],
        waiting_for=_waiting_for(plan, nodes),
        paused_at=_time(plan.paused_at),
        last_due_at=_time(plan.last_due),
        last_run=plan.last_run,
        skipped=plan.skipped,
        skipped_at=_time(plan.skipped_at),
        skipped_for=plan.skipped_for,  # type: ignore[arg-type]
        version=plan.version,
    )


def _waiting_for(plan: Plan, nodes: Sequence[NodeInfo]) -> ScheduleWaitingFor | None:
    if plan.paused_at is not None:
        return None
    if not nodes:
        return "no worker alive"
    if not any(plan.schedule.job in node.jobs for node in nodes):
        return "job unknown to every worker"
    return "overlap" if plan.held else None


def _time(timestamp: float | None) -> datetime | None:
    return None if timestamp is None else utc(timestamp)


def _placed(file: FileInfo | None, prefix: str) -> FileInfo | None:
    return file and replace(file, url=prefix + file.url)
