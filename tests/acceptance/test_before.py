"""What stands before the application, as ProxyFix does, sees streams and WebSockets that an event loop serves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.processes import DEADLINE_S, Processes, Server
from tests.streams import stream

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("before")
    processes = Processes(folder)
    environ = {"HOTPLATE_DATA": str(folder / "data"), "HOTPLATE_STREAMS": "1", "HOTPLATE_THREADS": "4"}
    yield processes.uvicorn("tests.acceptance.behind_proxy:app", cwd=ROOT, environ=environ)
    processes.end_all()


def opened(server: Server, **headers: str) -> ClientConnection:
    return connect(f"{server.url.replace('http', 'ws', 1)}/updates", additional_headers=headers)


def asked(socket: ClientConnection, method: str, **params: Any) -> Any:
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}))
    return json.loads(socket.recv(DEADLINE_S))["result"]


def test_streams_hold_no_threads(server: Server) -> None:
    with ExitStack() as stack:
        streams = [iter(stack.enter_context(stream(server.url, "live/level"))) for _ in range(12)]
        assert [next(one).update["topic"] for one in streams] == ["live/level"] * 12
        call = {"jsonrpc": "2.0", "id": 1, "method": "rise", "params": [7]}
        assert "result" in httpx.post(f"{server.url}/rpc", json=call).json()
        assert [next(one).update["data"]["value"] for one in streams] == [7] * 12


def test_calls_over_a_websocket_come_from_where_the_proxy_says(server: Server) -> None:
    with opened(server, **{"X-Forwarded-For": "192.0.2.7"}) as socket:
        assert asked(socket, "peer") == "192.0.2.7"
        assert asked(socket, "live.get", name="level")["name"] == "level"


def test_host_names_are_those_that_the_proxy_says(server: Server) -> None:
    foreign = {"X-Forwarded-Host": "evil.example"}
    assert httpx.get(f"{server.url}/updates", params={"topics": "runs"}, headers=foreign).status_code == 421
    with pytest.raises(InvalidStatus) as refused:
        opened(server, **foreign)
    assert refused.value.response.status_code == 421


def test_whoever_is_turned_away_before_gets_no_updates(server: Server) -> None:
    poor = {"X-Forwarded-For": "192.0.2.13"}
    turned = httpx.get(f"{server.url}/updates", params={"topics": "runs"}, headers=poor)
    assert (turned.status_code, turned.content) == (402, b"pay")
    with pytest.raises(InvalidStatus) as refused:
        opened(server, **poor)
    assert refused.value.response.status_code == 403


def test_a_client_cannot_say_that_it_was_seen(server: Server) -> None:
    answer = httpx.get(f"{server.url}/health", headers={"hotplate.seen": "x", "Hotplate-Seen": "x"})
    assert answer.json() == {"status": "ok"}
