"""Clouds, whose states come through a queue, live on every page that looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from flask import Flask, Response, abort, render_template, send_file
from flask_socketio import SocketIO, join_room, leave_room

from clouds import Clouds
from hotplate import Hotplate

ROOMS = ("sky", "harbour", "mountain")
"""There is a cloud in each of them."""

app = Flask(__name__)
socketio = SocketIO(app)
hp = Hotplate(app, socketio=socketio)
clouds = Clouds(Path(app.instance_path) / "clouds.db")

SOCKETIO_CLIENT = Path(app.root_path) / "node_modules/socket.io-client/dist/socket.io.esm.min.js"


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

    hp.emits("message", cloud, namespace="/test", to=room)


for room in ROOMS:
    declare(room)


@app.get("/")
def native() -> str:
    return render_template("page.html", way="native", rooms=ROOMS)


@app.get("/socketio")
def over_socketio() -> str:
    lacking = "" if SOCKETIO_CLIENT.exists() else "the client of Socket.IO"
    return render_template("page.html", way="socketio", rooms=ROOMS, lacking=lacking)


@app.get("/socket.io-client.js")
def socketio_client() -> Response:
    """Socket.IO's own client, as npm has brought it."""
    return send_file(SOCKETIO_CLIENT) if SOCKETIO_CLIENT.exists() else abort(404)


@socketio.on("connect", namespace="/test")
def connect(auth: Any = None) -> None:
    join_room(ROOMS[0])


@socketio.on("join", namespace="/test")
def join(message: Any) -> dict[str, str]:
    """From now on the client receives the events of one room, and of no other one."""
    room = message.get("room") if isinstance(message, dict) else None
    if room not in ROOMS:
        return {"error": f"there is no such room; there are {', '.join(ROOMS)}"}
    leave()
    join_room(room)
    return {}


@socketio.on("leave", namespace="/test")
def leave(message: Any = None) -> None:
    """From now on it receives none."""
    for room in ROOMS:
        leave_room(room)


@app.cli.command("put")
@click.argument("state")
@click.option("--room", type=click.Choice(ROOMS), default=ROOMS[0], show_default=True)
def put(state: str, room: str) -> None:
    """Put a message into the queue: the cloud of a room is to be in that STATE."""
    clouds.put(room, state)
