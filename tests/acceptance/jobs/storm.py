"""Runs that are killed."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from hotplate import current_run

from . import append, grind, hold_on, hp


@hp.job
def step(where: str, number: int, seconds: float = 0.004) -> int:
    append(where, f"begin {number} {current_run.attempt}")
    time.sleep(seconds)
    append(where, f"end {number} {current_run.attempt}")
    return number


@hp.job(concurrency=1)
def solo(room: str, number: int) -> int:
    """Like `step`, and tells of others at the same time; what is killed leaves the room."""
    with Path(room, "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            append(str(Path(room, "met")), current_run.id)
        return step(str(Path(room, "steps")), number, 0.001)


@hp.job(timeout=0.1)
def overdue(where: str, number: int) -> None:
    """Goes beyond its timeout: sometimes kindly, sometimes where only force helps."""
    append(where, f"begin {number} {current_run.attempt}")
    if number % 5 == 0:
        grind()
    hold_on(f"{where}-never")


@hp.job(timeout=1)
def dawdle_long(where: str, gate: str) -> str:
    append(where, os.getpid())
    hold_on(gate)
    return "too late"


@hp.job
def name_attempt(where: str, gate: str) -> int:
    append(where, current_run.attempt)
    hold_on(gate)
    return current_run.attempt


@hp.job
def stand(where: str) -> None:
    """Stands where it is until its worker is killed often enough; says when it was there."""
    append(where, f"{time.time()} {os.getpid()}")
    if current_run.attempt <= 2:
        hold_on(f"{where}-never")
