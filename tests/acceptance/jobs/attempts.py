"""How often a run is attempted."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from hotplate import current_run

from . import append, hold_on, hp


@hp.job(retries=4, backoff=0.1)
def flaky(where: str, good: int) -> int:
    append(where, time.time())
    if current_run.attempt < good:
        raise RuntimeError("not yet")
    return current_run.attempt


@hp.job(retries=1, backoff=60)
def slow_to_recover(where: str) -> None:
    append(where, current_run.attempt)
    raise RuntimeError("a minute, please")


@hp.job(retries=1, backoff=0)
def trip(where: str) -> Any:
    if current_run.saved is None:
        current_run.checkpoint({"step": 1})
        raise RuntimeError("a stone")
    return current_run.saved


@hp.job
def worker_pid() -> int:
    return os.getpid()


@hp.job
def fall(where: str, times: int) -> int:
    """Kills its worker, so many times."""
    append(where, current_run.attempt)
    if len(Path(where).read_text().splitlines()) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return current_run.attempt


@hp.job(rerun_lost=False, retries=3)
def pay(where: str) -> None:
    append(where, current_run.attempt)
    os.kill(os.getpid(), signal.SIGKILL)


@hp.job(rerun_lost=False)
def pay_slowly(where: str, gate: str) -> None:
    append(where, os.getpid())
    hold_on(gate)


@hp.job(rerun_lost=False)
def pay_small(where: str, text: str) -> None:
    append(where, text)


@hp.job
def quit_process(where: str) -> None:
    append(where, current_run.attempt)
    os._exit(7)


@hp.job(retries=1, backoff=0)
def climb(where: str, gate: str, top: int) -> list[int]:
    """Saves each step; waits for the gate in the middle."""
    begun = current_run.saved or 0
    for step in range(begun, top):
        append(where, f"{current_run.attempt} {step} {os.getpid()}")
        current_run.checkpoint(step + 1)
        if step == top // 2:
            hold_on(gate)
    return [begun, current_run.attempt]
