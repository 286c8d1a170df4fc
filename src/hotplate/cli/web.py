"""The web process of `hotplate dev` and `hotplate demo`: `python -m hotplate.cli.web APP HOST PORT [TITLE]`."""

from __future__ import annotations

import errno
import os
import sys
import threading
from ipaddress import ip_address
from typing import Any

import click
import msgspec
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from ..extension import state_of
from ..web.state import AppState
from ..worker.limits import die_with
from . import Failure, terminal_log
from .app import load_app
from .supervisor import SUPERVISOR_KEY

PORTS = 20
"""So many ports are tried, from the one asked for on."""

_calls = threading.local()


class Handler(WSGIRequestHandler):
    """A line for each request that is no call, or that was refused; calls have lines of their own."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        seen, _calls.seen = getattr(_calls, "seen", 0), 0
        if not (seen and str(code) in ("200", "204")):
            level = "INFO" if str(code)[:1] in "123" else "WARNING"
            click.echo(terminal_log.line("web", level, f"{self.command} {self.path} {code}"), err=True)

    def log(self, type: str, message: str, *args: Any) -> None:
        if type != "info":
            click.echo(terminal_log.line("web", type.upper(), message % args), err=True)


def observe(name: str, seconds: float, response: bytes | None) -> None:
    """One line a call."""
    _calls.seen = getattr(_calls, "seen", 0) + 1
    error = _error_of(response)
    text = f"{name[:80]} {seconds * 1000:.1f} ms" + ("" if response is not None else " (notification)")
    shown = text if error is None else f"{text}: {error}"
    click.echo(terminal_log.line("web", "INFO" if error is None else "WARNING", shown), err=True)


def _error_of(response: bytes | None) -> str | None:
    if response is None or b'"error":' not in response[:400]:
        return None
    error = msgspec.json.decode(response).get("error") or {}
    return f"{error['code']} {error['message']}" if error else None


def serve(name: str, host: str, port: int) -> None:
    """Serve the application until the process is told to end."""
    app = load_app(name)
    state = state_of(app)
    _check_bind(host, state)
    state.observe = observe
    server = _bind(app, host, port)
    address = f"http://{f'[{host}]' if ':' in host else host}:{server.server_port}"
    console = f"{address}{state.settings.prefix}/console/"
    click.echo(terminal_log.line("web", "INFO", f"serving {app.name} at {console} (Ctrl-C ends it)"), err=True)
    server.serve_forever()


def _bind(app: Flask, host: str, port: int) -> BaseWSGIServer:
    for candidate in range(port, port + PORTS):
        try:
            return make_server(host, candidate, app, threaded=True, request_handler=Handler)
        except SystemExit:  # how werkzeug says that the port is taken
            continue
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Failure(f"cannot listen at {host}:{candidate}: {error.strerror}") from None
    raise Failure(f"ports {port} to {port + PORTS - 1} are all taken; name another with --port")


def _check_bind(host: str, state: AppState) -> None:
    if not _is_loopback(host) and state.settings.access != "open":
        raise Failure(
            f"{host} can be reached from other machines, and nobody would have to sign in; "
            "bind 127.0.0.1, or set HOTPLATE_ACCESS=open to let everybody in"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    name, host, port = sys.argv[1:4]
    if SUPERVISOR_KEY in os.environ:
        die_with(int(os.environ[SUPERVISOR_KEY]))
    terminal_log.show("web", "info")
    try:
        serve(name, host, int(port))
    except KeyboardInterrupt:
        pass
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
