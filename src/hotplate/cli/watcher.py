"""The process of a watcher: `python -m hotplate.cli.watcher APP LOGLEVEL id end_fd control_fd node_pid`, of a node."""

from __future__ import annotations

import logging
import signal
import socket
import sys
from contextlib import suppress

from ..errors import Unavailable
from ..extension import state_of
from ..live import always
from ..rpc.watching import Watching
from ..worker.limits import die_with, yield_to_others
from . import terminal_log
from .app import load_app

log = logging.getLogger("hotplate")


def main() -> None:
    """Look at what is looked at always, until the node wants the end, or ends."""
    name, level, watcher, end, _, node_pid = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the node's to hear
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    die_with(int(node_pid))
    yield_to_others()
    terminal_log.show("worker", level)
    terminal_log.show_the_rest("worker")
    with socket.socket(fileno=int(end)) as node:
        _look(name, watcher, node)


def _look(name: str, watcher: str, node: socket.socket) -> None:
    try:
        app = load_app(name)
        state = state_of(app)
        terminal_log.use(state.settings.log_format)
        state.registry.freeze()
        state.engine()
    except Exception as error:
        log.error("live values cannot be looked at: %s", error.__cause__ if isinstance(error, Unavailable) else error)
        sys.exit(1)
    watching = Watching(state.engine, state.registry.lives, app.app_context, watcher)
    for live in always(state.registry.lives):
        watching.begin(live)
    try:
        with suppress(ConnectionResetError):  # the node was killed
            node.recv(1)
    finally:
        watching.close()
        state.close()


if __name__ == "__main__":
    main()
