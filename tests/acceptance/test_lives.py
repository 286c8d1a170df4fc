"""Live values: pushed to subscribers of every process, looked at by one process at a time."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.home import ROOT, Home, gone, kill, rpc
from tests.acceptance.lively import APP, ASGI_APP
from tests.processes import DEADLINE_S, Server, until
from tests.streams import Stream, stream

pytestmark = pytest.mark.any_broker


@pytest.fixture
def board(tmp_path: Path) -> Path:
    """What the live function looks at."""
    (tmp_path / "notice").write_text("first")
    return tmp_path / "notice"


Serve = Callable[[], Server]


@pytest.fixture
def serve(home: Home, board: Path) -> Serve:
    """A web server of the application, on an event loop."""
    environ = home.environ | {"LIVELY": str(board.parent), "HOTPLATE_ACCESS": "open"}
    return lambda: home.processes.uvicorn(ASGI_APP, environ=environ)


def write(board: Path, text: str) -> None:
    """All at once, as somebody looks all the while."""
    new = board.with_suffix(".new")
    new.write_text(text)
    new.rename(board)


def looks(board: Path) -> list[int]:
    """Which processes have looked, one after the other."""
    found = board.with_name("looks")
    return [int(pid) for pid in found.read_text().split()] if found.exists() else []


def told(updates: Stream) -> Iterator[dict[str, Any]]:
    for event in updates:
        yield event.update


def value(update: dict[str, Any]) -> Any:
    return update["data"]["value"]


def next_text(updates: Iterator[dict[str, Any]], text: str) -> dict[str, Any]:
    return next(u for u in updates if value(u) and value(u)["text"] == text and u["data"]["error"] is None)


def test_a_value_set_anywhere_reaches_the_subscribers_of_every_process(home: Home, board: Path, serve: Serve) -> None:
    one, other = serve(), serve()
    home.node("-c", "1", app=APP, LIVELY=str(board.parent))
    with stream(one.url, "live/load") as first, stream(other.url, "live/load") as second:
        streams = [told(first), told(second)]
        assert [(u["seq"], u["type"], value(u)) for u in map(next, streams)] == [(0, "value", None)] * 2
        rpc(one, "work", at=0.5)  # by a worker
        assert [value(next(updates)) for updates in streams] == [0.5, 0.5]
        assert rpc(other, "rest")["result"] == 0.5  # by a web process
        assert [value(next(updates)) for updates in streams] == [0.0, 0.0]
        script = "from tests.acceptance.lively import app, load\nwith app.app_context(): load.set(0.25)"
        environ = {**home.environ, "PATH": "/usr/bin:/bin"}
        subprocess.run([sys.executable, "-c", script], env=environ, cwd=ROOT, check=True, timeout=DEADLINE_S)
        last = [next(updates) for updates in streams]
    assert [(u["seq"], value(u)) for u in last] == [(3, 0.25)] * 2
    assert last[0]["data"] == rpc(one, "live.get", name="load")["result"]


def test_a_live_function_is_looked_at_while_somebody_is_subscribed(board: Path, serve: Serve) -> None:
    server = serve()
    assert rpc(server, "live.get", name="notice")["result"]["value"] is None
    with stream(server.url, "live/notice") as updates:
        events = told(updates)
        assert next_text(events, "first")["data"]["value"]["where"] == "tests.acceptance.lively"
        write(board, "second")
        assert next_text(events, "second")
        before = len(looks(board))
        until(lambda: len(looks(board)) > before + 3, "more looks at what stays the same")
    ended = until(lambda: (n := len(looks(board)), time.sleep(0.3)) and n == len(looks(board)) and n, "no more looks")
    write(board, "third")
    assert rpc(server, "live.get", name="notice")["result"]["value"]["text"] == "second"
    with stream(server.url, "live/notice") as updates:
        assert next_text(told(updates), "third")
    assert len(looks(board)) > ended


def test_of_all_processes_one_looks_and_another_when_it_is_gone(board: Path, serve: Serve) -> None:
    servers = {server.process.pid: server for server in (serve(), serve())}
    one, other = servers.values()
    with stream(one.url, "live/notice") as first, stream(other.url, "live/notice") as second:
        streams = [told(first), told(second)]
        assert all(next_text(updates, "first") for updates in streams)
        until(lambda: len(looks(board)) > 10, "several looks")
        (watcher,) = set(looks(board))
        left = streams[1 if servers[watcher] is one else 0]
        kill(watcher)
        write(board, "second")
        assert next_text(left, "second")
        assert {pid for pid in looks(board) if pid != watcher} == servers.keys() - {watcher}


def test_a_function_that_fails_shows_its_error_and_goes_on(home: Home, board: Path, serve: Serve) -> None:
    server = serve()
    with stream(server.url, "live/notice") as updates:
        events = told(updates)
        next_text(events, "first")
        write(board, "refuse")
        refused = next(events)["data"]
        assert (refused["error"]["code"], refused["error"]["message"]) == (4001, "No notice today")
        assert refused["value"]["text"] == "first"
        write(board, "crash")
        crashed = next(events)["data"]["error"]
        assert crashed["code"] == -32603
        assert "secret" not in str(crashed)
        write(board, "second")
        next_text(events, "second")
    printed = home.processes.output(server.process)
    assert printed.count("RuntimeError: a secret") == 1
    assert crashed["data"]["error_id"] in printed


def test_what_there_is_is_listed_and_what_is_not_is_refused(serve: Serve) -> None:
    server = serve()
    assert [live["name"] for live in rpc(server, "live.list")["result"]] == ["load", "notice"]
    assert rpc(server, "live.get", name="weather")["error"]["code"] == -32004
    with pytest.raises(AssertionError, match="live/weather"), stream(server.url, "live/weather"):
        pass


def always(home: Home, board: Path) -> subprocess.Popen[bytes]:
    """A node of the application, which looks at the notice also while nobody is subscribed."""
    return home.node("-c", "1", app=APP, LIVELY=str(board.parent), LIVELY_ALWAYS="yes")


def looker(board: Path, *before: int) -> int:
    """The process that looks now, as soon as it is none of those before."""
    return until(lambda: (found := looks(board)) and found[-1] not in before and found[-1], "somebody to look")


def test_one_that_is_looked_at_always_is_so_by_one_process_of_all_and_by_another_when_it_is_gone(
    home: Home, board: Path, serve: Serve
) -> None:
    nodes = [always(home, board) for _ in range(home.ground.nodes)]
    first = looker(board)
    assert any(first in home.workers(node) for node in nodes), "nobody is subscribed"
    server = serve()
    until(lambda: rpc(server, "live.get", name="notice")["result"]["value"], "a value that nobody has asked for")
    with stream(server.url, "live/notice") as updates:
        events = told(updates)
        next_text(events, "first")
        until(lambda: len(looks(board)) > 40, "many looks")
        assert set(looks(board)) == {first}
        kill(first)
        write(board, "second")
        next_text(events, "second")
        second = looker(board, first)
        (its_node,) = (node for node in nodes if second in home.workers(node))
        home.kill(its_node)
        write(board, "third")
        next_text(events, "third")
    in_turns = [pid for pid, _ in groupby(looks(board))]
    assert in_turns[:3] == [first, second, looker(board, first, second)]
    assert len(in_turns) == len(set(in_turns)), "no two have looked at the same time"


def test_who_looks_always_ends_with_the_node_and_lets_others_go_on_at_once(
    home: Home, board: Path, serve: Serve
) -> None:
    node = always(home, board)
    first = looker(board)
    server = serve()
    with stream(server.url, "live/notice") as updates:
        next_text(told(updates), "first")
        node.terminate()
        assert node.wait(DEADLINE_S) == 0
        assert gone([first])
        until(lambda: looks(board)[-1] == server.process.pid, "the web process to look", timeout=5)
    again = always(home, board)
    second = looker(board, first, server.process.pid)
    home.kill(again)
    until(lambda: gone([second]), "the end of who looks for a killed node")


def test_who_looks_always_is_started_again_with_pauses_that_grow(home: Home, board: Path) -> None:
    write(board, "end")
    node = always(home, board)
    until(lambda: home.printed().count("looks at live values ended (status 3)") == 2, "it to end twice")
    assert "another one begins in 0.5 s" in home.printed()
    assert "another one begins in 1 s" in home.printed()
    write(board, "first")
    assert looker(board, *looks(board)) in home.workers(node)
