"""Updates pushed to many subscribers at once, beside the broadcast of the `websockets` library.

    python -m benchmarks.updates [--quick]

One server process pushes; all subscribers are in another. Measured is the time from the moment something is said to its
arrival at each subscriber: with Hotplate that is by a job in a worker, through the record; the peer pushes from memory.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
from msgspec import Struct, field

from . import report
from .load import free_port, stop
from .peers import memory, quantile

PAUSE_S = {1000: 0.3, 5000: 1.0}
"""Between two messages, in seconds, by the number of subscribers."""

DELAY_S = {1000: 6, 5000: 15}
"""All of them are connected after so many seconds, by their number."""

START_S = 30.0
"""How long a server may take until it answers."""


class Told(Struct):
    """What was measured of a door with so many subscribers: seconds of each message, kB of the server for each."""

    name: str
    count: int
    waits: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)


class Pushing:
    """A server that pushes. kind: how to subscribe, see `benchmarks.listeners`; pid: the process that pushes."""

    name: str
    kind: str
    url: str
    pid: int

    def topic(self, times: int, pause: float, delay: float) -> str:
        """Where something will be said so often, after so many seconds or once `begin` is called."""
        raise NotImplementedError

    def begin(self, times: int, pause: float) -> None:
        """Say it now, where it does not begin by itself."""


class Broadcast(Pushing):
    """The broadcast of `websockets`."""

    name, kind = "websockets broadcast", "bare"

    def __init__(self, stack: ExitStack) -> None:
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.peers.websockets_broadcast", str(port)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        stack.callback(stop, self._process)
        assert self._process.stdout
        self._process.stdout.readline()
        self.url, self.pid = f"http://127.0.0.1:{port}/", self._process.pid

    def topic(self, times: int, pause: float, delay: float) -> str:
        return ""

    def begin(self, times: int, pause: float) -> None:
        assert self._process.stdin
        for _ in range(times):
            time.sleep(pause)
            self._process.stdin.write(b"\n")
            self._process.stdin.flush()
        self._process.stdin.close()


class Served(Pushing):
    """`hotplate serve` with a worker beside it."""

    app, path = "benchmarks.peers.hotplate_updates:app", "/updates"

    def __init__(self, stack: ExitStack, kind: str, name: str) -> None:
        self.name, self.kind = name, kind
        port, data = free_port(), stack.enter_context(tempfile.TemporaryDirectory())
        self._root = f"http://127.0.0.1:{port}"
        self.url = f"{self._root}{self.path}"
        self.pid = self.start(stack, port, {**os.environ, "HOTPLATE_DATA": data})

    def start(self, stack: ExitStack, port: int, environ: dict[str, str]) -> int:
        """Start it; the process that pushes."""
        command = [sys.executable, "-m", "hotplate", "serve", self.app, "-p", str(port), "--with-worker", "-c", "1"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environ)
        stack.callback(stop, process)
        self.wait()
        return _listening(process.pid)

    def wait(self) -> None:
        """Until runs are carried out."""
        deadline = time.monotonic() + START_S
        while not self._nodes() and time.monotonic() < deadline:
            time.sleep(0.1)

    def topic(self, times: int, pause: float, delay: float) -> str:
        call = {"jsonrpc": "2.0", "id": 1, "method": "run.start"}
        params = {"job": "tell", "params": {"times": times, "pause": pause}, "delay": delay}
        run = httpx.post(f"{self._root}/rpc", json={**call, "params": params}).json()["result"]
        return f"run/{run['id']}"

    def _nodes(self) -> int:
        try:
            return int(httpx.get(f"{self._root}/health/ready").json().get("nodes", 0))
        except (httpx.TransportError, ValueError):
            return 0


def _listening(parent: int) -> int:
    """The web process among the children of `hotplate serve`."""
    for pid in children(parent):
        with open(f"/proc/{pid}/cmdline", "rb") as command:
            if b"hotplate.cli.web" in command.read():
                return pid
    raise RuntimeError("hotplate serve has no web process")


def children(parent: int) -> list[int]:
    """The processes that a process has started."""
    found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=True)
    return [int(pid) for pid in found.stdout.split()]


def pushings() -> Sequence[Any]:
    """What is measured, the limit first."""
    return (
        Broadcast,
        lambda stack: Served(stack, "websocket", "Hotplate, WebSocket"),
        lambda stack: Served(stack, "sse", "Hotplate, server-sent events"),
    )


@contextmanager
def listening(pushing: Pushing, topic: str, count: int) -> Iterator[subprocess.Popen[bytes]]:
    """So many subscribers, all of them connected."""
    command = [sys.executable, "-m", "benchmarks.listeners", pushing.url, pushing.kind, topic, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        assert process.stdout
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError(f"{count} subscribers could not be connected")
        yield process
    finally:
        stop(process)


def tell(pushing: Pushing, found: Told, times: int) -> None:
    """Push so many messages to all subscribers. The first one, which finds everything cold, is left out."""
    pause = PAUSE_S[found.count]
    before = memory(pushing.pid)
    topic = pushing.topic(times, pause, DELAY_S[found.count])
    with listening(pushing, topic, found.count) as process:
        time.sleep(1.0)  # until subscribers have been told how things stand
        found.sizes.append((memory(pushing.pid) - before) * 1e6 / 1024 / found.count)
        pushing.begin(times, pause)
        arrived: list[tuple[float, float]] = json.loads(process.communicate()[0])
    stamps = sorted({stamp for stamp, _ in arrived})[1:]
    found.waits += [1000 * wait for stamp, wait in arrived if stamp in set(stamps)]
    if len(arrived) != times * found.count:
        print(f"{pushing.name}: {len(arrived)} of {times * found.count} messages arrived", file=sys.stderr)


def measure(counts: Sequence[int], rounds: int, times: int) -> list[Told]:
    """All doors in turns, each with a server of its own each time."""
    found: dict[tuple[str, int], Told] = {}
    for turn in range(rounds):
        for count in counts:
            for make in pushings():
                with ExitStack() as stack:
                    pushing = make(stack)
                    print(f"round {turn + 1} of {rounds}: {pushing.name}, {count} subscribers", file=sys.stderr)
                    told = found.setdefault((pushing.name, count), Told(pushing.name, count))
                    tell(pushing, told, times)
    return sorted(found.values(), key=lambda told: told.count)


def lines(measured: Sequence[Told]) -> Iterator[str]:
    """The section of RESULTS.md."""
    limits = {told.count: quantile(told.waits, 0.99) for told in measured if told.name == Broadcast.name}
    yield report.machine("uvicorn", "uvloop", "websockets")
    yield ""
    head = ("", "subscribers", "p50 ms", "p99 ms", "of the limit's p99", "kB each (PSS)")
    rows = [
        (
            told.name,
            f"{told.count:,}",
            f"{quantile(told.waits, 0.5):.1f}",
            f"{quantile(told.waits, 0.99):.1f}",
            "" if told.name == Broadcast.name else f"{quantile(told.waits, 0.99) / limits[told.count]:.1f} x",
            f"{sum(told.sizes) / len(told.sizes):.0f}",
        )
        for told in measured
    ]
    yield from report.table(head, rows)
    yield ""
    yield "From the moment something is said to its arrival at each subscriber, one server process. Hotplate's is a"
    yield "partial result of a run, said in a worker and kept in the record before it is pushed; the limit pushes from"
    yield "memory. Wanted: at most 2.5 times the limit's p99 with 1,000 subscribers, and 150 ms with 5,000."


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.updates")
    parser.add_argument("--quick", action="store_true", help="1,000 subscribers, once, and printed alone")
    args = parser.parse_args()
    found = list(lines(measure([1000] if args.quick else [1000, 5000], 1 if args.quick else 3, 10)))
    report.section("Updates", found, is_kept=not args.quick)


if __name__ == "__main__":
    main()
