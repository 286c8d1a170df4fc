"""A place where runs are started and executed for real: a record, an application on it, and its processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

from hotplate import Run
from hotplate.engine import Engine, Event
from hotplate.run import FINAL, MOVES
from tests.acceptance.app import create_app
from tests.acceptance.engines import NewGround
from tests.processes import Processes, Server, until

ROOT = Path(__file__).parents[2]
APP = "tests.acceptance.app:create_app"
ASGI_APP = "tests.acceptance.served:app"
GRACE_S = 0.3


class Home:
    """A record, and `app` on it in this process; nodes and servers on it are processes of their own."""

    def __init__(self, folder: Path, new_ground: NewGround) -> None:
        folder.mkdir(exist_ok=True)
        self.folder, self.data = folder, folder / "data"
        self.ground = new_ground(self.data)
        path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
        self.environ = self.ground.environ | {"HOTPLATE_GRACE": str(GRACE_S), "PYTHONPATH": path}
        self.processes = Processes(folder)
        self.app = create_app(**self.ground.environ)
        self.nodes: list[subprocess.Popen[bytes]] = []
        assert self.engine  # the record is there

    @property
    def engine(self) -> Engine:
        engine: Engine = self.app.extensions["hotplate"].engine()
        return engine

    def node(self, *more: str, app: str = APP, **environ: str) -> subprocess.Popen[bytes]:
        """A worker node that is ready for runs."""
        node = self.start_node(*more, app=app, **environ)
        self.ready(node)
        return node

    def start_node(self, *more: str, app: str = APP, **environ: str) -> subprocess.Popen[bytes]:
        """A worker node that will be ready in a moment, or end before."""
        node = self.ground.node(self.processes, app, *more, environ=self.environ | environ)
        self.nodes.append(node)
        return node

    def printed(self) -> str:
        """What the node has printed, all nodes if there were several."""
        return "".join(map(self.processes.output, self.nodes))

    def ready(self, node: subprocess.Popen[bytes]) -> None:
        """Wait until `node` takes runs."""

        def serves() -> bool:
            assert node.poll() is None, self.processes.output(node)
            hosted = {node.pid, *children(node.pid)}
            return any(one.pid in hosted for one in self.engine.ledger.nodes())

        until(serves, "the node to be ready")

    def pids(self, node: subprocess.Popen[bytes]) -> list[int]:
        """The processes of a node apart from its workers: its own is the last one, its host's comes before."""
        return [node.pid, *(children(node.pid) if self.ground.hosts else [])]

    def workers(self, node: subprocess.Popen[bytes]) -> list[int]:
        """The processes of a node's workers."""
        return children(self.pids(node)[-1])

    def died(self, node: subprocess.Popen[bytes]) -> bool:
        """Whether a node was killed. Its host, if it has one, starts another in its place a moment later."""
        by_host = "the node was ended by signal 9" in self.processes.output(node)
        return node.poll() == -signal.SIGKILL or (self.ground.hosts and by_host)

    def kill(self, node: subprocess.Popen[bytes]) -> None:
        """Kill a node, and its host if it has one, as when a machine fails."""
        pids = self.pids(node)
        for pid in pids:
            kill(pid)
        node.wait()
        until(lambda: gone(pids), "the end of the node")

    def server(self, **environ: str) -> Server:
        """A web server of the application."""
        return self.processes.flask(APP, environ=self.environ | environ)

    def asgi_server(self, **environ: str) -> Server:
        """The same on an event loop."""
        return self.processes.uvicorn(ASGI_APP, environ=self.environ | {"HOTPLATE_ACCESS": "open"} | environ)

    def events(self, run: Run, kind: str) -> list[Event]:
        """What the run has said, of one kind."""
        return [event for event in self.engine.ledger.events(run.id, 0, 1_000_000) if event.type == kind]

    def rows(self, query: str, *values: Any) -> list[Any]:
        """What the record itself says; `?` in the query stands for a value."""
        return self.ground.rows(query, *values)

    def is_whole(self) -> bool:
        """Whether the record is undamaged."""
        return self.ground.is_whole()

    def moves(self, run: Run) -> list[str]:
        """The names of the moves that the run has made."""
        ((history,),) = self.rows("select moves from runs where id = ?", run.id)
        return [move for _, move, _, _ in json.loads(f"[{history.rstrip(',')}]")]

    def close(self) -> None:
        for node in self.nodes:
            if node.poll() is None:
                self.kill(node)  # what a host has started is in no group of ours
        self.processes.end_all()
        self.engine.close()
        self.ground.close()


def final_moves(home: Home) -> dict[str, list[str]]:
    """The moves into a final state that each run has made, by its id, as the record's history has them."""
    final = {move for move in MOVES if MOVES[move].after in FINAL}
    found = {}
    for run_id, history in home.rows("select id, moves from runs"):
        moves = json.loads(f"[{history.rstrip(',')}]")
        assert [seq for seq, *_ in moves] == sorted({seq for seq, *_ in moves}), f"seqs of {run_id}: {moves}"
        found[run_id] = [move for _, move, _, _ in moves if move in final]
    return found


def lines(where: Path) -> list[str]:
    """The lines that are in a file by now."""
    return where.read_text().splitlines() if where.exists() else []


def first_line(where: Path) -> str:
    """The first line of a file, as soon as there is one."""
    return until(lambda: lines(where), f"a line in {where.name}")[0]


def is_running(run: Run) -> bool:
    return run.reload().state == "running"


def waits_for(run: Run, reason: str) -> None:
    """Hold that the run waits and says why. With many nodes what it says may be a moment old."""
    until(lambda: run.reload().waiting_for == reason, f"the run to wait for {reason!r}", timeout=3)


def is_alive(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in "ZX"


def children(pid: int) -> list[int]:
    """The processes that a process has started, none if it is gone."""
    try:
        by_thread = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
        return [int(child) for children in by_thread for child in children]
    except OSError:
        return []


def gone(pids: Iterable[int]) -> bool:
    return not any(map(is_alive, pids))


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def rpc(server: Server, method: str, /, **params: Any) -> Any:
    """The response to a call, as it comes over HTTP."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(f"{server.url}/rpc", json=request, timeout=60).json()
