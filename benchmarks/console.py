"""The console beside Gradio and Dash: the same Monte-Carlo application in each.

    python -m benchmarks.console [--quick]

Measured are, in turns: how long it takes in a fresh browser until the form can be used, what is loaded for that, and
how long others' requests for the page take while nothing runs and while four such computations do.

Gradio and Dash are installed into a virtual environment of their own in build/, as their dependencies do not go with
what is tested here.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from msgspec import Struct

from tests.browser import Browser

from . import report
from .load import free_port, stop
from .peers import quantile

HERE = Path(__file__).parent
PEERS = HERE.parent / "build/console-peers"
PACKAGES = ("gradio==6.31.0", "dash[diskcache]==4.4.1")
START_S = 60.0
COMPUTATIONS = 4


class Face(Struct, frozen=True):
    """An application as people see it. `command` with {port} and {folder}; `page` is the path of its form.

    `others` is what others ask for. The form is ready once there is a button that is called `button`.
    """

    name: str
    command: Sequence[str]
    button: str
    page: str = "/"
    others: str = "/"


FACES = (
    Face(
        "Hotplate",
        ("{python}", "-m", "hotplate", "serve", "{peers}/hotplate_console.py", "-p", "{port}", "--with-worker"),
        "Start",
        page="/console/functions/estimate_pi",
        others="/console/functions",
    ),
    Face("Gradio", ("{venv}", "{peers}/gradio_console.py", "{port}"), "Run"),
    Face("Dash", ("{venv}", "{peers}/dash_console.py", "{port}", "{folder}"), "Run"),
)

READY = """
  const look = () => {
    const found = [...document.querySelectorAll("button")].find((one) => one.textContent.trim() === %r);
    if (found && !found.disabled && found.checkVisibility()) window.readyAfter = performance.now();
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
"""
"""Asked at each frame, so that it is the time at which people can see it."""

LOADED = """(() => {
  const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")];
  return [all.length, all.reduce((sum, one) => sum + one.transferSize, 0)];
})()"""


class Look(Struct):
    """A page opened once: milliseconds until its form was ready, requests and bytes until then."""

    ready_ms: float
    requests: int
    size: int


def peers_python() -> Path:
    """The interpreter that has Gradio and Dash; made when it is first needed."""
    python = PEERS / "bin/python"
    done = PEERS / "installed"
    if not done.exists() or done.read_text() != "\n".join(PACKAGES):
        print(f"Installing {' and '.join(PACKAGES)} into {PEERS.relative_to(HERE.parent)}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(PEERS)], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PACKAGES], check=True)
        done.write_text("\n".join(PACKAGES))
    return python


@contextmanager
def served() -> Iterator[Mapping[str, str]]:
    """Each of them served as its makers say; their addresses."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        environ = {**os.environ, "HOTPLATE_DATA": f"{folder}/data", "HOTPLATE_ACCESS": "open"}
        environ |= {"GRADIO_ANALYTICS_ENABLED": "False", "DO_NOT_TRACK": "1"}
        urls = {}
        for face in FACES:
            port = free_port()
            known = {"python": sys.executable, "venv": peers_python(), "peers": HERE / "peers", "port": port}
            command = [part.format(**known, folder=f"{folder}/cache") for part in face.command]
            output = stack.enter_context(tempfile.TemporaryFile())
            stack.callback(stop, subprocess.Popen(command, stdout=output, stderr=output, env=environ, cwd=folder))
            urls[face.name] = f"http://127.0.0.1:{port}"
        for face in FACES:
            _await(urls[face.name] + face.page)
        yield urls


def _await(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"{url} does not answer")


def look(browser: Browser, url: str, face: Face) -> Look:
    """Open the page in a window of its own, with nothing in its cache."""
    page = browser.open(url + face.page, init=READY % face.button)
    ready = page.until("window.readyAfter", START_S)
    requests, size = page.evaluate(LOADED)
    page.close()
    return Look(ready, requests + sum(one.startswith("ws") for one in page.requested), size)


def ask(url: str, seconds: float) -> list[float]:
    """How long requests take that come one after the other, in ms."""
    found = []
    with httpx.Client() as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            client.get(url).raise_for_status()
            found.append((time.perf_counter() - begun) * 1000)
            time.sleep(0.02)
    return found


def under_load(browser: Browser, url: str, face: Face, seconds: float) -> tuple[float, float]:
    """The median of others' requests, while nothing runs and while computations do, in ms."""
    idle = quantile(ask(url + face.others, seconds), 0.5)
    pages = [browser.open(url + face.page, init=READY % face.button) for _ in range(COMPUTATIONS)]
    for page in pages:
        page.until("window.readyAfter", START_S)
        page.evaluate(
            f"[...document.querySelectorAll('button')].find((b) => b.textContent.trim() === {face.button!r}).click()"
        )
    time.sleep(1)
    busy = quantile(ask(url + face.others, seconds), 0.5)
    for page in pages:
        page.close()
    return idle, busy


def lines_of(name: str) -> int:
    """How many lines that are not empty the application has, imports and all."""
    text = (HERE / f"peers/{name.lower()}_console.py").read_text("utf-8").partition("\nif __name__")[0]
    return sum(bool(line.strip()) and not line.startswith('"""') for line in text.splitlines())


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds, and nothing kept")
    quick = parser.parse_args().quick
    rounds, seconds = (3, 3.0) if quick else (15, 10.0)
    with served() as urls, Browser() as browser:
        looks: dict[str, list[Look]] = {face.name: [] for face in FACES}
        for face in FACES:
            look(browser, urls[face.name], face)  # what is made at the first request
        for _ in range(rounds):
            for face in FACES:
                looks[face.name].append(look(browser, urls[face.name], face))
    # each among others that do nothing
    latencies = {}
    for face in FACES:
        with served() as urls, Browser() as browser:
            latencies[face.name] = under_load(browser, urls[face.name], face, seconds)
    tell(looks, latencies, is_kept=not quick)


def tell(looks: Mapping[str, Sequence[Look]], latencies: Mapping[str, tuple[float, float]], *, is_kept: bool) -> None:
    ready = {name: quantile([one.ready_ms for one in found], 0.5) for name, found in looks.items()}
    head = ["", *ready]
    idle = {name: pair[0] for name, pair in latencies.items()}
    busy = {name: pair[1] for name, pair in latencies.items()}
    rows: list[list[object]] = [
        ["lines of code", *(lines_of(name) for name in ready)],
        ["form ready, p50 ms", *(f"{ms:.0f}" for ms in ready.values())],
        ["… beside Hotplate", *(f"{ms / ready['Hotplate']:.1f} x" for ms in ready.values())],
        ["requests", *(found[-1].requests for found in looks.values())],
        ["loaded, kB", *(f"{found[-1].size / 1000:.0f}" for found in looks.values())],
        ["others' GET, idle, p50 ms", *(f"{ms:.1f}" for ms in idle.values())],
        [f"others' GET, {COMPUTATIONS} computations, p50 ms", *(f"{ms:.1f}" for ms in busy.values())],
        ["… beside idle", *(f"{busy[name] / idle[name]:.1f} x" for name in ready)],
    ]
    lines = [
        f"{report.machine()} · {' · '.join(PACKAGES).replace('==', ' ')}",
        "",
        "Chromium, a fresh window each time. To repeat it: `python -m benchmarks.console`.",
        "",
        *report.table(head, rows),
    ]
    report.section("The console", lines, is_kept=is_kept)


if __name__ == "__main__":
    main()
