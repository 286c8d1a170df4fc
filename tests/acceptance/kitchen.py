"""An application with a function of every kind, for tests that run it for real."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from hotplate import Error, File, Hotplate, Namespace, current_run, progress

app = Flask(__name__)
hp = Hotplate(app)
company, short = Namespace("company"), Namespace("short")


@hp.method
def reverse(text: str) -> str:
    return text[::-1]


@hp.method
def find(name: str) -> str:
    raise Error(42, "No such bird", {"bird": name})


@hp.method
def crash() -> None:
    raise RuntimeError("the secret is 1234")


@company.method
def get(id: int) -> dict[str, int]:
    return {"id": id}


hp.include(company)


@hp.method
def mimic(run: dict[str, Any]) -> dict[str, Any]:
    return run


@short.job
def inner(n: int) -> int:
    return 2 * n


hp.include(short, path="/short")


@hp.job
def count(upto: int, pause: float = 0.0) -> int:
    for _ in progress(range(upto), label="counting"):
        time.sleep(pause)
    return upto


@hp.job(retries=1, backoff=0)
def fail(wanted: bool = False) -> None:
    if wanted:
        raise Error(7, "As you wished", current_run.attempt)
    raise RuntimeError("the secret is 1234")


@hp.job
def talk() -> None:
    print("printed")
    logging.getLogger("kitchen").warning("logged")


@hp.job
def squares(upto: int) -> Iterator[int]:
    for number in range(upto):
        yield number * number


@hp.job
def hold(gate: str) -> str:
    """Runs until the file `gate` is there."""
    done = 0
    while not Path(gate).exists():
        done += 1
        current_run.progress(done)
        time.sleep(0.01)
    return "opened"


@hp.job
def repeat(text: str, times: int) -> str:
    return text * times


@hp.job
def shout(letter: File) -> File:
    return File.of_bytes(letter.read().upper(), f"loud-{letter.name}")
