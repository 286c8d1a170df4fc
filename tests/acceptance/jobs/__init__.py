"""Jobs that do, each of them, one thing that a job may do or should not; and what they do it with."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hotplate import Hotplate, current_run

hp = Hotplate()


def append(where: str, text: object) -> None:
    """Add a line to a file, whole even if many processes do so at once."""
    fd = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, f"{text}\n".encode())
    os.close(fd)


def hold_on(gate: str) -> None:
    """Wait for a file, reporting progress meanwhile."""
    done = 0
    while not Path(gate).exists():
        done += 1
        current_run.progress(done)
        time.sleep(0.01)


def grind() -> None:
    """Use the processor without end, in C code that hears no signal and lets no other thread run."""
    sum(range(10**15))
