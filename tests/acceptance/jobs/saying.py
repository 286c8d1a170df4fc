"""What a run says."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

from hotplate import current_run, progress

from . import hold_on, hp


@hp.job
def count(upto: int, pause: float = 0.0) -> int:
    for _ in progress(range(upto), label="counting"):
        time.sleep(pause)
    return upto


@hp.job
def count_and_yield(upto: int) -> Iterator[int]:
    for number in progress(range(upto)):
        time.sleep(0.05)
        print("at", number)
        yield number


@hp.job
def sprint(steps: int) -> None:
    for step in range(steps):
        current_run.progress(step + 1, steps)


@hp.job
def progress_in_words() -> None:
    current_run.progress("half")  # type: ignore[arg-type]


@hp.job
def squares(upto: int, gate: str = "") -> Iterator[int]:
    for number in range(upto):
        yield number * number
        if gate and number == upto // 2:
            hold_on(gate)


@hp.job
def talk() -> None:
    log = logging.getLogger("talker")
    print("first", end="")
    print(", and its end")
    log.info("info %d", 1)
    print("to stderr", file=sys.stderr)
    sys.stdout.buffer.write("bytes → text\n".encode())
    log.warning("warning")
    try:
        raise ValueError("inner trouble")
    except ValueError:
        log.exception("caught")
    log.debug("not shown: the level is INFO")
    print("no newline", end="")


@hp.job
def chatter(lines: int, width: int = 8) -> None:
    for number in range(lines):
        print(f"{number:0{width}}")


@hp.job
def chorus(voices: int, lines: int) -> None:
    def sing(voice: int) -> None:
        for number in range(lines):
            sys.stdout.write(f"{voice} {number}\n")

    threads = [threading.Thread(target=sing, args=(voice,)) for voice in range(voices)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@hp.job
def shut_up() -> str:
    print("before")
    sys.stdout.close()
    os.close(1)
    return "done"


@hp.job
def odd_progress(kind: str) -> str:
    odd: dict[str, tuple[Any, Any, Any]] = {
        "nan": (float("nan"), 10, None),
        "infinity": (1, float("inf"), None),
        "message": (1, 2, Path("place")),
        "surrogate": (1, 2, "\ud800"),
        "fraction": (Fraction(1, 2), Fraction(3, 2), "by thirds"),
        "none at all": (0, 0, ""),
    }
    current_run.progress(*odd[kind])
    time.sleep(0.15)  # so that it is sent before the end
    return kind
