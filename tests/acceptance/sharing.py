"""Two applications in one process, the second at `/other`: with a Socket.IO object for both, or one for each."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_socketio import SocketIO
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from hotplate import Hotplate


def make(name: str, sio: SocketIO, *, is_first: bool) -> Flask:
    """An application; bound to its Socket.IO object before it is bound to Hotplate, or after."""
    app, hp = Flask(name), Hotplate()
    board = hp.value(f"board_of_{name}", dict[str, Any])
    hp.emits("message", board, namespace="/test")

    @hp.method
    def write(text: str) -> None:
        board.set({name: text})

    if is_first:
        sio.init_app(app)
        hp.init_app(app, socketio=sio)
    else:
        hp.init_app(app, socketio=sio)
        sio.init_app(app)
    return app


def both(one: SocketIO, other: SocketIO) -> Any:
    return DispatcherMiddleware(make("here", one, is_first=True), {"/other": make("there", other, is_first=False)})


of_one = SocketIO(async_mode="gevent")
sharing = both(of_one, of_one)
separate = both(SocketIO(async_mode="gevent"), SocketIO(async_mode="gevent"))
