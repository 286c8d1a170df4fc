"""`hotplate worker APP`: one worker node, until it is told to end."""

from __future__ import annotations

import os
import signal
import sys

import click

from ..engines.pool import Node, NodeOptions
from ..engines.record import open_record
from ..worker.limits import die_with
from . import terminal_log
from .app import app_name, argument
from .supervisor import SUPERVISOR_KEY


@click.command(name="worker")
@argument
@click.option(
    "-c", "--concurrency", type=click.IntRange(1), help="Runs side by side; without it, the settings' or one a core."
)
@click.option("-q", "--queues", help="Only these queues, separated by commas; without it, all of them.")
@click.option(
    "-l", "--loglevel", default="info", show_default=True, help="debug, info, warning or error.",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
)  # fmt: skip
def command(app: str | None, concurrency: int | None, queues: str | None, loglevel: str) -> None:
    """Run the jobs of APP: a pool of worker processes on this machine.

    APP is a module, module:app, module:factory or a file, as Flask understands it. Ctrl-C ends the node after the
    runs that are going on, or after the grace; Ctrl-C again ends it at once. What was not finished begins again
    with the next node.
    """
    name = app_name(app)
    terminal_log.show("worker", loglevel)
    if SUPERVISOR_KEY in os.environ:
        die_with(int(os.environ[SUPERVISOR_KEY]), signal.SIGTERM)
    chosen = [queue.strip() for queue in queues.split(",") if queue.strip()] if queues else None
    options = NodeOptions(concurrency=concurrency or 0, queues=chosen)
    worker = [sys.executable, "-m", "hotplate.cli.child", name]
    node = Node(worker, open_record, options)
    node.on_log = terminal_log.show_line
    sys.exit(node.run())
