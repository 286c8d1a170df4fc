"""Several machines on one record: nodes that know nothing of each other's processes, on ways that can be cut."""

from __future__ import annotations

import json
import signal
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from tests.acceptance.engines import PostgreSQL
from tests.acceptance.home import Home, kill
from tests.partition import Partition

DATABASE, BROKER = "HOTPLATE_DATABASE_URL", "HOTPLATE_BROKER_URL"

CLOCK = """
import time
from pathlib import Path

real, moved = time.time, Path(__file__).with_name("moved")


def shifted():
    try:
        return real() + float(moved.read_text())
    except OSError:
        return real()


time.time = shifted
"""


class Machine:
    """A machine with a node of two workers, which others know by its beats alone.

    It has ways of its own to the `database` and the `broker`, and a clock that can be moved.
    """

    def __init__(self, home: Home, place: Path) -> None:
        self._home, self._clock = home, place / "clock"
        place.mkdir(mode=0o700)
        self._clock.mkdir()
        (self._clock / "sitecustomize.py").write_text(CLOCK)
        path = f"{self._clock}:{home.environ['PYTHONPATH']}"
        self._environ = {"XDG_RUNTIME_DIR": str(place), "PYTHONPATH": path}
        self._ways = ExitStack()
        self.database, self.broker = self._way(DATABASE), self._way(BROKER) if BROKER in home.environ else None
        self._held: list[int] = []
        self.start()

    def _way(self, key: str) -> Partition:
        url = self._home.environ[key]
        port = urlsplit(url).port
        assert port
        way = self._ways.enter_context(Partition(port))
        self._environ[key] = url.replace(f":{port}/", f":{way.port}/")
        return way

    def start(self) -> None:
        """Start its node, which takes runs a moment later."""
        self.host = self._home.start_node("--concurrency", "2", **self._environ)

    def ready(self) -> None:
        """Wait until it takes runs."""
        self._home.ready(self.host)

    @property
    def nodes(self) -> list[int]:
        """The process of its node; none while its host starts another one."""
        return self._home.pids(self.host)[self._home.ground.hosts :]

    @property
    def workers(self) -> list[int]:
        return self._home.workers(self.host) if self.nodes else []

    @property
    def node_id(self) -> str:
        """Its node's id on record; empty where it is on none."""
        nodes = [json.loads(bytes(data)) for (data,) in self._home.rows("select data from nodes")]
        return next((node["id"] for node in nodes if node["pid"] in self.nodes), "")

    @property
    def said(self) -> str:
        """What its node has printed."""
        return self._home.processes.output(self.host)

    def move_clock(self, seconds: float) -> None:
        """Let all its processes have a time that is wrong by so much."""
        coming = self._clock / "coming"
        coming.write_text(str(seconds))
        coming.rename(self._clock / "moved")

    def stop(self) -> None:
        """Let all its processes stand still."""
        self._held = self._processes()
        for pid in reversed(self._held):
            kill(pid, signal.SIGSTOP)

    def go_on(self) -> None:
        held, self._held = self._held, []
        for pid in held:
            kill(pid, signal.SIGCONT)

    def die(self) -> None:
        """End all its processes at once."""
        for pid in self._processes():
            kill(pid)
        self.host.wait()

    def close(self) -> None:
        self.go_on()
        self.die()
        self._ways.close()

    def _processes(self) -> list[int]:
        """All that there are, those first that would start others anew."""
        return self._home.pids(self.host) + self.workers


class Machines:
    """`home` is the record; each machine that is added is a node of it. `database` is the server of the record."""

    def __init__(self, home: Home, lease: float) -> None:
        assert isinstance(home.ground, PostgreSQL)
        self.home, self.database, self.lease = home, home.ground.server, lease
        home.environ["HOTPLATE_LEASE"] = str(lease)
        self.all: list[Machine] = []

    def start(self) -> Machine:
        """One more, whose node takes runs a moment later."""
        self.all.append(Machine(self.home, self.home.folder / f"machine-{len(self.all) + 1}"))
        return self.all[-1]

    def add(self) -> Machine:
        """One more, whose node takes runs."""
        machine = self.start()
        machine.ready()
        return machine

    def close(self) -> None:
        for machine in self.all:
            machine.close()
