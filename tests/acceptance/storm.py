"""Runs are started and executed while processes are killed: what must hold whatever is killed when."""

from __future__ import annotations

import random
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec

from tests.acceptance.home import APP, Home, final_moves, kill, lines
from tests.processes import free_port, until

Answers = list[dict[str, Any]]


class Storm:
    """Nodes and a web server that are killed again and again, and started again at once as a supervisor would."""

    def __init__(self, home: Home, seed: int) -> None:
        self.home, self.random = home, random.Random(seed)
        self.port = free_port()
        self.faults: Counter[str] = Counter()
        self._nodes, self._web = self._start_nodes(), self._start_web()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def kill_worker(self) -> None:
        workers = self._workers()
        if workers:
            self.faults["worker"] += 1
            kill(self.random.choice(workers))

    def kill_node(self) -> None:
        self.faults["node"] += 1
        node = self.random.choice(self._nodes)
        self.home.kill(node)
        self._nodes.remove(node)
        self._nodes.append(self._start_node())

    def kill_web(self) -> None:
        self.faults["web"] += 1
        self.home.processes.end(self._web)
        self._web = self._start_web()

    def kill_everything(self) -> None:
        self.faults["everything"] += 1
        nodes = [pid for node in self._nodes for pid in self.home.pids(node)]
        for pid in (self._web.pid, *nodes, *self._workers()):
            kill(pid)
        self.home.processes.end(self._web)
        for node in self._nodes:
            node.wait()

    def start_everything(self) -> None:
        self._nodes, self._web = self._start_nodes(), self._start_web()

    def kill_and_start_everything(self) -> None:
        self.kill_everything()
        self.start_everything()

    def rage(self, runs: int, faults: int, weights: Mapping[str, int]) -> None:
        """So many faults, until nearly all runs have ended: most come when some more have, some at once."""
        for at in range(1, faults + 1):
            if self.random.random() < 0.8:
                until(lambda: ended(self.home) >= runs * at // (faults + 1), "some runs to end")  # noqa: B023
            getattr(self, self.random.choices(list(weights), list(weights.values()))[0])()

    def _workers(self) -> list[int]:
        return [pid for node in self._nodes for pid in self.home.workers(node)]

    def _start_nodes(self) -> list[subprocess.Popen[bytes]]:
        return [self._start_node() for _ in range(self.home.ground.nodes)]

    def _start_node(self) -> subprocess.Popen[bytes]:
        return self.home.start_node("--concurrency", "2")

    def _start_web(self) -> subprocess.Popen[bytes]:
        argv = ("-m", "flask", "--app", APP, "run", "--no-reload", "--port", str(self.port))
        return self.home.processes.python(*argv, environ=self.home.environ)


class Submitter:
    """Starts runs over HTTP, as often as it takes until each is acknowledged.

    `acknowledged` has the ids of the runs by number. There is a `pause` after each 20, in seconds.
    """

    def __init__(
        self,
        url: str,
        job: str,
        params: Callable[[int], dict[str, Any]],
        numbers: Sequence[int],
        pause: float = 0.0,
    ) -> None:
        self._url, self._job, self._params, self._numbers, self._pause = url, job, params, list(numbers), pause
        self.acknowledged: dict[int, str] = {}
        self.stopping = threading.Event()
        self._thread = threading.Thread(target=self._go, daemon=True)
        self._thread.start()

    def join(self) -> None:
        self._thread.join()

    def stop(self) -> None:
        self.stopping.set()
        self.join()

    def _go(self) -> None:
        with httpx.Client(timeout=10) as client:
            while self._numbers and not self.stopping.is_set():
                few = self._numbers[:20]
                for answer in self._post(client, [self._request(number) for number in few]):
                    if "result" in answer:
                        self.acknowledged[answer["id"]] = answer["result"]["id"]
                self._numbers[:20] = [number for number in few if number not in self.acknowledged]
                self.stopping.wait(self._pause)

    def _post(self, client: httpx.Client, requests: Answers) -> Answers:
        try:
            answers: Answers = client.post(f"{self._url}/rpc", json=requests).json()
        except (httpx.TransportError, msgspec.DecodeError):
            self.stopping.wait(0.02)
            return []
        return answers

    def _request(self, number: int) -> dict[str, Any]:
        params = {"job": self._job, "params": self._params(number), "key": str(number)}
        return {"jsonrpc": "2.0", "id": number, "method": "run.start", "params": params}


def ended(home: Home) -> int:
    """How many runs have ended."""
    ((n,),) = home.rows("select count(*) from runs where finished_at is not null")
    return int(n)


def check(home: Home, acknowledged: dict[int, str], steps: Path) -> dict[str, int]:
    """Hold the record and the file, in which the runs left their lines, to what was acknowledged; some figures."""
    ours = {run_id for (run_id,) in home.rows("select id from runs where key is not null")}
    outcomes = {run_id: moves for run_id, moves in final_moves(home).items() if run_id in ours}
    lost = set(acknowledged.values()) - set(outcomes)
    assert not lost, f"acknowledged and not on record: {lost}"
    assert len(outcomes) == len(acknowledged), "a start that was repeated made two runs"
    several = {run_id: moves for run_id, moves in outcomes.items() if len(moves) != 1}
    assert not several, f"not exactly one outcome: {several}"
    ends = Counter(int(line.split()[1]) for line in lines(steps) if line.startswith("end"))
    succeeded = {number for number, run_id in acknowledged.items() if outcomes[run_id] == ["succeed"]}
    assert succeeded <= set(ends), "succeeded and never came to its end"
    found = home.rows("select key, id, result from runs where state = 'succeeded' and key is not null")
    wrong = [n for n, run_id, result in found if (acknowledged[int(n)], result) != (run_id, n.encode())]
    assert not wrong, f"not the result of its own: {wrong}"
    assert home.rows("select max(running), min(running) from lanes") == [(0, 0)]
    assert home.is_whole()
    worst = home.rows("select count(*) from runs where state = 'failed' and lost < 2")
    assert worst == [(0,)], "failed without having lost three workers"
    return {
        "runs": len(outcomes),
        "lost": len(lost),
        "wrong results": len(wrong),
        "outcomes": sum(map(len, outcomes.values())),
        "failed as worker lost": len(outcomes) - len(succeeded),
        "came to their end twice": sum(n > 1 for n in ends.values()),
    }
