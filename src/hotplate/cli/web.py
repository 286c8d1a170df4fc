"""The web process of `hotplate dev` and `hotplate demo`.

It is `python -m hotplate.cli.web APP HOST DESCRIPTOR [--quiet] [--debug]`; the descriptor is that of a listening
socket, which was inherited.
"""

from __future__ import annotations

import os
import sys
import threading
from ipaddress import ip_address
from socket import socket
from typing import Any

import click
import msgspec
from werkzeug.serving import WSGIRequestHandler, make_server

from ..errors import HotplateError
from ..extension import state_of
from ..web.state import AppState
from ..worker.limits import die_with
from . import Failure, Misuse, terminal_log
from .app import load_app
from .listener import address
from .supervisor import SUPERVISOR_KEY

READS = frozenset(
    {
        "live.get",
        "live.list",
        "rpc.discover",
        "run.get",
        "run.list",
        "run.log",
        "run.wait",
        "schedule.list",
        "worker.list",
    }
)
"""Built-in methods that only read; the log has those that were refused."""

LONGEST_DATA = 200
"""So many characters of the data of an error are shown."""

_TLS = "\x16\x03"

_calls = threading.local()


class Handler(WSGIRequestHandler):
    """A line for each request that is no call, or that was refused; calls have lines of their own."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        seen, _calls.seen = getattr(_calls, "seen", 0), 0
        if not (seen and str(code) in ("200", "204")):
            level = "INFO" if str(code)[:1] in "123" else "WARNING"
            # a line that is no request leaves the command empty, and the path of an earlier request
            what = f"{self.command} {self.path}" if self.command else _malformed(self.requestline)
            click.echo(terminal_log.line("web", level, f"{what} {code}"), err=True)

    def log_error(self, format: str, *args: Any) -> None:
        # every refusal comes to log_request as well
        if not format.startswith("code "):
            super().log_error(format, *args)

    def log(self, type: str, message: str, *args: Any) -> None:
        if type != "info":
            click.echo(terminal_log.line("web", type.upper(), message % args), err=True)


class QuietHandler(Handler):
    """A line only for each request that went wrong."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        if str(code)[:1] not in "123":
            super().log_request(code, size)


def _malformed(line: str) -> str:
    if line.startswith(_TLS):
        return "https:// was asked for, but only http:// is served here:"
    return f"no HTTP request: {line[:40]!r}"


def observe(name: str, seconds: float, response: bytes | None) -> None:
    """One line a call, but none for what a follower or the console reads again and again."""
    _calls.seen = getattr(_calls, "seen", 0) + 1
    error = _error_of(response)
    if error is None and name in READS:
        return
    text = f"{name[:80]} {seconds * 1000:.1f} ms" + ("" if response is not None else " (notification)")
    shown = text if error is None else f"{text}: {error}"
    level = "INFO" if error is None else "WARNING"
    click.echo(terminal_log.line("web", level, shown, method=name[:80], seconds=round(seconds, 6)), err=True)


def _error_of(response: bytes | None) -> str | None:
    if response is None or b'"error":' not in response[:400]:
        return None
    error = msgspec.json.decode(response).get("error") or {}
    if not error:
        return None
    data = error.get("data")
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    detail = "" if data is None else f": {text[:LONGEST_DATA]}"
    return f"{error['code']} {error['message']}{detail}"


def serve(name: str, host: str, listener: socket, *, quiet: bool = False) -> None:
    """Serve the application until the process is told to end; with a line a call, unless it is to be quiet."""
    app = load_app(name)
    state = state_of(app)
    _check_bind(host, state)
    terminal_log.use(state.settings.log_format)
    if not quiet:
        state.observe = observe
        console = f"{address(listener)}{state.settings.prefix}/console/"
        click.echo(terminal_log.line("web", "INFO", f"serving {app.name} at {console} (Ctrl-C ends it)"), err=True)
    port, handler = listener.getsockname()[1], QuietHandler if quiet else Handler
    server = make_server(host, port, app, threaded=True, request_handler=handler, fd=listener.fileno())
    server.serve_forever()


def _check_bind(host: str, state: AppState) -> None:
    if not _is_loopback(host) and state.settings.access != "open":
        raise Misuse(
            f"{host} can be reached from other machines, and nobody would have to sign in; "
            "bind 127.0.0.1, or set HOTPLATE_ACCESS=open to let everybody in"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    name, host, descriptor, *more = sys.argv[1:]
    if SUPERVISOR_KEY in os.environ:
        die_with(int(os.environ[SUPERVISOR_KEY]))
    terminal_log.show("web", "info")
    try:
        serve(name, host, socket(fileno=int(descriptor)), quiet="--quiet" in more)
    except KeyboardInterrupt:
        pass
    except click.ClickException as error:
        if "--debug" in more and error.__cause__:
            raise
        error.show()
        sys.exit(error.exit_code)
    except HotplateError as error:
        if "--debug" in more:
            raise
        Failure(str(error)).show()
        sys.exit(Failure.exit_code)


if __name__ == "__main__":
    main()
