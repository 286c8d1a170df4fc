"""Calls and updates over one WebSocket, behind a real ASGI server."""

from __future__ import annotations

import json
import random
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from hotplate.rpc.hub import CLOSING
from hotplate.run import new_id
from tests.acceptance import app as jobs
from tests.acceptance.home import APP, ASGI_APP, Home
from tests.processes import DEADLINE_S, Server
from tests.streams import Gathered, is_end, kept, stream

from .test_updates import on_record

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


@pytest.fixture(scope="module")
def server(shared: Home) -> Iterator[Server]:
    server = shared.asgi_server()
    yield server
    shared.processes.end(server.process)


class Talk:
    """A connection that is open. updates: those that came while something else was awaited."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket, self._id = socket, 0
        self.updates: list[dict[str, Any]] = []

    def call(self, method: str, **params: Any) -> Any:
        """The result of a call; an error is an AssertionError."""
        answer = self.ask(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def ask(self, method: str, **params: Any) -> Any:
        """The response to a call."""
        self._id += 1
        self.socket.send(json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params}))
        return self.response()

    def response(self) -> Any:
        while "method" in (message := self._receive()):
            self._keep(message)
        return message

    def next(self) -> dict[str, Any]:
        """The next update."""
        while not self.updates:
            self._keep(self._receive())
        return self.updates.pop(0)

    def until_run_ended(self) -> list[dict[str, Any]]:
        told = [self.next()]
        while not is_end(told[-1]):
            told.append(self.next())
        return told

    def _receive(self) -> Any:
        return json.loads(self.socket.recv(DEADLINE_S))

    def _keep(self, message: Any) -> None:
        assert message["jsonrpc"] == "2.0"
        if message["method"] == "update":
            self.updates.append(message["params"])


@contextmanager
def talk(server: Server, **options: Any) -> Iterator[Talk]:
    with connect(f"{server.url.replace('http', 'ws', 1)}/updates", **options) as socket:
        yield Talk(socket)


class TestCalls:
    def test_calls_are_answered_as_over_http(self, server: Server) -> None:
        with talk(server) as to:
            run = to.call("squares", upto=3)
            assert to.call("run.wait", id=run["id"])["result"] == [0, 1, 4]
            assert to.ask("sqares")["error"]["code"] == -32601
            assert to.ask("squares", upto="three")["error"]["code"] == -32602

    def test_batches_notifications_and_rubbish_are_answered_as_over_http(self, server: Server) -> None:
        with talk(server) as to:
            to.socket.send("{")
            assert to.response()["error"]["code"] == -32700
            to.socket.send(b"[]")
            assert to.response()["error"]["code"] == -32600
            call = {"jsonrpc": "2.0", "method": "worker.list"}
            to.socket.send(json.dumps([{**call, "id": 1}, call, {**call, "id": 2}]))
            assert [answer["id"] for answer in to.response()] == [1, 2]
            to.socket.send(json.dumps(call))
            assert to.call("worker.list")

    def test_a_long_call_holds_up_no_other(self, server: Server) -> None:
        run = jobs.count.start(upto=10_000, pause=0.01)
        with talk(server) as to:
            wait = {"jsonrpc": "2.0", "id": "long", "method": "run.wait", "params": {"id": run.id}}
            to.socket.send(json.dumps(wait))
            assert to.call("run.get", id=run.id)["id"] == run.id
            run.cancel()
            answer = to.response()
            assert (answer["id"], answer["result"]["state"]) == ("long", "cancelled")

    def test_topics_are_followed_over_connections_only(self, server: Server) -> None:
        import httpx

        call = {"jsonrpc": "2.0", "id": 1, "method": "updates.subscribe", "params": {"topics": ["runs"]}}
        assert httpx.post(f"{server.url}/rpc", json=call).json()["error"]["code"] == -32601

    def test_a_message_that_is_too_large_ends_it(self, server: Server) -> None:
        with talk(server) as to:
            to.socket.send(" " * (4 * 1024**2 + 1))
            with pytest.raises(ConnectionClosed) as closed:
                to.response()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


class TestUpdates:
    def test_a_run_is_followed_to_its_end_over_the_connection_that_started_it(
        self, shared: Home, server: Server, gate: Path
    ) -> None:
        with talk(server) as to:
            run = to.call("squares", upto=6, gate=str(gate))
            assert to.call("updates.subscribe", topics=[f"run/{run['id']}"]) is None
            gate.touch()
            told = to.until_run_ended()
        assert told[0]["type"] == "run"
        assert kept(told) == on_record(shared, shared.engine.find(run["id"]))  # type: ignore[arg-type]
        assert told[-1]["data"]["result"] == [0, 1, 4, 9, 16, 25]

    def test_what_is_left_is_told_no_more(self, server: Server) -> None:
        with talk(server) as to:
            to.call("updates.subscribe", topics=["runs", "workers"])
            assert {to.next()["type"], to.next()["type"]} == {"runs", "workers"}
            to.call("updates.unsubscribe", topics=["runs", "never followed"])
            run = to.call("squares", upto=2)
            to.call("updates.subscribe", topics=[f"run/{run['id']}"])
            assert {update["topic"] for update in to.until_run_ended()} <= {f"run/{run['id']}", "workers"}

    def test_wrong_topics_are_refused_and_nothing_else(self, server: Server) -> None:
        with talk(server) as to:
            assert to.ask("updates.subscribe", topics=["weather"])["error"]["code"] == -32004
            assert to.ask("updates.subscribe", topics=[f"run/{new_id()}"])["error"]["code"] == -32004
            assert to.ask("updates.subscribe", topics="runs")["error"]["code"] == -32602
            assert to.ask("updates.subscribe")["error"]["code"] == -32602
            many = [f"run/{n}" for n in range(101)]
            assert to.ask("updates.subscribe", topics=many)["error"]["code"] == -32602
            to.call("updates.subscribe", topics=["runs"])
            assert to.next()["type"] == "runs"

    def test_whoever_is_cut_off_again_and_again_misses_nothing_and_has_nothing_twice(
        self, shared: Home, server: Server
    ) -> None:
        runs = [jobs.chatter.start(lines=400), jobs.squares.start(upto=300), jobs.count.start(upto=50, pause=0.01)]
        chance = random.Random(11)
        gathered = Gathered(runs)
        while not gathered.is_whole:
            with talk(server) as to:
                to.call("updates.subscribe", topics=gathered.topics, after=gathered.seen)
                gathered.take(to.next, chance.randrange(1, 60))
                to.socket.socket.close()  # without a goodbye
        for run in runs:
            assert gathered.told[f"run/{run.id}"] == on_record(shared, run)


class TestDoors:
    def test_foreign_pages_are_refused_before_the_connection_is_made(self, server: Server) -> None:
        with pytest.raises(InvalidStatus) as refused, talk(server, origin="https://evil.example"):
            pass
        assert refused.value.response.status_code == 403

    def test_pages_of_the_server_itself_are_welcome(self, server: Server) -> None:
        with talk(server, origin=server.url, subprotocols=["hotplate.v1"]) as to:
            assert to.socket.subprotocol == "hotplate.v1"
            assert to.call("worker.list")

    def test_another_address_is_no_door(self, server: Server) -> None:
        with pytest.raises(InvalidStatus), connect(f"{server.url.replace('http', 'ws', 1)}/rpc"):
            pass

    def test_a_server_that_ends_sends_its_clients_elsewhere(self, shared: Home) -> None:
        ending = shared.asgi_server()
        with talk(ending) as to:
            to.call("updates.subscribe", topics=["workers"])
            ending.process.send_signal(signal.SIGTERM)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    to.next()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert ending.process.wait(DEADLINE_S) is not None


@pytest.mark.parametrize("kind", ["uvicorn", "hotplate serve"])
def test_a_server_that_ends_ends_its_streams(shared: Home, kind: str) -> None:
    environ = shared.environ | {"HOTPLATE_ACCESS": "open"}
    ending = shared.asgi_server() if kind == "uvicorn" else shared.processes.hotplate_serve(APP, environ=environ)
    with stream(ending.url, "workers") as updates:
        events = iter(updates)
        next(events)
        ending.process.send_signal(signal.SIGTERM)
        for _ in events:
            pass
        assert updates.comments[-1:] == [CLOSING]
    assert ending.process.wait(DEADLINE_S) is not None


@pytest.mark.parametrize("kind", ["uvicorn", "hypercorn", "granian_asgi", "gunicorn_asgi"])
def test_any_asgi_server_will_do(shared: Home, kind: str) -> None:
    start = getattr(shared.processes, kind)
    server = start(ASGI_APP, environ=shared.environ | {"HOTPLATE_ACCESS": "open"})
    with talk(server) as to:
        run = to.call("squares", upto=4)
        to.call("updates.subscribe", topics=[f"run/{run['id']}", "workers"])
        told = [update for update in to.until_run_ended() if update["topic"] != "workers"]
        assert kept(told) == on_record(shared, shared.engine.find(run["id"]))  # type: ignore[arg-type]
    with stream(server.url, f"run/{run['id']}") as updates:
        assert kept(updates.until_run_ended()) == kept(told)
    with pytest.raises(InvalidStatus) as refused, talk(server, origin="https://evil.example"):
        pass
    assert refused.value.response.status_code == 403
    shared.processes.end(server.process)
