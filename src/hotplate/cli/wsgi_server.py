"""The server of applications that need WSGI: a thread for each connection."""

from __future__ import annotations

from socket import socket
from typing import Any

import click
from flask import Flask
from werkzeug.serving import WSGIRequestHandler, make_server

from . import access_log, terminal_log


class Handler(WSGIRequestHandler):
    """A line for each request that is no call, or that was refused; calls have lines of their own."""

    protocol_version = "HTTP/1.1"
    quiet = False

    def run_wsgi(self) -> None:
        self._seen = access_log.begin()
        super().run_wsgi()

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


def serve(app: Flask, host: str, listener: socket, *, quiet: bool) -> None:
    """Serve `app` until the process is told to end."""
    handler = QuietHandler if quiet else Handler
    port = listener.getsockname()[1]
    make_server(host, port, app, threaded=True, request_handler=handler, fd=listener.fileno()).serve_forever()
