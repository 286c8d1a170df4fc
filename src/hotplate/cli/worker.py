"""`hotplate worker APP`: one worker node, until it is told to end."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import click
from msgspec import json

from ..config import APP_KEY
from ..engines.choice import open_record
from ..engines.node.host import ARGUMENTS_KEY, GONE, NodeArguments, find_host
from ..engines.node.node import Node
from ..engines.node.record import Record
from ..engines.sqlite.folder import NodeLock
from ..errors import EngineError
from ..run import new_id
from ..worker.channel import Hello
from ..worker.limits import die_with
from . import Misuse, is_debugged, terminal_log
from .app import app_name, argument
from .supervisor import OTHER_NODE, SUPERVISOR_KEY


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
@click.option(
    "--ready-file", type=click.Path(dir_okay=False, writable=True), help="Keep this file while the node serves."
)
def command(
    app: str | None, concurrency: int | None, queues: str | None, loglevel: str, ready_file: str | None
) -> None:
    """Run the jobs of APP: a pool of worker processes on this machine.

    APP is a module, module:app, module:factory or a file, as Flask understands it. Ctrl-C ends the node after the
    runs that are going on, or after the grace; Ctrl-C again ends it at once. What was not finished begins again
    with the next node.
    """
    name = app_name(app)
    terminal_log.show("worker", "debug" if is_debugged() else loglevel)
    chosen = [queue.strip() for queue in queues.split(",") if queue.strip()] if queues else None
    host = find_host()
    if host is not None:
        die_with(host[1], GONE)
    elif SUPERVISOR_KEY in os.environ:
        die_with(int(os.environ[SUPERVISOR_KEY]), signal.SIGTERM)
    arguments = NodeArguments(concurrency, chosen, loglevel, ready_file)
    if host is None and os.environ.get("HOTPLATE_BROKER_URL"):
        become_celery(name, arguments)
    worker = [sys.executable, "-m", "hotplate.cli.child", name]
    watcher = [sys.executable, "-m", "hotplate.cli.watcher", name, loglevel]
    opener = Opener(is_hosted=host is not None)
    node = Node(worker, watcher, opener, arguments, host[0] if host else None)
    node.on_log = terminal_log.show_line
    code = node.run()
    if opener.has_broker:
        become_celery(name, arguments)
    sys.exit(OTHER_NODE if opener.is_second and SUPERVISOR_KEY in os.environ else code)


class Opener:
    """Opens the record, and knows afterwards whether another node was in the way, or a broker calls for a host."""

    is_second = has_broker = False

    def __init__(self, *, is_hosted: bool) -> None:
        self._is_hosted = is_hosted

    def __call__(self, node: str, hello: Hello) -> Record:
        is_served = False
        terminal_log.use(hello.log_format, node)
        if hello.place.has_broker and not self._is_hosted:
            self.has_broker = True
            raise EngineError
        if not hello.place.database_url:
            with suppress(OSError):  # a folder that cannot be used is explained by what opens it
                is_served = NodeLock(Path(hello.place.data)).alive()
        try:
            return open_record(node, hello)
        except EngineError:
            self.is_second = is_served
            raise


def become_celery(name: str, arguments: NodeArguments) -> NoReturn:
    """Go on as a Celery worker, which hosts the node and executes none of the user's own Celery tasks."""
    if find_spec("celery") is None:
        raise Misuse("a broker is set, which needs Celery: pip install 'hotplate[celery]'")
    os.environ |= {APP_KEY: name, ARGUMENTS_KEY: json.encode(arguments).decode()}
    command = [sys.executable, "-m", "celery", "--quiet", "-A", "hotplate.celery_app", "worker", "--pool", "solo"]
    command += ["--queues", "hotplate", "--without-gossip", "--without-mingle", "--loglevel", "warning"]
    command += ["--hostname", f"hotplate-{new_id()[:8]}@%h"]
    os.execv(sys.executable, command)
