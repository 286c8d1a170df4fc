"""`hotplate watch`: what is new on topics, a line each."""

from __future__ import annotations

import json
import sys
from math import inf
from typing import Any

import click

from ..client import Client, Update
from ..errors import Error, printable
from . import Failure, terminal_log
from .call import describe

WIDEST = 200
"""So many characters of an update's data are shown in a terminal; elsewhere all of them."""


@click.command("watch", epilog="Topics: run/ID, runs, workers, schedules. Ctrl-C ends it; what is watched goes on.")
@click.argument("url")
@click.argument("topics", nargs=-1, required=True, metavar="TOPIC…")
@click.option("--after", default=0, help="Seq of a run after which to begin.", show_default=True)
@click.option("--token", envvar="HOTPLATE_TOKEN", help="Bearer token; else HOTPLATE_TOKEN of the environment.")
def command(url: str, topics: tuple[str, ...], after: int, token: str | None) -> None:
    """Show what is new on TOPICs of the server at URL: a line for each update, as JSON where this is no terminal.

    It goes on while the server is out of reach, and says so on stderr; it ends when all topics are of runs that have
    ended.
    """
    terminal_log.show("watch", "info")
    url = url if "://" in url else f"http://{url}"
    topics = tuple(topic for given in topics for topic in given.split(",") if topic)
    try:
        with Client(url, token=token) as client:
            for update in client.watch(*topics, after=after, patience=inf):
                click.echo(_line(update))
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except Error as error:
        raise Failure(describe(error)) from error


def _line(update: Update) -> str:
    if not sys.stdout.isatty():
        fields = {name: getattr(update, name) for name in update.__struct_fields__}
        return json.dumps(fields, ensure_ascii=False)
    return printable(f"{update.topic}  {update.seq:>6}  {update.type:<8}  {_shown(update)}")


def _shown(update: Update) -> str:
    data: Any = update.data
    if update.type == "run":
        return f"{data['job']} {data['state']}" + (f" ({data['waiting_for']})" if data["waiting_for"] else "")
    if update.type == "log":
        return str(data["data"]["text"])
    if update.type in ("move", "partial"):
        data = data["data"]
    if update.type == "progress" and data["fraction"] is not None:
        return f"{data['fraction']:.0%} {data['message'] or ''}".rstrip()
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= WIDEST else f"{text[: WIDEST - 1]}…"
