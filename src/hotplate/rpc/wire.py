"""What a run, a log and a worker look like on the wire; docs/wire.md describes the same, golden files hold it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from msgspec import Raw, Struct
from msgspec.structs import replace

from ..engine import NodeInfo
from ..run import ErrorInfo, Event as KeptEvent, FileInfo, Progress, Run as KeptRun, State, WaitingFor, utc


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


class RunWithParams(Run, frozen=True, kw_only=True):
    """A run with the params it was started with."""

    params: Any


class RunPage(Struct, frozen=True):
    """A page of runs, newest first; `next` is the `before` of the page that follows, null on the last one."""

    runs: list[Run]
    next: int | None


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


_SHARED = [name for name in Run.__struct_fields__ if name not in ("result", "result_file")]


def to_wire(run: KeptRun, prefix: str = "") -> Run:
    """The run as it goes over the wire; `prefix` is the path that stands before Hotplate's addresses."""
    facts = {name: getattr(run, name) for name in _SHARED}
    return Run(**facts, result=run.result, result_file=_placed(run.result_file, prefix))


def with_params(run: KeptRun, prefix: str = "") -> RunWithParams:
    wire = to_wire(run, prefix)
    facts = {name: getattr(wire, name) for name in Run.__struct_fields__}
    return RunWithParams(**facts, params=Raw(bytes(run.params)))


def event_to_wire(event: KeptEvent) -> RunEvent:
    return RunEvent(event.seq, event.type, utc(event.at), Raw(event.data))  # type: ignore[arg-type]


def node_to_wire(node: NodeInfo) -> Node:
    facts = {name: getattr(node, name) for name in Node.__struct_fields__ if not name.endswith("_at")}
    return Node(**facts, started_at=utc(node.started_at), seen_at=utc(node.seen_at))


def _placed(file: FileInfo | None, prefix: str) -> FileInfo | None:
    return file and replace(file, url=prefix + file.url)
