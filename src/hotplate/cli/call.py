"""`hotplate call`: a call from the command line; a job is started and followed."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import msgspec

from ..client import Client, Run
from ..client.call import Arguments
from ..client.run import new_run
from ..client.terminal import follow, log_hint
from ..errors import Error, InternalError, printable
from . import Failure
from .layout import laid_out

_NAMED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)

# These answer a run of another name than their own, which is followed like that of a job.
_FOLLOWED = frozenset({"run.retry", "run.start", "run.wait"})

_START_OPTIONS = ("key", "delay", "priority", "queue")


@click.command(
    "call",
    context_settings={"ignore_unknown_options": True},
    epilog="A value is JSON, else text: n=3 name=Ada 'tags=[1, 2]'. @FILE stands for the text of a file "
    "(its JSON, if its name ends in .json), @- for standard input.",
)
@click.argument("url")
@click.argument("method")
@click.argument("values", nargs=-1, metavar="[NAME=VALUE | VALUE]…")
@click.option("--no-wait", is_flag=True, help="Start a job, print the run's id and end.")
@click.option("--log", is_flag=True, help="Show the log of the run.")
@click.option("--token", envvar="HOTPLATE_TOKEN", help="Bearer token; else HOTPLATE_TOKEN of the environment.")
@click.option("--timeout", default=30.0, show_default=True, help="Seconds that an answer may take.")
@click.option("--key", help="Start a job at most once under this key.")
@click.option("--delay", type=click.FloatRange(min=0), help="Start a job after so many seconds.")
@click.option("--priority", type=int, help="The higher, the earlier a job has its turn.")
@click.option("--queue", help="Queue to start a job in.")
def command(url: str, method: str, values: tuple[str, ...], **options: Any) -> None:
    """Call METHOD of the server at URL and print its result as JSON.

    URL is the server's root or its RPC address; without a scheme it is http://. A job is followed until it has ended;
    Ctrl-C leaves it running.
    """
    params = arguments(values)
    url = url if "://" in url else f"http://{url}"
    try:
        with _client(url, options) as client:
            answer = _ask(client, method, params, options)
            if not isinstance(answer, Run):
                _print(answer)
            elif options["no_wait"]:
                click.echo(answer.id)
            else:
                _print(_follow(answer, url, options["log"], _is_generator(client, answer.job)))
    except Error as error:
        raise Failure(describe(error)) from error


def _client(url: str, options: Mapping[str, Any]) -> Client:
    try:
        return Client(url, token=options["token"], timeout=options["timeout"])
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def arguments(values: tuple[str, ...]) -> Arguments:
    """The arguments of a command line: all by name, or all by position."""
    named = [_NAMED.fullmatch(value) for value in values]
    if not all(named) and any(named):
        raise click.UsageError("give all values by name (name=value) or all by position (value), not some of each")
    if not any(named):
        return [_value(value) for value in values]
    return {match[1]: _value(match[2]) for match in named if match}


def _value(text: str) -> Any:
    if text.startswith("@"):
        return _file(text[1:])
    try:
        return msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text


def _file(name: str) -> Any:
    if name == "-":
        return sys.stdin.read()
    try:
        text = Path(name).read_text("utf-8")
        return msgspec.json.decode(text) if name.endswith(".json") else text
    except (OSError, UnicodeDecodeError, msgspec.DecodeError) as error:
        raise click.UsageError(f"@{name}: {error}") from None


def _ask(client: Client, method: str, params: Arguments, options: Mapping[str, Any]) -> Any:
    given = {name: options[name] for name in _START_OPTIONS if options[name] is not None}
    if given:
        return client.start(method, params, **given)
    answer = client.call(method, **params) if isinstance(params, Mapping) else client.call(method, *params)
    return new_run(client, answer) if method in _FOLLOWED else answer


def _is_generator(client: Client, job: str) -> bool:
    """Whether runs of a job have partial results, as far as the server describes the job to this caller."""
    try:
        methods = client.call("rpc.discover")["methods"]
    except Error:
        return False
    named = [method for method in methods if f".{job}".endswith(f".{method['name']}")]
    return any("x-hotplate-partial" in method for method in named)


def _follow(run: Run, url: str, log: bool, partials: bool) -> Any:
    try:
        follow(run, sys.stderr, log=log, partials=partials)
    except KeyboardInterrupt:
        click.echo(f"run {run.id} goes on without being watched", err=True)
        click.echo(f"  see it again: hotplate call {url} run.wait {run.id}", err=True)
        click.echo(f"  end it:       hotplate call {url} run.cancel {run.id}", err=True)
        raise
    return run.value()


def _print(value: Any) -> None:
    if not sys.stdout.isatty():
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    # JSON escapes the control characters of ASCII only.
    for line in laid_out(value, shutil.get_terminal_size().columns).splitlines():
        click.echo(printable(line))


def describe(error: Error) -> str:
    """An error of the server in one line."""
    data = error.data
    if hint := log_hint(data, "server" if isinstance(error, InternalError) else "worker"):
        data = hint
    detail = "" if data is None else f": {data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)}"
    return printable(f"{error.message}{detail} (code {error.code})")
