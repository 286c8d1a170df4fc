"""Code as users write it. It is type-checked, not run: what a decorated function is to mypy is part of the product."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, assert_type

from flask import Flask

import hotplate
from hotplate import (
    Chart,
    File,
    Hotplate,
    Image,
    Job,
    LongText,
    Markdown,
    Method,
    Namespace,
    Progress,
    Run,
    Table,
    current_run,
    progress,
)

app = Flask(__name__)
hp = Hotplate(app)
later = Hotplate()
later.init_app(app)


@dataclass
class Estimate:
    value: float
    error: float


@hp.method
def reverse(text: str, times: int = 1) -> str:
    return text[::-1] * times


@hp.method("App.index", allow="public")
def index(name: str) -> dict[str, int]:
    return {name: len(name)}


@hp.method(request=True)
async def fetch(url: str) -> bytes:
    return url.encode()


@hp.job
def simulate(steps: int, *, seed: int = 0) -> Estimate:
    for step in progress(range(steps)):
        assert_type(step, int)
    for row in progress(["a", "b"], label="rows"):
        assert_type(row, str)
    current_run.progress(1, 2, "half")
    current_run.checkpoint({"seed": seed})
    assert_type(current_run.id, str)
    assert_type(current_run.attempt, int)
    return Estimate(1.0, 0.1)


@hp.cron("*/5 * * * *", timezone="Europe/Berlin", retries=2)
def check(url: str = "https://shop.example") -> int:
    return len(url)


@hp.every(minutes=5, overlap="queue", catch_up="skip", params={"steps": 10})
@hp.job("series.heavy", timeout=60)
def heavy(steps: int) -> float:
    return float(steps)


assert_type(check("a"), int)
assert_type(check.start(url="b"), Run)
assert_type(heavy.start(steps=3), Run)
assert_type(heavy(3), float)


@hp.job(timeout=60, retries=2, memory="512 MiB")
def series(count: int) -> Iterator[float]:
    yield from (float(n) for n in range(count))


@hp.job("report.write", queue="slow")
def write(source: File) -> File:
    return File.of_bytes(source.read(), "report.txt")


@hp.job
def curve(notes: Annotated[str, LongText()] = "") -> Annotated[list[Estimate], Chart(x="value", y=["error"])]:
    return []


@hp.method
def logo() -> Annotated[bytes, Image("image/png")]:
    return b""


@hp.method
def about() -> Annotated[str, Markdown()]:
    return ""


@hp.method
def ranking() -> Annotated[dict[str, list[float]], Table(columns=["value"])]:
    return {}


@hp.service
class Echo:
    def reverse(self, text: str) -> str:
        return text[::-1]


company = Namespace("company")


@company.method
def get(id: int) -> str | None:
    return str(id)


@company.job(concurrency=1)
def audit(year: int) -> bool:
    return year > 0


hp.include(company)
hp.include(company, path="/json_echo/")

# A decorated function stays what it was ...
assert_type(reverse("abc"), str)
assert_type(reverse(text="abc", times=2), str)
assert_type(index("abc"), dict[str, int])
assert_type(simulate(10, seed=1), Estimate)
assert_type(series(3), Iterator[float])
assert_type(get(1), str | None)
assert_type(audit(2026), bool)
assert_type(curve(notes="none"), list[Estimate])
assert_type(logo(), bytes)
assert_type(Echo().reverse("abc"), str)
method: Method[..., str] = reverse
job: Job[..., Estimate] = simulate


async def caller() -> None:
    assert_type(await fetch("x"), bytes)


# ... a wrong call is found before it is made ...
reverse(1)  # type: ignore[arg-type]
reverse("abc", 1, 2)  # type: ignore[call-arg]
simulate(steps="ten")  # type: ignore[arg-type]
simulate.start("ten")  # type: ignore[arg-type]
simulate.start()  # type: ignore[call-arg]
simulate.options(delay=1.0).start(stepz=1)  # type: ignore[call-arg]

# ... and a start gives a run.
run = simulate.start(10, seed=3)
assert_type(run, Run)
assert_type(simulate.options(key="2026-11", delay=60).start(steps=10), Run)
assert_type(run.id, str)
assert_type(run.created_at, datetime)
assert_type(run.progress, Progress | None)
assert_type(run.is_final, bool)
assert_type(run.reload(), Run)
assert_type(run.cancel(), Run)
assert_type(run.retry(), Run)
assert_type(run.wait(timeout=5), Any)


@hp.method
def refuse() -> None:
    raise hotplate.Error(4001, "Not today", {"again": "tomorrow"})
