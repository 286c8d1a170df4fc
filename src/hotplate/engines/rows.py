"""Rows of the record as values: the one place where a `Run` is made from what a ledger holds."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import msgspec
from msgspec import Raw

from ..engine import LaneCount, NodeInfo
from ..run import ErrorInfo, FileInfo, NewRun, Progress, Run, WaitingFor, utc

COLUMNS = (
    "id, job, state, attempt, max_attempts, created_at, due_at, started_at, finished_at, progress, queue, priority, "
    "key, caller, retry_of, parent_id, stop_requested, seq, params, result, result_file, error"
)

_progress = msgspec.json.Decoder(Progress).decode
_error = msgspec.json.Decoder(ErrorInfo).decode


class Waiting:
    """Tells why a queued run waits, as of `now`: `nodes` are alive, the jobs `full` are at their limits."""

    def __init__(self, now: float, nodes: Sequence[NodeInfo], full: Collection[str]) -> None:
        self.now, self._nodes, self._full = now, nodes, full

    def reason(self, job: str, queue: str, due_at: float) -> WaitingFor | None:
        if due_at > self.now:
            return "delay"
        if not self._nodes:
            return "no worker alive"
        if not any(job in node.jobs and (node.queues is None or queue in node.queues) for node in self._nodes):
            return "job unknown to every worker"
        return "concurrency" if job in self._full else None


def run_of(row: Sequence[Any], file: FileInfo | None, waiting: Waiting) -> Run:
    """The run of a row of `COLUMNS`."""
    (id_, job, state, attempt, max_attempts, created, due, started, finished, progress, queue, priority) = row[:12]
    (key, caller, retry_of, parent_id, stop, seq, params, result, _, error) = row[12:]
    return Run(
        id=id_,
        job=job,
        state=state,
        attempt=attempt,
        max_attempts=max_attempts,
        created_at=utc(created),
        due_at=utc(due),
        started_at=None if started is None else utc(started),
        finished_at=None if finished is None else utc(finished),
        progress=None if progress is None else _progress(progress),
        queue=queue,
        priority=priority,
        key=key,
        caller=caller,
        retry_of=retry_of,
        parent_id=parent_id,
        waiting_for=waiting.reason(job, queue, due) if state == "queued" else None,
        stop_requested=stop,
        seq=seq,
        params=Raw(params),
        result=None if result is None else Raw(result),
        result_file=file,
        error=None if error is None else _error(error),
    )


def started(new: NewRun, now: float, waiting: Waiting) -> Run:
    """The run that was put on record as `new`, at `now`, just as a ledger would give it back."""
    due = new.due(now)
    return Run(
        id=new.id,
        job=new.job,
        state="queued",
        attempt=0,
        max_attempts=new.max_attempts,
        created_at=utc(now),
        due_at=utc(due),
        queue=new.queue,
        priority=new.priority,
        key=new.key,
        caller=new.caller,
        retry_of=new.retry_of,
        parent_id=new.parent_id,
        waiting_for=waiting.reason(new.job, new.queue, due),
        params=Raw(new.params),
    )


def lane_counts(ready: Sequence[Any], delayed: Sequence[Any], running: Sequence[Any]) -> list[LaneCount]:
    """Rows of queue, job and how many, those that are ready also with the time since when, as one list by lanes."""
    waiting = {row[:2]: row[2:] for row in ready}
    later = {row[:2]: row[2] for row in delayed}
    going = {row[:2]: row[2] for row in running}
    lanes = []
    for queue, job in sorted({*waiting, *later, *going}):
        n, since = waiting.get((queue, job), (0, None))
        of_lane = {"ready": n, "delayed": later.get((queue, job), 0), "running": going.get((queue, job), 0)}
        lanes.append(LaneCount(queue=queue, job=job, ready_since=since, **of_lane))
    return lanes
