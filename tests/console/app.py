"""An application with functions of all kinds, for the tests of the console: `hotplate dev tests/console/app.py`."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time as time_of_day, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, TypedDict
from uuid import UUID

from flask import Flask
from msgspec import Meta, Struct

from hotplate import Error, File, Hotplate, Markdown, Namespace, current_run, progress
from hotplate.run import NewRun, new_id

app = Flask(__name__)
hp = Hotplate(app)
FOLDER = Path(os.environ.get("GATES", "."))
NASTY = "<img src=x onerror=alert(1)><script>alert(2)</script>"


class Colour(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


class Place(NamedTuple):
    x: float
    y: float
    label: str = ""


@dataclass
class Material:
    """What a plate is made of."""

    name: Annotated[str, Meta(min_length=1, max_length=40)]
    density: Annotated[float, Meta(gt=0, description="In kg/m³.")] = 7850.0
    colour: Colour = Colour.RED
    tags: list[str] = field(default_factory=list)


class Circle(Struct, tag="circle"):
    radius: float


class Square(Struct, tag="square"):
    side: float
    turned: bool = False


class Choice(TypedDict, total=False):
    """Options, none of which need be given."""

    depth: int
    label: str


@dataclass
class Tree:
    """A tree of numbers."""

    value: int
    below: list[Tree] = field(default_factory=list)


class Step(Struct):
    n: int
    estimate: float
    error: float


kinds = Namespace("kinds")


@kinds.method
def texts(
    short: str,
    long: Annotated[str, Meta(max_length=10_000)] = "two\nlines",
    maybe: str | None = None,
    code: Annotated[str, Meta(pattern=r"^[A-Z]{3}-\d+$", examples=["ABC-12"])] = "ABC-1",
) -> dict[str, str | None]:
    """Texts of some kinds.

    *Long* ones have a [text area](https://example.org/), `code` has to fit a pattern:

    | code | |
    |---|---|
    | `ABC-12` | fits |
    | `abc` | does not |
    """
    return {"short": short, "long": long, "maybe": maybe, "code": code}


@kinds.method
def numbers(
    whole: int,
    limited: Annotated[int, Meta(ge=1, le=10, description="From 1 to 10.")] = 3,
    real: Annotated[float, Meta(gt=0)] = 0.5,
    huge: int = 9_007_199_254_740_993,
    price: Decimal = Decimal("19.90"),
    maybe: float | None = None,
    *,
    is_exact: bool = True,
) -> dict[str, Any]:
    """Numbers with limits."""
    given = {"whole": whole, "limited": limited, "real": real, "huge": huge, "price": price, "maybe": maybe}
    return given | {"is_exact": is_exact}


@kinds.method
def choices(
    mode: Literal["fast", "slow"] = "fast",
    colour: Colour = Colour.GREEN,
    level: Literal[1, 2, 3] = 2,
    either: int | str = 1,
    shape: Circle | Square = Circle(1.0),  # noqa: B008 - never changed
    choice: Choice | None = None,
) -> dict[str, Any]:
    """One of several."""
    given = {"mode": mode, "colour": colour, "level": level, "either": either, "shape": shape}
    return given | {"choice": choice}


@kinds.method
def times(
    day: date,
    at: datetime,
    clock: time_of_day = time_of_day(8, 30),
    lasting: timedelta = timedelta(minutes=90),
    key: UUID | None = None,
    maybe: date | None = None,
) -> dict[str, Any]:
    """Days, moments and durations."""
    return {"day": day, "at": at, "clock": clock, "lasting": lasting, "key": key, "maybe": maybe}


@kinds.method
def nested(
    material: Material,
    tree: Tree | None = None,
    places: list[Place] | None = None,
    sizes: dict[str, list[int]] | None = None,
    matrix: list[list[float]] | None = None,
    corner: tuple[int, int] = (0, 0),
    anything: Any = None,
) -> dict[str, Any]:
    """Models within models, lists and dictionaries."""
    given = {"material": material, "tree": tree, "places": places, "sizes": sizes, "matrix": matrix}
    return given | {"corner": corner, "anything": anything}


@kinds.method
def raw(data: bytes = b"\x00\xff") -> int:
    """Bytes; gives their number."""
    return len(data)


hp.include(kinds)

shown = Namespace("shown")


@shown.method
def table(rows: Annotated[int, Meta(ge=0, le=5000)] = 120) -> list[dict[str, Any]]:
    """A table."""
    return [{"n": n, "name": f"row {n}", "root": math.sqrt(n), "even": n % 2 == 0} for n in range(rows)]


@shown.method
def series(points: Annotated[int, Meta(ge=0, le=100_000)] = 200) -> list[Step]:
    """A series to plot."""
    return [Step(n, 3 + math.sin(n / 9) / (1 + n / 40), 1 / (1 + n)) for n in range(1, points + 1)]


@shown.method
def nothing() -> None:
    """Null."""


@shown.method
def number() -> float:
    """A number."""
    return math.pi


@shown.method
def deep(width: Annotated[int, Meta(ge=0, le=30_000)] = 20) -> dict[str, Any]:
    """Values within values."""
    return {"list": list(range(width)), "more": {"is": {"down": {"here": [None, True, "text"]}}}, "empty": {}}


@shown.method
def nasty(text: str = NASTY) -> dict[str, Any]:
    """Texts that are to stay texts."""
    return {text: text, "rows": [{text: text, "javascript": "javascript:alert(3)"}], "list": [text, text]}


@shown.method
def markdown(text: str = NASTY) -> Annotated[str, Markdown()]:
    """A text with Markdown in it."""
    return text


@shown.method
def hostile() -> None:
    """What <img src=x onerror="document.title='ran'"> says.

    <script>document.title='ran'</script> [here](javascript:document.title='ran')
    ![there](x" onerror="document.title='ran')
    """


hp.include(shown)


@hp.method
def refuse(code: int = 4001) -> None:
    """An error of the application's own."""
    raise Error(code, "Not today", {"why": "it is a test", "nasty": NASTY})


@hp.method
def crash() -> None:
    """An error that nobody expected."""
    raise RuntimeError("secret of the server")


@hp.job(retries=2)
def climb(steps: Annotated[int, Meta(ge=1, le=100_000)] = 20, pause: float = 0.1, gated: bool = False) -> int:
    """Steps with progress; with `gated` it waits for `open_gate` in their middle."""
    for step in range(1, steps + 1):
        current_run.progress(step, steps, f"step {step}")
        logging.getLogger("climb").info("step %d of %d", step, steps)
        while gated and step == steps // 2 and not (FOLDER / f"gate-{current_run.id}").exists():
            time.sleep(0.02)
            current_run.progress(step, steps, "at the gate")
        time.sleep(pause)
    return steps


@hp.method
def open_gate(id: UUID) -> None:
    """Let a run go on that waits at its gate."""
    (FOLDER / f"gate-{id}").touch()


@hp.job
def spin(seconds: float = 60.0) -> float:
    """Keeps a processor busy, and says so seldom."""
    end, turns = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        turns = math.fsum(math.sin(n) for n in range(20_000))
    return turns


@hp.job
def converge(upto: Annotated[int, Meta(ge=1, le=10_000)] = 50, pause: float = 0.05) -> Iterator[Step]:
    """Partial results, one after the other."""
    for n in progress(range(1, upto + 1)):
        print("estimate", n)
        yield Step(n, math.pi + (-1) ** n / n, 1 / n)
        time.sleep(pause)


@hp.job
def talk(lines: Annotated[int, Meta(ge=0, le=100_000)] = 300) -> None:
    """A log with all levels, colours of terminals and markup."""
    log = logging.getLogger("talk")
    log.setLevel(logging.DEBUG)
    levels = (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
    for number in range(lines):
        log.log(levels[number % 4], "line %d", number)
    print("\x1b[31mred\x1b[0m", NASTY)
    print("to the error stream", file=sys.stderr)


@hp.job(retries=1)
def fail(message: str = "broken") -> None:
    """Fails twice."""
    logging.getLogger("fail").warning("about to fail: %s", message)
    raise ValueError(message)


@hp.job
def measure(file: File, others: list[File] | None = None) -> dict[str, Any]:
    """Sizes of files that were uploaded."""
    with file.open() as opened:
        head = opened.read(20).decode("utf-8", "replace")
    return {"name": file.name, "size": file.size, "type": file.media_type, "head": head, "others": len(others or [])}


@hp.job
def write(name: str = "report.csv", size: Annotated[int, Meta(ge=0, le=50_000_000)] = 1000) -> File:
    """A file to download."""
    return File.of_bytes(b"x," * (size // 2), name)


@hp.job
def picture() -> File:
    """A picture, in a format that may have scripts in it."""
    circle = '<circle cx="50" cy="50" r="40" fill="tomato"/><script>document.title="run"</script>'
    return File.of_bytes(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 100">{circle}</svg>'.encode(), "p.svg"
    )


@hp.job
def large() -> str:
    """A result that is kept as a file."""
    return "x" * 2_000_000


@hp.job
def nothing_at_all(n: int = 0) -> int:
    """Ends at once."""
    return n


@hp.method
def fill(runs: Annotated[int, Meta(ge=1, le=100_000)]) -> None:
    """Start so many runs that are due tomorrow, all at once."""
    due = time.time() + 86_400
    new = [NewRun(id=new_id(), job="nothing_at_all", params=b"{}", due_at=due) for _ in range(runs)]
    app.extensions["hotplate"].engine().start(new)


@hp.job
def shell(seconds: float = 60) -> int:
    """Waits in a process of its own."""
    return subprocess.run([sys.executable, "-c", f"import time; time.sleep({seconds})"], check=True).returncode


@hp.live(every=0.5)
def clock() -> dict[str, float]:
    """A wave, and what time it is."""
    now = time.time()
    return {"seconds": now % 60, "wave": math.sin(now)}


@hp.live(every=1)
def troubled() -> int:
    """Fails each second time."""
    if int(time.time()) % 2:
        raise RuntimeError("no value now")
    return 1


level = hp.value("level", int)
note = hp.value("note", str)


@hp.method
def set_level(to: int) -> None:
    """Push a live value."""
    level.set(to)


@hp.method
def set_note(to: str) -> None:
    """Push a live text."""
    note.set(to)


@hp.cron("*/5 * * * *", name="every_five", params={"n": 5})
@hp.every(hours=1, name="hourly", params={"n": 60})
@hp.job
def tick(n: int = 0) -> int:
    """What schedules start, and nobody else: it comes at any time."""
    return n
