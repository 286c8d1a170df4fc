"""An application with live values. The folder `LIVELY` has what its functions look at, and who has looked."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from flask import Flask, current_app

from hotplate import Error, Hotplate, asgi

APP = "tests.acceptance.lively:app"
ASGI_APP = "tests.acceptance.lively:asgi_app"

FOLDER = Path(os.environ.get("LIVELY", "."))

app = Flask(__name__)
hp = Hotplate(app)


@dataclass
class Notice:
    text: str
    where: str


@hp.live(every=0.05, always="LIVELY_ALWAYS" in os.environ, allow="public")
def notice() -> Notice:
    """What is to be read on the board."""
    with (FOLDER / "looks").open("a") as looks:
        looks.write(f"{os.getpid()}\n")
    text = (FOLDER / "notice").read_text()
    if text == "refuse":
        raise Error(4001, "No notice today")
    if text == "crash":
        raise RuntimeError("a secret")
    if text == "end":
        os._exit(3)
    return Notice(text, current_app.name)


load = hp.value("load", float, doc="How busy it is.")


@hp.job
def work(at: float) -> None:
    """Set the load from within a worker."""
    load.set(at)


@hp.method
def rest() -> float | None:
    """Set the load from within a web process; the load before."""
    before = load.get()
    load.set(0.0)
    return before


asgi_app = asgi(app)
