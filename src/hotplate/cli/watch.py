"""`hotplate watch`: what is new on topics, a line each."""

from __future__ import annotations

import json
import shutil
import sys
from math import inf
from typing import Any

import click
import msgspec

from ..client import Client, Update
from ..client.terminal import steps
from ..errors import Error, printable
from ..run import Progress
from ..update import RUN
from . import Failure, terminal_log
from .call import describe


@click.command(
    "watch", epilog="Topics: run/ID, runs, workers, schedules, live/NAME. Ctrl-C ends it; what is watched goes on."
)
@click.argument("url")
@click.argument("topics", nargs=-1, required=True, metavar="TOPIC…")
@click.option("--after", default=0, help="Seq of a run after which to begin.", show_default=True)
@click.option("--token", envvar="HOTPLATE_TOKEN", help="Bearer token; else HOTPLATE_TOKEN of the environment.")
@click.option("--json", "as_json", is_flag=True, help="Each update as JSON, as where this is no terminal.")
def command(url: str, topics: tuple[str, ...], after: int, token: str | None, as_json: bool) -> None:
    """Show what is new on TOPICs of the server at URL: lines for reading, or each update as JSON where this is no
    terminal.

    It goes on while the server is out of reach, and says so on stderr; it ends when all topics are of runs that have
    ended.
    """
    terminal_log.show("watch", "info")
    url = url if "://" in url else f"http://{url}"
    topics = tuple(topic for given in topics for topic in given.split(",") if topic)
    as_json = as_json or not sys.stdout.isatty()
    width = max(map(len, topics), default=0)
    try:
        with Client(url, token=token) as client:
            for update in client.watch(*topics, after=after, patience=inf):
                if as_json:
                    click.echo(_json(update))
                    continue
                for line in lines(update, width, shutil.get_terminal_size().columns):
                    click.echo(line)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    except Error as error:
        raise Failure(describe(error)) from error


def _json(update: Update) -> str:
    fields = {name: getattr(update, name) for name in update.__struct_fields__}
    return json.dumps(fields, ensure_ascii=False)


def lines(update: Update, topic_width: int, columns: int) -> list[str]:
    """An update for reading in a terminal with so many columns: a line for each thing it tells of, oldest first."""
    data = update.data
    if isinstance(data, list):
        told = [_state(update.type, one) for one in reversed(data)] or ["none"]
    elif update.topic.startswith(RUN):
        told = [f"{update.seq:>6}  {update.type:<8}  {_of_run(update.type, data)}"]
    else:
        told = [_state(update.type, data)]
    shown = [printable(f"{update.topic:<{topic_width}}  {text}".rstrip()) for text in told]
    if update.type == "log":
        return shown
    return [line if len(line) <= columns else f"{line[: columns - 1]}…" for line in shown]


def _state(kind: str, data: Any) -> str:
    """One thing of a topic that is no run's, as it stands."""
    match kind:
        case "run" | "runs":
            return f"{data['id']}  {data['state']:<9}  {data['job']}  {_standing(data)}"
        case "worker" | "workers":
            busy = f"{len(data['running'])} of {data['concurrency']} running"
            return f"{data['id']}  {busy}  {data['host']}, process {data['pid']}"
        case "schedule" | "schedules":
            return f"{data['name']}  {data['job']}  {_next(data)}"
        case "value":
            return f"{data['version']:>6}  {_value(data)}"
        case "gone":
            return f"{data['id']}  gone"
    return _flat(data)


def _standing(run: Any) -> str:
    if run["waiting_for"]:
        return f"waiting for: {run['waiting_for']}"
    if run["error"]:
        return str(run["error"]["message"])
    return "" if run["finished_at"] else _progress(run["progress"])


def _progress(progress: Any) -> str:
    if progress is None:
        return ""
    return f"{steps(msgspec.convert(progress, Progress)).strip()}  {progress['message'] or ''}".rstrip()


def _next(schedule: Any) -> str:
    if schedule["paused_at"]:
        return "paused"
    if schedule["waiting_for"]:
        return f"waiting for: {schedule['waiting_for']}"
    return f"next at {schedule['next_at']}" if schedule["next_at"] else ""


def _value(live: Any) -> str:
    error = live["error"]
    return (
        f"{_flat(live['value'])}  error: {error['message']} (code {error['code']})" if error else _flat(live["value"])
    )


def _of_run(kind: str, data: Any) -> str:
    match kind:
        case "run":
            return f"{data['job']} {data['state']}  {_standing(data)}"
        case "log":
            return str(data["data"]["text"])
        case "progress":
            return _progress(data)
        case "move":
            moved = data["data"]
            return f"{moved['move']}: {moved['state']}, attempt {moved['attempt']}"
        case "partial":
            return _flat(data["data"])
        case "gone":
            return "no longer kept"
    return _flat(data)


def _flat(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False)
