"""Pictures of the console for README and documentation, made of the demonstration as it is: docs/pictures.

python tools/screenshots.py [FOLDER]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.load import free_port, stop
from tests.browser import Browser, Page

PICTURES = Path(__file__).parents[1] / "docs/pictures"
THEMES = ("light", "dark")
WIDE, NARROW = {"width": 1280, "height": 760}, {"width": 390, "height": 844}
START_S = 60.0

RUNS: list[tuple[str, dict[str, Any]]] = [
    ("text.statistics", {"top": 12}),
    ("queueing.simulate_queue", {"customers": 400_000}),
    ("estimate_pi", {"samples": 2_000_000}),
    ("finance.simulate_option", {"paths": 200_000}),
    ("estimate_pi", {"samples": 4_000_000, "seed": 7}),
]
LONG = ("estimate_pi", {"samples": 400_000_000})


@contextmanager
def demonstration() -> Iterator[str]:
    """The demonstration, served; its root."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True))
        environ = {**os.environ, "HOTPLATE_DATA": folder, "HOTPLATE_ACCESS": "open"}
        port = free_port()
        command = [sys.executable, "-m", "hotplate", "serve", "hotplate.demo.app", "-p", str(port), "--with-worker"]
        stack.callback(stop, subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL))
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + START_S
        while not _is_ready(url):
            if time.monotonic() > deadline:
                raise RuntimeError("the demonstration has not come up")
            time.sleep(0.1)
        yield url


def _is_ready(url: str) -> bool:
    try:
        return bool(httpx.get(f"{url}/health/ready").json().get("nodes"))
    except (httpx.TransportError, ValueError):
        return False


def call(url: str, method: str, params: dict[str, Any]) -> Any:
    answer = httpx.post(f"{url}/rpc", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params}, timeout=30)
    return answer.json()["result"]


def ended(url: str, job: str, params: dict[str, Any]) -> str:
    """The id of a run that has ended."""
    run = call(url, job, params)
    while not run["finished_at"]:
        run = call(url, "run.wait", {"id": run["id"]})
    return str(run["id"])


def take(browser: Browser, address: str, path: Path, is_there: str, look: dict[str, Any]) -> None:
    """Keep what is in the window once all of it is there: an expression says when."""
    page: Page = browser.open(address, reducedMotion="reduce", locale="en-GB", **look)
    page.until("document.querySelector('.connection[data-state=on]') && !document.querySelector('.waiting')")
    page.until(is_there)
    time.sleep(0.4)  # what is drawn is drawn some frames later
    page.picture(path, full=False)
    page.close()
    print(path.name)


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    with demonstration() as url, Browser() as browser:
        done = [ended(url, job, params) for job, params in RUNS]
        long = call(url, *LONG)["id"]
        pages = {
            "function": (f"/functions/estimate_pi?run={long}", "document.querySelector('progress[value]')"),
            "run": (f"/runs/{done[-1]}", "document.querySelector('main canvas')"),
            "runs": ("/runs", "document.querySelectorAll('main a[href*=\"/runs/\"]').length >= 6"),
        }
        for theme in THEMES:
            for name, (path, is_there) in pages.items():
                look = {"colorScheme": theme, "viewport": WIDE}
                take(browser, f"{url}/console{path}", folder / f"{name}-{theme}.png", is_there, look)
            look = {"colorScheme": theme, "viewport": NARROW}
            take(browser, f"{url}/console/runs/{done[-1]}", folder / f"phone-{theme}.png", pages["run"][1], look)


if __name__ == "__main__":
    main()
