"""How a run ends: by itself, or because it is asked to."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from hotplate import Cancelled, Error, Stopped, current_run

from . import append, grind, hold_on, hp


@dataclass
class Leg:
    port: str
    day: date


@dataclass
class Voyage:
    ship: str
    legs: list[Leg]


@hp.job
def sail(voyage: Voyage, days: int) -> Voyage:
    legs = [Leg(leg.port.upper(), date.fromordinal(leg.day.toordinal() + days)) for leg in voyage.legs]
    return Voyage(voyage.ship, legs)


@hp.job
def repeat(text: str, times: int) -> str:
    return text * times


@hp.job(retries=3, backoff=0)
def refuse(data: Any = None) -> None:
    raise Error(7, "Not today", data)


@hp.job
def stumble(kind: str) -> None:
    raise {
        "exception": RuntimeError("the secret is 1234"),
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt(),
        "generator": GeneratorExit(),
        "own stop": Cancelled("by itself"),
        "huge": RuntimeError("ab" * 10**7),
        "broken text": RuntimeError("\ud800 \x1b[31m \0"),
        "no str": NoStr(),
    }[kind]


class NoStr(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


@hp.job
def strange(kind: str) -> Any:
    return {"object": object(), "nan": {"deep": [1.0, float("nan")]}, "surrogate": "\ud800"}[kind]


@hp.job
def bad_error(kind: str) -> None:
    odd: dict[str, tuple[Any, Any, Any]] = {
        "data": (8, "odd", object()),
        "code": ("E42", "odd", 1),
        "large code": (2**80, "odd", 1),
        "yes": (True, "odd", 1),
        "message": (8, Path("odd"), 1),
        "surrogate": (8, "odd \ud800", "\ud800"),
        "large": (8, "odd " * 10**6, "ab" * 10**6),
    }
    raise Error(*odd[kind])


@hp.job
def hold(gate: str, where: str = "") -> str:
    if where:
        append(where, os.getpid())
    hold_on(gate)
    return "opened"


@hp.job(timeout=60)
def hold_within_a_minute(gate: str, where: str) -> str:
    return hold(gate, where)


@hp.job
def grinding(where: str) -> None:
    append(where, os.getpid())
    grind()


@hp.job
def stubborn(where: str, gate: str) -> str:
    """Swallows the request to stop, and goes on."""
    append(where, os.getpid())
    while True:
        try:
            hold_on(gate)
            return "opened"
        except BaseException:
            pass


@hp.job
def family(where: str, gate: str, apart: bool = False) -> None:
    """Has a child, and a grandchild of it; `apart`, in a session of their own."""
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    child = subprocess.Popen([sys.executable, "-c", script], start_new_session=apart)
    append(where, child.pid)
    hold_on(gate)


@hp.job(timeout=0.4, retries=1, backoff=0)
def dawdle(where: str, gate: str) -> None:
    append(where, f"{current_run.attempt} {os.getpid()}")
    hold_on(gate)


@hp.job(timeout=0.4)
def dawdle_in_c(where: str) -> None:
    append(where, os.getpid())
    grind()


@hp.job(timeout=0.2)
def oversleep() -> str:
    """Never looks up, and is done within the grace."""
    time.sleep(0.35)
    return "done"


@hp.job(timeout=0.4)
def tidy_up(where: str, gate: str) -> str:
    """Uses its grace to clean up and has an answer after all."""
    try:
        hold_on(gate)
    except Stopped as stop:
        append(where, type(stop).__name__)
        return "half done"
    return "done"


@hp.job
def tidy_up_slowly(where: str, gate: str) -> str:
    return tidy_up(where, gate)


if os.environ.get("NARROW"):
    # a later version of the code, in which a parameter of `reshaped` has another type

    @hp.job
    def reshaped(size: int) -> int:
        return size

else:

    @hp.job  # type: ignore[no-redef]
    def reshaped(size: str) -> str:
        return size
