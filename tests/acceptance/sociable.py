"""Applications with a Socket.IO object of their own, served by whichever kind of server `SOCKETIO` says."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import socketio
from flask import Flask, request
from flask_socketio import SocketIO, join_room

from tests.acceptance.app import hp

APP = "tests.acceptance.sociable:app"

KIND = os.environ.get("SOCKETIO", "threading")
FOLDER = Path(os.environ.get("SOCIABLE", "."))

board = hp.value("board", dict[str, Any])


@hp.live(every=0.05)
def notice() -> dict[str, str]:
    """What is to be read on the board, and a line in a file for each look."""
    with (FOLDER / "looks").open("a") as looks:
        looks.write("look\n")
    return {"data": (FOLDER / "notice").read_text()}


hp.emits("message", notice, namespace="/test")
hp.emits("board", board, namespace="/rooms", to="readers")


@hp.method
def write(text: str) -> None:
    """Put something on the board."""
    board.set({"text": text})


def with_flask() -> Flask:
    """An application with Flask-SocketIO."""
    app = Flask(__name__)
    sio = SocketIO(async_mode=KIND, cors_allowed_origins="*")
    sio.init_app(app)
    hp.init_app(app, socketio=sio)

    @sio.on("join", namespace="/rooms")
    def join(room: str) -> str:
        join_room(room)
        return f"{room} joined by {request.sid}"  # type: ignore[attr-defined]

    @sio.on("connect", namespace="/rooms")
    def connect(auth: object = None) -> bool:
        return auth != {"who": "nobody"}

    return app


def with_async() -> Flask:
    """An application on an event loop."""
    app = Flask(__name__)
    sio = socketio.AsyncServer(async_mode="asgi", cors_allowed_origins="*")
    hp.init_app(app, socketio=sio)

    @sio.on("join", namespace="/rooms")
    async def join(sid: str, room: str) -> str:
        await sio.enter_room(sid, room, namespace="/rooms")
        return f"{room} joined by {sid}"

    @sio.on("connect", namespace="/rooms")
    async def connect(sid: str, environ: object, auth: object = None) -> bool:
        return auth != {"who": "nobody"}

    return app


app = with_async() if KIND == "asgi" else with_flask()
