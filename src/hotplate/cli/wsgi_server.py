"""The server of applications that need WSGI: a thread for each connection."""

from __future__ import annotations

import signal
import time
from socket import socket
from threading import Lock, Thread
from typing import Any
from wsgiref.types import WSGIEnvironment

import click
from flask import Flask
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from ..web.state import AppState
from ..web.stream import OWN_SERVER
from . import access_log, terminal_log
from .collecting import Collecting

LOOK_S = 0.05
"""How often it is looked whether all that was being answered has been, in seconds."""


class Server(ThreadedWSGIServer):
    """Ends with the first signal. at_work: how many requests are being answered."""

    at_work = 0
    lock = Lock()

    def end(self, *_: object) -> None:
        # to be called while another thread serves
        Thread(target=self.shutdown, daemon=True).start()


class Handler(WSGIRequestHandler):
    """A line for each request that is no call, or that was refused; calls have lines of their own."""

    protocol_version = "HTTP/1.1"
    server_version = OWN_SERVER
    sys_version = ""
    quiet = False

    def run_wsgi(self) -> None:
        self._seen = access_log.begin()
        self._count(1)
        try:
            super().run_wsgi()
        finally:
            self._count(-1)

    def connection_dropped(self, error: BaseException, environ: WSGIEnvironment | None = None) -> None:
        # a WebSocket that has ended leaves nothing behind that could be another request
        self.close_connection = True

    def _count(self, by: int) -> None:
        if isinstance(self.server, Server):
            with self.server.lock:
                self.server.at_work += by

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # a line that is no request leaves the command empty, and the path of an earlier request
        what = (
            f"{self.command} {self.path}" if self.command else access_log.malformed(self.requestline.encode("latin-1"))
        )
        calls = self._seen.calls if self.command and hasattr(self, "_seen") else 0
        access_log.tell(what, int(code) if str(code).isdecimal() else 500, quiet=self.quiet, calls=calls)

    def log_error(self, format: str, *args: Any) -> None:
        # every refusal comes to log_request as well
        if not format.startswith("code "):
            super().log_error(format, *args)

    def log(self, type: str, message: str, *args: Any) -> None:
        if type != "info":
            click.echo(terminal_log.line("web", type.upper(), message % args), err=True)


class QuietHandler(Handler):
    """A line only for each request that went wrong."""

    quiet = True


def serve(app: Flask, state: AppState, listener: socket, *, quiet: bool, grace: float) -> None:
    """Serve `app` until SIGINT or SIGTERM; what is being answered then has `grace` seconds to its end."""
    host, port, *_ = listener.getsockname()
    server = Server(host, port, app, QuietHandler if quiet else Handler, fd=listener.fileno())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, server.end)
    Collecting().start()
    server.serve_forever(poll_interval=LOOK_S)
    state.dismiss()
    deadline = time.monotonic() + grace
    while server.at_work and time.monotonic() < deadline:
        time.sleep(LOOK_S)
    state.close()
