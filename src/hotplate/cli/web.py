"""The web process of `hotplate dev`, `hotplate demo` and `hotplate serve`.

It is `python -m hotplate.cli.web APP HOST DESCRIPTOR [--quiet] [--grace SECONDS] [--one-of WORKERS] [--tell]
[--debug]`; the descriptor is that of a listening socket, which was inherited.
"""

from __future__ import annotations

import os
import sys
from ipaddress import ip_address
from socket import socket

import click

from ..errors import HotplateError
from ..extension import state_of
from ..web.state import AppState
from ..worker.limits import die_with, open_many_files
from . import Failure, Misuse, access_log, asgi_server, terminal_log, wsgi_server
from .app import load_app
from .listener import address
from .supervisor import READY, SUPERVISOR_KEY

GRACE_S = 0.5
"""Without another word, what is being answered when the process is told to end has so many seconds more: a developer
waits for changed code to be loaded."""


def serve(
    name: str,
    host: str,
    listener: socket,
    *,
    quiet: bool = False,
    grace: float = GRACE_S,
    workers: int = 1,
    tells: bool = False,
) -> None:
    """Serve the application until the process is told to end; with a line a call, unless it is to be quiet.

    workers: how many processes there are at the same socket. tells: the supervisor is told that this one serves.
    """
    app = load_app(name)
    state = state_of(app)
    _check_bind(host, state)
    needs_wsgi = _check_socketio(state, workers)
    terminal_log.use(state.settings.log_format)
    if not quiet:
        state.observe = access_log.observe
        console = f"{address(listener)}{state.settings.prefix}/console/"
        click.echo(terminal_log.line("web", "INFO", f"serving {app.name} at {console} (Ctrl-C ends it)"), err=True)
    if tells:
        os.kill(int(os.environ[SUPERVISOR_KEY]), READY)
    (wsgi_server if needs_wsgi else asgi_server).serve(app, state, listener, quiet=quiet, grace=grace)


def _check_socketio(state: AppState, workers: int) -> bool:
    """Whether the application needs WSGI, because of its Socket.IO object; which is said."""
    socketio = state.socketio
    if socketio is None:
        return False
    if workers > 1 and socketio.is_sticky:
        raise Misuse(
            "clients of Socket.IO that poll must come to one and the same process: serve with one web process, or let "
            "them use WebSockets alone, SocketIO(transports=['websocket'])"
        )
    if socketio.is_async:
        return False
    if socketio.mode == "gevent":
        raise Misuse(
            "the async_mode of Flask-SocketIO is 'gevent': run gunicorn -k gevent -w 1, or leave async_mode out to "
            "have threads here"
        )
    said = "Flask-SocketIO needs a WSGI server: a thread for each connection serves instead of an event loop"
    click.echo(terminal_log.line("web", "INFO", said), err=True)
    return True


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
    open_many_files()
    terminal_log.show("web", "info")
    terminal_log.show_the_rest("web")
    grace = float(more[more.index("--grace") + 1]) if "--grace" in more else GRACE_S
    workers = int(more[more.index("--one-of") + 1]) if "--one-of" in more else 1
    # as `flask run` does: app.run() is passed over, and Flask-SocketIO takes threads where nothing else is said
    os.environ["FLASK_RUN_FROM_CLI"] = "true"
    try:
        serve(
            name,
            host,
            socket(fileno=int(descriptor)),
            quiet="--quiet" in more,
            grace=grace,
            workers=workers,
            tells="--tell" in more,
        )
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
