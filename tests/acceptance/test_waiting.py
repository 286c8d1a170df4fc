"""`run.wait` behind an ASGI server: whoever waits holds no thread."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotplate.run import new_id
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, is_running
from tests.processes import DEADLINE_S, Server, until

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]

THREADS, WAITERS = 2, 12


@pytest.fixture(scope="module")
def server(shared: Home) -> Iterator[Server]:
    server = shared.asgi_server(HOTPLATE_THREADS=str(THREADS))
    yield server
    shared.processes.end(server.process)


def ask(server: Server, method: str, **params: Any) -> Any:
    call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    return httpx.post(f"{server.url}/rpc", json=call, timeout=DEADLINE_S).json()


@contextmanager
def waiting(server: Server, count: int, **params: Any) -> Iterator[list[Future[Any]]]:
    """So many waiters, each over a connection of its own."""
    with ThreadPoolExecutor(count) as pool:
        yield [pool.submit(ask, server, "run.wait", **params) for _ in range(count)]


def test_more_may_wait_than_there_are_threads(server: Server, gate: Path) -> None:
    run = jobs.squares.start(upto=2, gate=str(gate))
    with waiting(server, WAITERS, id=run.id) as answers:
        assert ask(server, "run.get", id=run.id)["result"]["id"] == run.id
        assert not any(answer.done() for answer in answers)
        gate.touch()
        assert [answer.result()["result"]["result"] for answer in answers] == [[0, 1]] * WAITERS


def test_whoever_has_seen_a_seq_waits_for_the_next(server: Server) -> None:
    run = jobs.count.start(upto=100_000, pause=0.01)
    until(lambda: is_running(run))
    seen = ask(server, "run.get", id=run.id)["result"]["seq"]
    for _ in range(3):
        stands = ask(server, "run.wait", id=run.id, seq=seen)["result"]
        assert (stands["state"], stands["seq"] > seen) == ("running", True)
        seen = stands["seq"]
    run.cancel()
    assert ask(server, "run.wait", id=run.id)["result"]["state"] == "cancelled"


def test_it_is_answered_as_it_stands_in_the_end(server: Server, gate: Path) -> None:
    run = jobs.squares.start(upto=2, gate=str(gate))
    for timeout in (0, 0.05):
        assert ask(server, "run.wait", id=run.id, timeout=timeout)["result"]["state"] in ("queued", "running")
    gate.touch()
    ended = ask(server, "run.wait", id=run.id)
    assert ended["result"] == ask(server, "run.wait", id=run.id)["result"]


def test_nobody_waits_for_a_run_that_there_is_not(server: Server) -> None:
    for timeout in (0, 5):
        assert ask(server, "run.wait", id=new_id(), timeout=timeout)["error"]["code"] == -32004
    assert ask(server, "run.wait", id=new_id(), timeout=-1)["error"]["code"] == -32602
