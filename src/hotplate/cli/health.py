"""`hotplate health TARGET`: whether a server or a node is well, as an exit code."""

from __future__ import annotations

import time
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, build_opener

import click

from . import Failure

_LONGEST = 500


@click.command(name="health")
@click.argument("target")
@click.option(
    "--age",
    type=click.FloatRange(0),
    default=30.0,
    show_default=True,
    help="Oldest sign of life of a node, in seconds.",
)
@click.option(
    "--timeout",
    type=click.FloatRange(0.1),
    default=5.0,
    show_default=True,
    help="Seconds in which a server must answer.",
)
def command(target: str, age: float, timeout: float) -> None:
    """Say whether TARGET is well: code 0 if so, else 1.

    TARGET is the address of a server, http://127.0.0.1:8000 (with HOTPLATE_PREFIX behind it, if there is one), which
    must be ready; or the file that `hotplate worker --ready-file` keeps, whose node must have given a sign of life.
    """
    click.echo(_ask(target, timeout) if "://" in target else _look(Path(target), age))


def _ask(url: str, timeout: float) -> str:
    address = f"{url.rstrip('/')}/health/ready"
    try:
        # not through a proxy, which would answer for itself
        with build_opener(ProxyHandler({})).open(address, timeout=timeout) as answer:
            return str(answer.read(_LONGEST).decode("utf-8", "replace"))
    except HTTPError as error:
        with error:
            said = error.read(_LONGEST).decode("utf-8", "replace")
        raise Failure(f"{address} answers {error.code}: {said}") from error
    except (URLError, OSError, ValueError) as error:
        raise Failure(f"{address} does not answer: {getattr(error, 'reason', error)}") from error


def _look(file: Path, age: float) -> str:
    try:
        seconds = time.time() - file.stat().st_mtime
        node = file.read_text("utf-8", "replace").split(" ")[0]
    except OSError as error:
        raise Failure(f"no node serves: {file} is not there") from error
    if seconds > age:
        raise Failure(f"node {node} has given no sign of life for {seconds:.0f} s")
    return f"node {node} is alive"
