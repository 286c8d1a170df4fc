"""Progress on its way into a page: from a job in a worker to what a browser shows.

    python -m benchmarks.page [--quick]

A page in Chromium shows the progress of a run with the JavaScript client. Measured is the time from the moment at which
the job reports a step to that at which the page's DOM has changed, by the same clock.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import httpx

from . import report
from .load import free_port, stop
from .peers import quantile

WAYS = {"websocket": "WebSocket", "sse": "server-sent events"}

START_S = 30.0
"""How long the server may take until it answers."""

STEP_S = 0.5
"""How long a step and what comes of it may take, in seconds."""


def browse(url: str, stack: ExitStack) -> None:
    """Open a page in a browser of its own."""
    profile = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
    options = ["--headless=new", "--no-first-run", f"--user-data-dir={profile}"]
    options += ["--no-sandbox"] if os.getuid() == 0 else []
    command = [shutil.which("chromium") or "chromium", *options, url]
    stack.callback(stop, subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))


def serve(environ: Mapping[str, str], stack: ExitStack) -> str:
    """The root of a server with a worker beside it."""
    port = free_port()
    app = "benchmarks.peers.hotplate_page:app"
    command = [sys.executable, "-m", "hotplate", "serve", app, "-p", str(port), "--with-worker", "-c", "1"]
    stack.callback(stop, subprocess.Popen(command, stderr=subprocess.DEVNULL, env={**os.environ, **environ}))
    url = f"http://127.0.0.1:{port}"
    until(lambda: _nodes(url) > 0, START_S, "the server has not come up")
    return url


def _nodes(url: str) -> int:
    try:
        return int(httpx.get(f"{url}/health/ready").json().get("nodes", 0))
    except (httpx.TransportError, ValueError):
        return 0


def until(is_so: Callable[[], bool], seconds: float, else_: str) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            raise RuntimeError(else_)
        time.sleep(0.05)


def measure(way: str, times: int) -> list[float]:
    """How long each step took to be shown, in ms."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        found = folder / "found.json"
        url = serve({"HOTPLATE_DATA": str(folder / "data"), "MEASURED": str(found)}, stack)
        browse(f"{url}/page?way={way}&times={times}", stack)
        until(found.exists, START_S + times * STEP_S, "the page has found nothing")
        arrived = dict[float, float](reversed(json.loads(found.read_bytes())))
    if len(arrived) != times:
        print(f"{WAYS[way]}: {len(arrived)} of {times} steps were shown", file=sys.stderr)
    return [1000 * (shown - said) for said, shown in arrived.items()]


def lines(measured: Mapping[str, Sequence[float]]) -> Iterator[str]:
    """The section of RESULTS.md."""
    chromium = subprocess.run(["chromium", "--version"], capture_output=True, text=True, check=True).stdout.split()
    yield f"{report.machine('uvicorn')} · {' '.join(chromium[:2])}"
    yield ""
    rows = [
        (WAYS[way], len(waits), *(f"{quantile(waits, part):.1f}" for part in (0.5, 0.99)))
        for way, waits in measured.items()
    ]
    yield from report.table(("", "steps", "p50 ms", "p99 ms"), rows)
    yield ""
    yield "From the moment a job in a worker reports a step to the change of the DOM of a page in a browser that shows"
    yield "it, through the record. Each step comes later than the pace at which a run's progress is sent (10 a second)."
    yield "Wanted: p50 of at most 50 ms."


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.page")
    parser.add_argument("--quick", action="store_true", help="40 steps, and printed alone")
    args = parser.parse_args()
    found = list(lines({way: measure(way, 40 if args.quick else 300) for way in WAYS}))
    report.section("A page", found, is_kept=not args.quick)


if __name__ == "__main__":
    main()
