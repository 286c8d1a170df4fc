"""The server of all applications that do not need WSGI: uvicorn, at a socket that was inherited."""

from __future__ import annotations

import logging
import signal
from asyncio import CancelledError
from collections.abc import Generator
from contextlib import contextmanager
from socket import socket
from typing import Any

import uvicorn
from flask import Flask
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ..web.asgi import asgi
from ..web.state import AppState
from ..web.wsgi_in_asgi import BrokenOff
from . import access_log
from .collecting import Collecting

_KNOWN = ("Invalid HTTP request received.", "Unsupported upgrade request.")
"""Lines of uvicorn's for which there are others."""


class Server(uvicorn.Server):
    """Ends with the first signal, when what is being answered has been; then the process ends in the ordinary way.

    state: its subscribers are told before, as they would stay.
    """

    def __init__(self, config: uvicorn.Config, state: AppState) -> None:
        super().__init__(config)
        self._state = state

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        self._state.dismiss()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        # uvicorn's own would raise the signal once more: the process would end without what it does at its exit
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.handle_exit)
        yield


_Http: Any = AutoHTTPProtocol  # one of two, whichever parser is installed


class Protocol(_Http):  # type: ignore[misc]
    """uvicorn's HTTP, with a line of ours for what is no request."""

    _received = b""

    def data_received(self, data: bytes) -> None:
        self._received = data
        super().data_received(data)

    def send_400_response(self, msg: str) -> None:
        access_log.tell(access_log.malformed(self._received), 400, quiet=False)
        super().send_400_response(msg)


class OwnLines(logging.Filter):
    """Leaves out of uvicorn's log what is told otherwise, and says in our words what is not."""

    def filter(self, record: logging.LogRecord) -> bool:
        if str(record.msg).startswith("Cancel %s running task(s)"):
            record.msg, record.levelname = "%s requests were cut off", "INFO"
        error = record.exc_info[1] if record.exc_info else None
        return record.msg not in _KNOWN and not isinstance(error, BrokenOff | CancelledError)


def serve(app: Flask, state: AppState, listener: socket, *, quiet: bool, grace: float) -> None:
    """Serve `app` until SIGINT or SIGTERM; what is being answered then has `grace` seconds to its end."""
    log = logging.getLogger("uvicorn.error")
    log.setLevel(logging.WARNING)
    log.addFilter(OwnLines())
    options: dict[str, Any] = {
        "http": Protocol,
        "interface": "asgi3",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "server_header": False,
        "proxy_headers": False,
        "ws_per_message_deflate": False,
        "ws_max_size": state.settings.max_body,
        "timeout_graceful_shutdown": grace,
    }
    Collecting().start()
    Server(uvicorn.Config(access_log.AccessLog(asgi(app), quiet=quiet), **options), state).run(sockets=[listener])
