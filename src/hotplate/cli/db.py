"""`hotplate db`: the record of runs, for whoever keeps it."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from ..config import Place
from ..engine import NodeInfo
from ..engines.choice import place_of
from ..engines.standing import Contents, Standing
from ..engines.upkeep import standing, upgrade
from . import Misuse
from .app import app_name, argument, load_app

STATES = ("queued", "running", "succeeded", "failed", "cancelled")


@click.group("db", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Look at the record of runs, and bring it up to date."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())
        ctx.exit(Misuse.exit_code)


@command.command("status")
@argument
def show(app: str | None) -> None:
    """Tell where the record of APP lies, its version, and what is in it.

    Ends with code 1 if it cannot be used as it is.
    """
    stands = standing(_place(app_name(app)))
    for name, text in _told(stands):
        click.echo(f"{name:9}{text}")
    sys.exit(1 if stands.trouble else 0)


@command.command("upgrade")
@argument
@click.option("--check", is_flag=True, help="Change nothing; end with code 1 if there is something to do.")
def bring_up_to_date(app: str | None, check: bool) -> None:
    """Bring the tables of APP's record to the version of this Hotplate.

    Nodes and web processes go on meanwhile, unless it says that they cannot.
    """
    place = _place(app_name(app))
    before = standing(place)
    if not check:
        upgrade(place, click.echo)
    elif before.found is None:
        click.echo(f"{before.where}: there is no record yet; the tables would be made")
        sys.exit(1)
    elif before.missing:
        for step in before.missing:
            click.echo(f"version {step.version} is missing: {step.what}")
        sys.exit(1)
    after = standing(place)
    click.echo(f"{after.where}: version {_version(after)}")
    sys.exit(1 if after.trouble else 0)


def _place(name: str) -> Place:
    # It brings Flask along, which `hotplate --help` need not wait for.
    from ..extension import state_of  # noqa: PLC0415

    app = load_app(name)
    return place_of(state_of(app).settings, app.name, app.root_path)


def _told(stands: Standing) -> Iterator[tuple[str, str]]:
    yield "record", stands.where
    yield "version", _version(stands)
    contents = stands.contents
    if contents:
        yield "size", f"{contents.size / 2**20:.1f} MiB"
        yield "runs", ", ".join(f"{contents.states.get(state, 0)} {state}" for state in STATES)
        yield "oldest", _oldest(contents)
        yield "nodes", f"{len(contents.nodes)} alive"
        for node in contents.nodes:
            yield "", _node(node)


def _version(stands: Standing) -> str:
    if stands.found is None:
        return "no record yet; it is made at its first use"
    number, since = stands.found
    known = f"{number}" + (f", compatible from {since}" if since != number else "")
    return f"{known}: {stands.trouble or 'this Hotplate works with it'}"


def _oldest(contents: Contents) -> str:
    if contents.oldest is None:
        return "no run is due and waits"
    run_id, job, seconds = contents.oldest
    return f"run {run_id} of {job} waits for {seconds:.0f} s"


def _node(node: NodeInfo) -> str:
    queues = ", ".join(node.queues) if node.queues else "all queues"
    return f"{node.host}, process {node.pid}: {len(node.running)} of {node.concurrency} at work, {queues}"
