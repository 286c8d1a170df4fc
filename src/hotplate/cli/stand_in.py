"""What answers at the listening socket while there is no web process, as its code cannot be loaded."""

from __future__ import annotations

import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket

import click

from ..errors import Unavailable
from ..rpc.message import error_response
from . import terminal_log

LONGEST_BODY = 8 * 1024**2
"""So much of a body is read, in bytes: who is still sending would not see an answer."""

_ANSWER = error_response(Unavailable(data="the application cannot be loaded; the terminal of `hotplate dev` says why"))


class StandIn:
    """Answers everything at `listener` with 503 and a JSON-RPC error, from `begin` to `end`."""

    def __init__(self, listener: socket) -> None:
        self._listener = listener
        self._server: ThreadingHTTPServer | None = None

    def begin(self) -> None:
        """Begin, unless it has."""
        if self._server is not None:
            return
        self._server = ThreadingHTTPServer(self._listener.getsockname(), _Handler, bind_and_activate=False)
        self._server.socket.close()
        self._server.socket = self._listener.dup()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def end(self) -> None:
        """End; who calls from now on waits for the next that listens."""
        if self._server is not None:
            self._server.shutdown()
            self._server.socket.close()
            self._server = None


class _Handler(BaseHTTPRequestHandler):
    timeout = 5.0

    def _refuse(self) -> None:
        with suppress(ValueError, OSError):
            self.rfile.read(min(int(self.headers.get("Content-Length", 0)), LONGEST_BODY))
        self.send_response(HTTPStatus.SERVICE_UNAVAILABLE)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(_ANSWER)))
        self.send_header("Retry-After", "1")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(_ANSWER)

    do_DELETE = do_GET = do_HEAD = do_OPTIONS = do_PATCH = do_POST = do_PUT = _refuse  # noqa: N815 - http.server looks for these

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if self.command:
            said = f"{self.command} {self.path} {int(code)}: the application cannot be loaded"
            click.echo(terminal_log.line("web", "WARNING", said), err=True)

    def log_message(self, format: str, *args: object) -> None:
        """What is no request needs no line here."""
