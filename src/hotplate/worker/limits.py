"""What the system holds a process to: a worker dies with its node, yields to others and has a memory limit; a web
process may have many connections."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1  # linux/prctl.h
NICENESS = 5
MOST_FILES = 100_000

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
"""Numerical libraries read these when they are loaded: each worker gets its share of the cores."""


def die_with(parent: int, number: signal.Signals = signal.SIGKILL) -> None:
    """Let the system send this process a signal when the one that started it ends. Call it in the main thread."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        os._exit(1)  # it ended before the line above


def open_many_files() -> None:
    """Let this process have as many connections as it may: many systems allow 1024 files until they are asked."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def yield_to_others() -> None:
    """Let the web server and the node go first."""
    with suppress(OSError):
        os.nice(NICENESS)


def thread_environment(workers: int) -> dict[str, str]:
    """The environment that divides the cores between `workers`; what the user has set stays."""
    share = str(max(1, (os.cpu_count() or 1) // workers))
    return {name: share for name in THREAD_VARIABLES if name not in os.environ}


@contextmanager
def memory_limit(extra: int | None) -> Iterator[None]:
    """Let the process allocate `extra` bytes more than it has now; beyond that, MemoryError. Linux only."""
    if extra is None or sys.platform != "linux":
        yield
        return
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")  # so that its peak is this run's own (proc(5))
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    wanted = data_size() + extra
    resource.setrlimit(resource.RLIMIT_DATA, (wanted if hard == resource.RLIM_INFINITY else min(wanted, hard), hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def data_size() -> int:
    """What counts for RLIMIT_DATA in this process, in bytes (proc(5): VmData)."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
