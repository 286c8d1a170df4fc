"""`hotplate dev APP`: web server and worker node in one terminal, with the code watched."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from . import is_debugged, terminal_log
from .app import app_name, argument
from .listener import listen
from .stand_in import StandIn
from .supervisor import Supervisor, node_part, web_part


@click.command(name="dev")
@argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option(
    "-p", "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="The next free one is taken."
)
@click.option("--reload/--no-reload", default=True, help="Load changed code; runs that are going on are not harmed.")
@click.option("--worker/--no-worker", default=True, help="Whether jobs are run, too.")
@click.option("-c", "--concurrency", type=click.IntRange(1), help="Runs side by side; one a core without it.")
def command(app: str | None, host: str, port: int, reload: bool, worker: bool, concurrency: int | None) -> None:
    """Serve APP and run its jobs, for development.

    One terminal, one line a call, and what jobs print. While changed code cannot be loaded, calls are refused. Ctrl-C
    ends both; runs that are not finished then begin again with the next start. For everybody on this machine, and
    nobody else, unless HOTPLATE_ACCESS says otherwise.
    """
    name = app_name(app)
    terminal_log.show("dev", "info")
    debug = ["--debug"] if is_debugged() else []
    more = ["--concurrency", str(concurrency)] if concurrency else []
    node = node_part(name, *more, *debug) if worker else None
    with listen(host, port) as listener:
        web, stand_in = web_part(name, host, listener, *debug), StandIn(listener) if reload else None
        sys.exit(Supervisor([web], node, stand_in).run([Path.cwd()] if reload else []))
