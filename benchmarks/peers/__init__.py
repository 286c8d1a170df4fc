"""What Hotplate is measured beside: each peer with a no-op job, a worker of its own, and the same three verbs."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

START_S = 60.0
"""How long a worker may take to answer its first job, in seconds."""


class Peer(Protocol):
    """A queue with a worker behind it that runs a job which does nothing and returns 1."""

    name: str
    workers: int
    """Process id of what executes the jobs, with its children."""

    def many(self, count: int) -> None:
        """Start `count` jobs as fast as the peer takes them; return when all have ended and their results are kept."""

    def one(self) -> None:
        """Start a job and wait for its result."""


@contextmanager
def spawned(*argv: str, environ: Mapping[str, str], log: Path) -> Iterator[int]:
    """A console script of this environment, in a process group of its own, which is ended in the end; its id."""
    command = [str(Path(sys.executable).with_name(argv[0])), *argv[1:]]
    with log.open("ab") as output:
        child = subprocess.Popen(
            command, env=os.environ | dict(environ), stdout=output, stderr=output, start_new_session=True
        )
    try:
        yield child.pid
    except Exception:
        print(log.read_text("utf-8", "replace")[-4000:], file=sys.stderr)
        raise
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGTERM)
    try:
        child.wait(10)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def until(done: Callable[[], bool], what: str, timeout: float = START_S, pause: float = 0.001) -> None:
    """Return when `done()` says so. Raises `TimeoutError` that names `what` was waited for."""
    deadline = time.monotonic() + timeout
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: nothing after {timeout:.0f} s")
        time.sleep(pause)


def memory(pid: int) -> float:
    """MB of a process and all below it, with shared pages divided among those who share them (PSS)."""
    # The workers import this package too, and are to be as small as they are.
    import psutil  # noqa: PLC0415

    root = psutil.Process(pid)
    return sum(p.memory_full_info().pss for p in (root, *root.children(recursive=True))) / 1e6


def free_port() -> int:
    """A TCP port that is free on the loopback address just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def quantile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
