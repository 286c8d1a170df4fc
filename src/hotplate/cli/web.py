"""The web process of `hotplate dev`, `hotplate demo` and `hotplate serve`.

It is `python -m hotplate.cli.web APP HOST DESCRIPTOR [--quiet] [--grace SECONDS] [--debug]`; the descriptor is that of
a listening socket, which was inherited.
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
from ..worker.limits import die_with
from . import Failure, Misuse, access_log, asgi_server, terminal_log
from .app import load_app
from .listener import address
from .supervisor import SUPERVISOR_KEY

GRACE_S = 0.5
"""Without another word, what is being answered when the process is told to end has so many seconds more: a developer
waits for changed code to be loaded."""


def serve(name: str, host: str, listener: socket, *, quiet: bool = False, grace: float = GRACE_S) -> None:
    """Serve the application until the process is told to end; with a line a call, unless it is to be quiet."""
    app = load_app(name)
    state = state_of(app)
    _check_bind(host, state)
    terminal_log.use(state.settings.log_format)
    if not quiet:
        state.observe = access_log.observe
        console = f"{address(listener)}{state.settings.prefix}/console/"
        click.echo(terminal_log.line("web", "INFO", f"serving {app.name} at {console} (Ctrl-C ends it)"), err=True)
    asgi_server.serve(app, state, listener, quiet=quiet, grace=grace)


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
    terminal_log.show_the_rest("web")
    grace = float(more[more.index("--grace") + 1]) if "--grace" in more else GRACE_S
    try:
        serve(name, host, socket(fileno=int(descriptor)), quiet="--quiet" in more, grace=grace)
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
