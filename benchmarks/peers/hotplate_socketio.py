"""The application of `hotplate_updates` with a Socket.IO object of its own.

It is Flask-SocketIO in the async mode KIND or, where that is asgi, an `AsyncServer`.
"""

from __future__ import annotations

import os

import socketio
from flask import Flask
from flask_socketio import SocketIO

from .hotplate_updates import hp

KIND = os.environ.get("KIND", "threading")

app = Flask(__name__)
app.config["HOTPLATE_ACCESS"] = "open"
hp.init_app(app, socketio=socketio.AsyncServer(async_mode="asgi") if KIND == "asgi" else SocketIO(app, async_mode=KIND))
