"""`hotplate serve APP`: web processes at one socket, and a worker node beside them if wanted."""

from __future__ import annotations

import sys

import click

from . import is_debugged, terminal_log
from .app import app_name, argument
from .listener import address, listen
from .supervisor import Supervisor, node_part, web_part

GRACE_S = 10.0
"""What is being answered when the end is asked for has so many seconds to come to its own."""

PATIENCE_S = GRACE_S + 10.0
"""A web process that has not ended after so many seconds is killed."""


@click.command(name="serve")
@argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at.")
@click.option("-p", "--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="Port to listen at.")
@click.option("-w", "--workers", type=click.IntRange(1), default=1, show_default=True, help="Web processes.")
@click.option("--with-worker", is_flag=True, help="Run jobs on this machine, too.")
@click.option("-c", "--concurrency", type=click.IntRange(1), help="With --with-worker: runs side by side.")
@click.option("--log-calls/--no-log-calls", help="A line a call, instead of one for each request that went wrong.")
def command(
    app: str | None,
    host: str,
    port: int,
    workers: int,
    with_worker: bool,
    concurrency: int | None,
    log_calls: bool,
) -> None:
    """Serve APP in production: its API, its pages and the console.

    A web process that dies is started again. SIGTERM or Ctrl-C ends it all when what is being answered has been; Ctrl-C
    again at once. It is for everybody who may call by HOTPLATE_ACCESS.
    """
    name = app_name(app)
    terminal_log.show("serve", "info")
    debug = ["--debug"] if is_debugged() else []
    options = ["--grace", str(GRACE_S), "--one-of", str(workers), *debug, *([] if log_calls else ["--quiet"])]
    more = ["--concurrency", str(concurrency)] if concurrency else []
    node = node_part(name, *more, *debug) if with_worker else None
    with listen(host, port, ports=1) as listener:
        web = [
            web_part(name, host, listener, *options, *([] if number else ["--tell"]), development=False)
            for number in range(workers)
        ]
        said = f"serving {name} at {address(listener)} by {workers} web process{'es' if workers > 1 else ''}"

        def tell() -> None:
            click.echo(terminal_log.line("serve", "INFO", f"{said} (Ctrl-C ends it)"), err=True)

        sys.exit(Supervisor(web, node, revives=True, patience=PATIENCE_S, on_ready=tell).run([]))
