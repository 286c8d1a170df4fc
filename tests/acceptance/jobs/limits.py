"""What runs may use, and in which order they come."""

from __future__ import annotations

import ctypes
import mmap
import os
import time
from pathlib import Path
from typing import Any

from hotplate import current_run

from . import append, hold_on, hp


@hp.job(memory="96 MiB", retries=2, backoff=0)
def hoard(how: str, mib: int) -> int:
    kept: list[Any] = []
    for _ in range(mib):
        if how == "objects":
            kept.append(bytearray(2**20))
        elif how == "private":
            kept.append(_touched(mmap.mmap(-1, 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)))
        elif how == "shared":
            kept.append(_touched(mmap.mmap(-1, 2**20)))
            time.sleep(0.005)
        elif how == "native":
            kept.append(_malloc(2**20))
    return len(kept)


def _touched(piece: mmap.mmap) -> mmap.mmap:
    piece.write(b"x" * len(piece))
    return piece


def _malloc(size: int) -> int:
    """Memory that Python knows nothing of, used."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    place: int | None = libc.malloc(size)
    ctypes.memset(place or 0, 1, size)  # without memory: a write to address 0, as careless C code does
    return place or 0


@hp.job(concurrency=1)
def turn(where: str, text: str, gate: str = "") -> None:
    append(where, text)
    if gate:
        hold_on(gate)


@hp.job(concurrency=1)
def alone(room: str, pause: float = 0.0) -> None:
    """Tells of any other run of this job that is in the room at the same time."""
    door = Path(room, "door")
    try:
        os.close(os.open(door, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        append(str(Path(room, "met")), current_run.id)
        return
    time.sleep(pause)
    append(str(Path(room, "been")), current_run.id)
    door.unlink()


@hp.job
def maybe_hold(gate: str, where: str) -> None:
    append(where, "")
    if gate:
        hold_on(gate)


@hp.job
def note(where: str, text: str) -> str:
    append(where, text)
    return text


@hp.job(queue="heavy")
def lift(where: str) -> None:
    append(where, "lifted")
