"""`hotplate demo`: the demonstration application, with one run to be watched."""

from __future__ import annotations

import sys
import threading
import time

import click

from ..client import Client, Run
from ..client.terminal import follow
from ..errors import HotplateError
from .listener import address, listen
from .supervisor import Supervisor, node_part, web_part

APP = "hotplate.demo.app:app"
HOST = "127.0.0.1"
SAMPLES = 20_000_000

ONCE_S = 120.0
"""With --once it ends after this time, come what may."""

NODE_S = 10.0
"""The run is started after this time at the latest, even where no worker node has come up."""

_ROWS = 5


@click.command("demo")
@click.option(
    "-p", "--port", type=click.IntRange(1, 65535), default=5000, show_default=True, help="The next free one is taken."
)
@click.option("--once", is_flag=True, help="End after the run: with exit code 0 if it succeeded, else 1.")
def command(port: int, once: bool) -> None:
    """Show Hotplate: serve the demonstration application and start one run through its API.

    Stays up until Ctrl-C. Reached from this machine only.
    """
    with listen(HOST, port) as listener:
        web, node = web_part(APP, HOST, listener, "--quiet"), node_part(APP, "--loglevel", "warning")
        guest = Guest(address(listener), Supervisor([web], node), once)
        sys.exit(guest.visit())


class Guest:
    """Calls the application as anybody could, while the supervisor keeps it going."""

    def __init__(self, url: str, supervisor: Supervisor, once: bool) -> None:
        self._url, self._supervisor, self._once = url, supervisor, once
        self._failed = True

    def visit(self) -> int:
        """Until the end; the exit code."""
        threading.Thread(target=self._watch_a_run, daemon=True).start()
        if self._once:
            last_resort = threading.Timer(ONCE_S, self._supervisor.end)
            last_resort.daemon = True
            last_resort.start()
        code = self._supervisor.run([])
        return code or int(self._once and self._failed)

    def _watch_a_run(self) -> None:
        try:
            with Client(self._url) as client:
                self._show(client)
            self._failed = False
        except HotplateError as error:
            if not self._supervisor.is_ending:
                click.echo(f"The run went wrong: {error}", err=True)
        if self._once:
            self._supervisor.end()
        elif not self._supervisor.is_ending:
            click.echo(f"\n{self._invitation()}")

    def _show(self, client: Client) -> None:
        click.echo("Echo.reverse('Hotplate') answers at once: ", nl=False)
        click.echo(client.Echo.reverse("Hotplate"))
        click.echo(f"estimate_pi({SAMPLES:_}) is heavy, so a worker runs it:")
        _await_node(client)
        run = client.estimate_pi.start(samples=SAMPLES)
        follow(run, sys.stderr)
        click.echo(_table(run))

    def _invitation(self) -> str:
        return (
            f"Open {click.style(f'{self._url}/console/', bold=True)} (Ctrl-C ends it), or call from another terminal:\n"
            f"  hotplate call {self._url} finance.black_scholes spot=42 strike=40\n"
            f"  hotplate call {self._url} queueing.simulate_queue"
        )


def _await_node(client: Client) -> None:
    """Until a worker node is there; if it takes too long, the run itself will say what it waits for."""
    deadline = time.monotonic() + NODE_S
    while not client.call("worker.list") and time.monotonic() < deadline:
        time.sleep(0.05)


def _table(run: Run) -> str:
    series = run.value()["series"]
    rows = series[len(series) // _ROWS - 1 :: len(series) // _ROWS]
    lines = [f"{row['samples']:>14,}  {row['estimate']:.5f}  ± {row['standard_error']:.5f}" for row in rows]
    return "\n".join(["       samples  pi is about", *lines])
