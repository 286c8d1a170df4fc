"""Points at which a process can be made to die. They are there for tests of what happens then, and for nothing else.

With HOTPLATE_FAILPOINT=<point>:<n> in its environment a process ends, as by kill -9, when it reaches the point for the
n-th time.
"""

from __future__ import annotations

import os
import signal

POINTS = (
    "node claimed",  # runs are on record as claimed, no worker has heard of them
    "node handed out",  # they were sent to workers
    "worker begun",  # before the first line of the job
    "worker made result",  # after the last line of the job
    "worker sent result",
    "node received result",
    "node committed",  # outcomes are on record, nobody who waits has heard of them
)

_point, _, _number = os.environ.get("HOTPLATE_FAILPOINT", "").partition(":")
_left = int(_number or 1)


def reach(point: str) -> None:
    """Say that the code is at `point`; does not return if the process is to end there."""
    global _left  # noqa: PLW0603 - counts for the whole process
    if point == _point:
        _left -= 1
        if not _left:
            os.kill(os.getpid(), signal.SIGKILL)
