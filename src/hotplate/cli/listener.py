"""The socket at which `hotplate dev`, `hotplate demo` and `hotplate serve` are reached.

The supervisor binds it and every web process inherits it: the port stays the same however often the code is loaded
anew, and who calls meanwhile waits in the backlog instead of being refused.
"""

from __future__ import annotations

import errno
import socket

import click

from . import Failure, terminal_log

PORTS = 20
"""So many ports are tried, from the one asked for on."""

_BACKLOG = 128


def listen(host: str, port: int, ports: int = PORTS) -> socket.socket:
    """A socket listening at `port`, or at the next free one of so many, which is said then. Raises `Failure`."""
    for candidate in range(port, port + ports):
        try:
            listener = _bound(host, candidate)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Failure(f"cannot listen at {host}:{candidate}: {error.strerror}") from None
        else:
            if candidate != port:
                said = f"port {port} is taken; {candidate} is used instead"
                click.echo(terminal_log.line("dev", "WARNING", said), err=True)
            return listener
    taken = f"ports {port} to {port + ports - 1} are all" if ports > 1 else f"port {port} is"
    raise Failure(f"{taken} taken; name another with --port")


def address(listener: socket.socket) -> str:
    """The root of what is served there."""
    host, port, *_ = listener.getsockname()
    return f"http://{f'[{host}]' if ':' in host else host}:{port}"


def _bound(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
