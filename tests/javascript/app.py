"""The application that the tests of the JavaScript client call."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask

from hotplate import Error, Hotplate, current_run

app = Flask(__name__)
hp = Hotplate(app)
FOLDER = Path(os.environ.get("GATES", "."))

PAGE = """<!doctype html>
<title>A page</title>
<p id="progress"></p><p id="result"></p><button>Start</button>
<script type="module">
  import { connect } from "/console/client.js";
  const client = connect();
  const say = (id, text) => (document.getElementById(id).textContent = text);
  const follow = (run) => {
    const topic = client.topic(run.topic);
    topic.subscribe(() => say("progress", JSON.stringify(topic.getSnapshot().progress)));
    run.wait().then((result) => say("result", JSON.stringify(result)));
  };
  document.querySelector("button").onclick = async () => {
    const run = await client.start("climb", { steps: 4, gated: true });
    location.hash = run.id;
    follow(run);
  };
  if (location.hash) follow(client.run(location.hash.slice(1)));
</script>
"""


@app.get("/page")
def page() -> str:
    return PAGE


@hp.method
def add(a: int, b: int = 1) -> int:
    """The sum."""
    return a + b


@hp.method
def nothing() -> None:
    """Null."""


@hp.method
def refuse() -> None:
    """An error of the application's own."""
    raise Error(4001, "No", {"why": "not today"})


@hp.method
def pause(seconds: float) -> str:
    """An answer that takes its time."""
    time.sleep(seconds)
    return "at last"


level = hp.value("level", int)


@hp.method
def set_level(to: int) -> None:
    """Push a live value."""
    level.set(to)


@hp.method
def open_gate(name: str) -> None:
    """Let the run go on that waits for a gate."""
    (FOLDER / name).touch()


def wait_for(gate: str | None) -> None:
    while gate and not (FOLDER / gate).exists():
        current_run.progress(0, message="at the gate")
        time.sleep(0.02)


@hp.job
def climb(steps: int, gate: str | None = None, gated: bool = False) -> int:
    """Half of the steps before the gate (with `gated`, one of the run's own), half after it."""
    gate = f"page-{current_run.id}" if gated else gate
    for step in range(1, steps + 1):
        current_run.progress(step, steps)
        if step == steps // 2:
            while gate and not (FOLDER / gate).exists():
                time.sleep(0.02)
    return steps


@hp.job
def squares(upto: int, gate: str | None = None, pause: float = 0.0) -> Iterator[int]:
    """Squares, each with a line in the log."""
    wait_for(gate)
    for number in range(upto):
        logging.getLogger("squares").warning("squaring %d", number)
        yield number * number
        time.sleep(pause)


@hp.job
def break_down() -> None:
    """Fails."""
    raise ValueError("broken")


@hp.job
def large() -> str:
    """A result that is kept as a file."""
    return "x" * 2_000_000
