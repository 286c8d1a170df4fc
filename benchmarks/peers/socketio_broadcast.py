"""The Socket.IO libraries by themselves: `POST /say` emits the time to all clients, `POST /end` says goodbye.

python -m benchmarks.peers.socketio_broadcast PORT     # Flask-SocketIO with threads
gunicorn -k gevent benchmarks.peers.socketio_broadcast:app     # with gevent, where KIND is gevent
uvicorn benchmarks.peers.socketio_broadcast:asgi_app     # python-socketio's AsyncServer, where KIND is asgi
"""

from __future__ import annotations

import os
import sys
import time
from typing import Any

import socketio
from flask import Flask
from flask_socketio import SocketIO
from werkzeug.serving import make_server

from ..listeners import END

KIND = os.environ.get("KIND", "threading")
PAD = "." * 72
"""As long as an update of a run is."""

app = Flask(__name__)


def said(what: float | str) -> dict[str, Any]:
    return {"type": "partial", "data": what, "pad": PAD}


if KIND == "asgi":
    sio = socketio.AsyncServer(async_mode="asgi")

    async def say(scope: Any, receive: Any, send: Any) -> None:
        """The other ASGI application."""
        if scope["type"] == "http":
            await sio.emit("update", said(END.decode() if scope["path"] == "/end" else time.time()))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})

    asgi_app = socketio.ASGIApp(sio, say)
else:
    sio = SocketIO(app, async_mode=KIND)


@app.post("/say")
def say_the_time() -> tuple[str, int]:
    sio.emit("update", said(time.time()))
    return "", 204


@app.post("/end")
def say_goodbye() -> tuple[str, int]:
    sio.emit("update", said(END.decode()))
    return "", 204


if __name__ == "__main__":
    make_server("127.0.0.1", int(sys.argv[1]), app, threaded=True).serve_forever()
