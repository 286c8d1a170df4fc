"""Clouds, whose states come through a queue, live on every page that looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import click
from flask import Flask, render_template

from clouds import Clouds
from hotplate import Hotplate

ROOMS = ("sky", "harbour", "mountain")
"""There is a cloud in each of them."""

app = Flask(__name__)
hp = Hotplate(app)
clouds = Clouds(Path(app.instance_path) / "clouds.db")


@dataclass
class Seen:
    """What a cloud looked like (`data`) at a time."""

    data: str
    time: str


def declare(room: str) -> None:
    @hp.live(f"cloud.{room}", every=1.0, always=True, allow="public")
    def cloud() -> Seen:
        """The cloud of a room, looked at once a second, whether or not anybody follows it, and however many do."""
        return Seen(clouds.look(room), datetime.now(UTC).isoformat(timespec="milliseconds"))


for room in ROOMS:
    declare(room)


@app.get("/")
def native() -> str:
    return render_template("page.html", way="native", rooms=ROOMS)


@app.cli.command("put")
@click.argument("state")
@click.option("--room", type=click.Choice(ROOMS), default=ROOMS[0], show_default=True)
def put(state: str, room: str) -> None:
    """Put a message into the queue: the cloud of a room is to be in that STATE."""
    clouds.put(room, state)
