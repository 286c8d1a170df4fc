"""Updates pushed over Socket.IO, beside the same library pushing by itself on the same kind of server.

    python -m benchmarks.socketio [--quick] [--kind threading|gevent|asgi]

As `benchmarks.updates`; all subscribers speak Engine.IO over WebSockets.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack

import httpx

from . import report
from .load import free_port, stop
from .peers import quantile
from .updates import START_S, Pushing, Served, Told, children, tell

COUNTS = {"threading": (1000,), "gevent": (1000, 5000), "asgi": (1000,)}
"""How many subscribers. A thread for each of 5,000 is more than such a machine bears, and an AsyncServer has not let
them all in when the first message is due."""

KINDS = {
    "threading": "Flask-SocketIO, threads",
    "gevent": "Flask-SocketIO, gevent",
    "asgi": "python-socketio AsyncServer, uvicorn",
}
LEAST_DELAY_S = 20.0
"""All of them are connected, and follow, after so many seconds, or after those of `benchmarks.updates`."""

WANTED = 1.25
UVICORN = (sys.executable, "-m", "uvicorn", "--log-level", "error", "--ws-per-message-deflate", "false")

PATH = "/socket.io/?EIO=4&transport=websocket"


def gunicorn(app: str, port: int) -> list[str]:
    argv = ["-k", "gevent", "-w", "1", "--worker-connections", "10000", "--no-control-socket", "--log-level", "error"]
    return [sys.executable, "-m", "gunicorn", *argv, "-b", f"127.0.0.1:{port}", app]


class Bare(Pushing):
    """The library by itself."""

    def __init__(self, stack: ExitStack, kind: str) -> None:
        self.name, self.kind = KINDS[kind], "socketio-bare"
        port, module = free_port(), "benchmarks.peers.socketio_broadcast"
        commands = {
            "threading": [sys.executable, "-m", module, str(port)],
            "gevent": gunicorn(f"{module}:app", port),
            "asgi": [*UVICORN, "--port", str(port), f"{module}:asgi_app"],
        }
        self._root = f"http://127.0.0.1:{port}"
        self.url = self._root + PATH
        process = subprocess.Popen(commands[kind], stderr=subprocess.DEVNULL, env={**os.environ, "KIND": kind})
        stack.callback(stop, process)
        until_answered(self._root)
        self.pid = children(process.pid)[0] if kind == "gevent" else process.pid

    def topic(self, times: int, pause: float, delay: float) -> str:
        return ""

    def begin(self, times: int, pause: float) -> None:
        time.sleep(5)
        with httpx.Client(base_url=self._root, timeout=60) as client:
            for _ in range(times):
                time.sleep(pause)
                client.post("/say")
            client.post("/end")


class Ours(Served):
    """Hotplate over the same object, with a worker beside it."""

    app = "benchmarks.peers.hotplate_socketio:app"
    path = PATH

    def __init__(self, stack: ExitStack, kind: str) -> None:
        self._mode = kind
        super().__init__(stack, "socketio", f"Hotplate, {KINDS[kind]}")

    def topic(self, times: int, pause: float, delay: float) -> str:
        return super().topic(times, pause, max(2 * delay, LEAST_DELAY_S))

    def start(self, stack: ExitStack, port: int, environ: dict[str, str]) -> int:
        environ |= {"KIND": self._mode}
        if self._mode != "gevent":
            return super().start(stack, port, environ)
        process = subprocess.Popen(gunicorn(self.app, port), stderr=subprocess.DEVNULL, env=environ)
        worker = [sys.executable, "-m", "hotplate", "worker", self.app, "-c", "1"]
        for one in (process, subprocess.Popen(worker, stderr=subprocess.DEVNULL, env=environ)):
            stack.callback(stop, one)
        self.wait()
        return children(process.pid)[0]


def until_answered(url: str) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        try:
            httpx.get(url)
            return
        except httpx.TransportError:
            time.sleep(0.1)


def measure(kinds: Sequence[str], rounds: int, times: int) -> list[tuple[Told, Told]]:
    """Each kind, by itself and with Hotplate, in turns."""
    cases = [(kind, count) for kind in kinds for count in COUNTS[kind]]
    found = [(Told(KINDS[kind], count), Told(f"Hotplate, {KINDS[kind]}", count)) for kind, count in cases]
    makes: tuple[Callable[[ExitStack, str], Pushing], ...] = (Bare, Ours)
    for turn in range(rounds):
        for (kind, count), pair in zip(cases, found, strict=True):
            for make, told in zip(makes, pair, strict=True):
                print(f"round {turn + 1} of {rounds}: {told.name}, {count} subscribers", file=sys.stderr)
                with ExitStack() as stack:
                    tell(make(stack, kind), told, times)
    return found


def lines(measured: Sequence[tuple[Told, Told]]) -> Iterator[str]:
    """The section of RESULTS.md."""
    yield report.machine("flask-socketio", "python-socketio", "gevent", "gunicorn", "uvicorn")
    yield ""
    rows = []
    for bare, ours in measured:
        ratio = quantile(ours.waits, 0.99) / quantile(bare.waits, 0.99)
        rows += [_row(bare, ""), _row(ours, f"{ratio:.2f} x")]
    yield from report.table(("", "subscribers", "p50 ms", "p99 ms", "of the bare p99", "kB each (PSS)"), rows)
    yield ""
    yield "As above, over Socket.IO: the library by itself emits from memory; Hotplate's is a partial result of a run,"
    yield "said in a worker and kept in the record before it is pushed. Messages of the same size. Wanted: at most"
    yield f"{WANTED} times the bare p99."


def _row(told: Told, ratio: str) -> tuple[str, ...]:
    half, most = quantile(told.waits, 0.5), quantile(told.waits, 0.99)
    return told.name, f"{told.count:,}", f"{half:.1f}", f"{most:.1f}", ratio, f"{sum(told.sizes) / len(told.sizes):.0f}"


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.socketio")
    parser.add_argument("--quick", action="store_true", help="once, and printed alone")
    parser.add_argument("--kind", choices=list(KINDS), help="one kind of server alone")
    args = parser.parse_args()
    kinds = [args.kind] if args.kind else list(KINDS)
    found = list(lines(measure(kinds, 1 if args.quick else 3, 10)))
    report.section("Updates over Socket.IO", found, is_kept=not (args.quick or args.kind))


if __name__ == "__main__":
    main()
