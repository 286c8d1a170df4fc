"""The processes that a process has started, and those that they have: found in /proc, so on Linux only."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path


def descendants(pid: int) -> Iterator[int]:
    """The ids of all processes below `pid` whose parents are still there; none where the platform does not tell."""
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                for child in map(int, (task / "children").read_text().split()):
                    yield child
                    yield from descendants(child)


def end_with_all(pid: int) -> None:
    """End a leader of a process group at once, with its group and with what it has started outside of that."""
    below = list(descendants(pid))
    for end, target in [*((os.kill, one) for one in below), (os.killpg, pid)]:
        with suppress(ProcessLookupError):
            end(target, signal.SIGKILL)
