"""What becomes of a run when an attempt has ended: the one place where retries and lost workers are decided."""

from __future__ import annotations

import random
import time
from typing import Any

import msgspec

from ...engine import Claim, Outcome
from ...errors import Error, MemoryLimit, RunCancelled, RunTimedOut, WorkerLost
from ...options import Known
from ...run import ErrorInfo
from ...worker.channel import Done

LONGEST_BACKOFF_S = 3600.0

_encode = msgspec.json.Encoder().encode


def ended(claim: Claim, known: Known, done: Done, stopped_for: str | None) -> Outcome:
    """The outcome of an attempt that came to an end in its worker."""
    facts: dict[str, Any] = {"begun_at": done.begun_at, "progress": done.progress}
    # Within the grace a job that was told to stop may still give an answer; one that was never told comes too late.
    overdue = stopped_for == "timeout" or done.ended_at - done.begun_at > (known.timeout or float("inf"))
    how = "stopped" if overdue and not done.knew else done.how
    if how == "returned":
        move = "succeed"
        facts |= {"result": done.result, "result_file": done.result_file}
    elif how == "stopped" and stopped_for == "cancel":
        move = "cancel"
    elif how == "refused" or claim.attempt >= claim.max_attempts:
        move = "fail"
    else:
        return _outcome(claim, move="retry", at=done.ended_at, due_at=_retry_at(claim, known), begun_at=done.begun_at)
    if move == "fail" and how == "stopped":
        facts |= {"error": _json(timed_out(known))}
    elif move != "succeed":
        facts |= {"error": done.error, "traceback": done.traceback}
    return _outcome(claim, move=move, at=done.ended_at, **facts)


def killed(claim: Claim, known: Known, reason: str) -> Outcome:
    """The outcome of an attempt whose worker was ended for `cancel`, `timeout` or `memory`."""
    now = time.time()
    if reason == "cancel":
        return _outcome(claim, move="cancel", at=now, error=_json(RunCancelled()))
    if reason == "memory":
        limit = f"the run needed more than its limit of {known.memory} bytes"
        return _outcome(claim, move="fail", at=now, error=_json(MemoryLimit(data=limit)))
    if claim.attempt < claim.max_attempts:
        return _outcome(claim, move="retry", at=now, due_at=_retry_at(claim, known))
    return _outcome(claim, move="fail", at=now, error=_json(timed_out(known)))


def lost(claim: Claim, status: int) -> Outcome:
    """The outcome of an attempt in which the worker died."""
    now = time.time()
    if claim.lost + 1 < claim.lost_limit:
        return _outcome(claim, move="lose", at=now)
    how = f"signal {-status}" if status < 0 else f"exit status {status}"
    error = WorkerLost(data=f"the worker process ended without an answer ({how}), {claim.lost + 1} times by now")
    return _outcome(claim, move="fail", at=now, error=_json(error))


def released(claim: Claim) -> Outcome:
    """The outcome of an attempt that was not begun, or that is given up because the node ends."""
    return _outcome(claim, move="release", at=time.time())


def _outcome(claim: Claim, **facts: Any) -> Outcome:
    return Outcome(id=claim.id, attempt=claim.attempt, queue=claim.queue, job=claim.job, **facts)


def timed_out(known: Known) -> RunTimedOut:
    return RunTimedOut(data=f"the run took longer than {known.timeout:g} s" if known.timeout else None)


def _retry_at(claim: Claim, known: Known) -> float:
    """Exponential back-off with equal jitter, so that runs that failed together do not come back together."""
    wait = min(known.backoff * 2.0 ** (claim.attempt - 1), LONGEST_BACKOFF_S)
    return time.time() + wait * random.uniform(0.5, 1.0)


def _json(error: Error) -> bytes:
    return _encode(ErrorInfo.of(error))
