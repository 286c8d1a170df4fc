"""Links to runs: who has one reads that run, over every door, and nothing else; until it is taken back."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from websockets.sync.client import connect

from hotplate import Run
from hotplate.web.links import COOKIE, MOST_OPENED
from tests.acceptance import app as jobs, sociable
from tests.acceptance.engines import embedded_only
from tests.acceptance.home import APP, ASGI_APP, Home, rpc
from tests.processes import DEADLINE_S, Server, until
from tests.streams import Stream, is_end, kept

from .test_updates import on_record

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]

NOT_SIGNED_IN, NOT_FOUND = -32001, -32004


@pytest.fixture(scope="module")
def inside(shared: Home) -> Server:
    """A server whose callers are operators."""
    return shared.server()


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def outside(request: pytest.FixtureRequest, shared: Home) -> Iterator[Server]:
    """A server of each kind that knows nobody."""
    start, app = {
        "wsgi": (shared.processes.gunicorn, f"{APP}()"),
        "asgi": (shared.processes.uvicorn, ASGI_APP),
    }[request.param]
    server = start(app, environ=shared.environ | {"HOTPLATE_ACCESS": "accounts"})
    yield server
    shared.processes.end(server.process)


class Visitor:
    """A browser of somebody whom the server does not know."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http

    def open(self, link: str) -> httpx.Response:
        return self.http.get(link, headers={"Accept": "text/html"})

    def call(self, method: str, **params: Any) -> Any:
        """The result of a call, or the code of its error."""
        answer = self.http.post("/rpc", json={"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        response = answer.json()
        assert answer.status_code == (401 if response.get("error", {}).get("code") == NOT_SIGNED_IN else 200)
        return response["result"] if "result" in response else response["error"]["code"]

    @property
    def cookie(self) -> str:
        return f"other=1; {COOKIE}={self.http.cookies[COOKIE]}"


@pytest.fixture
def visitor(outside: Server) -> Iterator[Visitor]:
    with visiting(outside) as visitor:
        yield visitor


@contextmanager
def visiting(server: Server) -> Iterator[Visitor]:
    with httpx.Client(base_url=server.url, timeout=DEADLINE_S) as http:
        yield Visitor(http)


def share(inside: Server, run: Run) -> str:
    """A new link to the run."""
    answer = rpc(inside, "run.share", id=run.id)
    link: str = answer["result"]["url"]
    return link


def unshare(inside: Server, run: Run) -> None:
    assert rpc(inside, "run.unshare", id=run.id) == {"jsonrpc": "2.0", "id": 1, "result": None}


def ended(run: Run) -> Run:
    run.wait(20)
    return run.reload()


def test_a_link_leads_to_the_run_and_is_remembered(inside: Server, visitor: Visitor) -> None:
    run = ended(jobs.talk.start())
    link = share(inside, run)
    assert link.startswith("/console/shared/")
    assert len(link.rpartition("/")[2]) == 32
    answer = visitor.open(link)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/console/runs/{run.id}")
    token, *attributes = answer.headers["set-cookie"].split("; ")
    assert token == f"{COOKIE}={link.rpartition('/')[2]}"
    assert sorted(attributes) == ["HttpOnly", "Max-Age=2592000", "Path=/", "SameSite=Lax"]
    assert (answer.headers["cache-control"], answer.headers["referrer-policy"]) == ("no-store", "no-referrer")


def test_who_has_opened_it_reads_the_run_and_nothing_else(inside: Server, visitor: Visitor) -> None:
    run, other = ended(jobs.talk.start()), ended(jobs.talk.start())
    assert [visitor.call(f"run.{verb}", id=run.id) for verb in ("get", "wait", "log")] == [NOT_SIGNED_IN] * 3
    visitor.open(share(inside, run))
    assert visitor.call("run.get", id=run.id) == rpc(inside, "run.get", id=run.id)["result"]
    assert visitor.call("run.wait", id=run.id)["state"] == "succeeded"
    assert visitor.call("run.log", id=run.id) == rpc(inside, "run.log", id=run.id)["result"]
    assert [visitor.call(f"run.{verb}", id=other.id) for verb in ("get", "wait", "log")] == [NOT_FOUND] * 3
    for verb in ("cancel", "retry", "share", "unshare"):
        assert visitor.call(f"run.{verb}", id=run.id) == NOT_SIGNED_IN
    for name, params in (("run.list", {}), ("run.start", {"job": "talk"}), ("talk", {}), ("worker.list", {})):
        assert visitor.call(name, **params) == NOT_SIGNED_IN


def test_who_has_opened_it_is_told_how_the_result_is_made_up(inside: Server, visitor: Visitor) -> None:
    assert visitor.http.get("/openrpc.json").status_code == 401
    run = ended(jobs.squares.start(upto=2))
    visitor.open(share(inside, run))
    document = visitor.call("rpc.discover")
    assert document == visitor.http.get("/openrpc.json").json()
    known = {method["name"]: method for method in rpc(inside, "rpc.discover")["result"]["methods"]}["squares"]
    told, own = document["methods"]
    assert (told["name"], told["params"], told["x-hotplate-shown"], own["name"]) == (
        "squares",
        [],
        True,
        "rpc.discover",
    )
    assert all(told[key] == known[key] for key in ("x-hotplate-kind", "x-hotplate-result", "x-hotplate-partial"))
    assert document["x-hotplate-lives"] == document["x-hotplate-schedules"] == []
    unshare(inside, run)
    assert visitor.http.get("/openrpc.json").status_code == 401


def test_the_traceback_of_one_that_failed_stays_inside(inside: Server, visitor: Visitor) -> None:
    run = jobs.stumble.start("exception")
    until(lambda: run.reload().is_final, "the end of the run")
    visitor.open(share(inside, run))
    known = rpc(inside, "run.get", id=run.id)["result"]
    assert "Traceback" in known["traceback"]
    assert visitor.call("run.get", id=run.id) == known | {"traceback": None}


def test_a_batch_is_answered_with_what_may_be_read(inside: Server, visitor: Visitor) -> None:
    run = ended(jobs.talk.start())
    visitor.open(share(inside, run))
    calls = [
        {"jsonrpc": "2.0", "id": n, "method": method, "params": {"id": run.id}}
        for n, method in enumerate(("run.get", "run.cancel"))
    ]
    first, second = visitor.http.post("/rpc", json=calls).json()
    assert (first["result"]["id"], second["error"]["code"]) == (run.id, NOT_SIGNED_IN)


def test_several_runs_are_open_at_once_and_only_so_many(inside: Server, visitor: Visitor) -> None:
    runs = [ended(jobs.talk.start()) for _ in range(3)]
    for run in runs:
        visitor.open(share(inside, run))
    assert [visitor.call("run.get", id=run.id)["id"] for run in runs] == [run.id for run in runs]
    for _ in range(MOST_OPENED - 1):
        visitor.open(share(inside, runs[1]))
    found = [visitor.call("run.get", id=run.id) for run in runs]
    assert (found[0], found[1]["id"], found[2]["id"]) == (NOT_FOUND, runs[1].id, runs[2].id)


def test_its_files_can_be_read(inside: Server, visitor: Visitor, tmp_path: Path) -> None:
    written = ended(jobs.write_file.start(str(tmp_path), 1000))
    large = ended(jobs.repeat.start("abc", 1_000_000))
    assert large.result_file is not None
    files = [f"/files/{written.value().id}", f"/files/{large.result_file.id}"]
    assert [visitor.http.get(file).status_code for file in files] == [404, 404]
    for run in (written, large):
        visitor.open(share(inside, run))
    assert [len(visitor.http.get(file).content) for file in files] == [written.value().size, 3_000_002]
    unshare(inside, written)
    assert [visitor.http.get(file).status_code for file in files] == [404, 200]
    assert visitor.http.put("/files?name=a", content=b"a").status_code == 401


def test_updates_are_streamed_to_the_end(shared: Home, inside: Server, visitor: Visitor, gate: Path) -> None:
    run, other = jobs.squares.start(upto=5, gate=str(gate)), ended(jobs.talk.start())
    visitor.open(share(inside, run))
    with visitor.http.stream("GET", "/updates", params={"topics": f"run/{run.id}"}) as response:
        assert response.status_code == 200
        updates = Stream(response, "")
        assert next(iter(updates)).update["data"]["id"] == run.id
        gate.touch()
        assert kept(updates.until_run_ended()) == on_record(shared, run)
    statuses = {
        topics: visitor.http.get("/updates", params={"topics": topics}).status_code
        for topics in (f"run/{other.id}", "runs", f"run/{run.id},workers", "live/nothing")
    }
    assert list(statuses.values()) == [404, 401, 401, 401]


def test_who_takes_a_link_back_ends_all_reading(inside: Server, visitor: Visitor, gate: Path) -> None:
    run = jobs.hold.start(str(gate))
    links = [share(inside, run), share(inside, run)]
    visitor.open(links[0])
    assert visitor.call("run.get", id=run.id)["id"] == run.id
    unshare(inside, run)
    assert [visitor.call(f"run.{verb}", id=run.id) for verb in ("get", "wait", "log")] == [NOT_FOUND] * 3
    assert visitor.http.get("/updates", params={"topics": f"run/{run.id}"}).status_code == 404
    assert [visitor.open(link).status_code for link in links] == [404, 404]
    visitor.open(share(inside, run))
    assert visitor.call("run.get", id=run.id)["id"] == run.id


def test_open_streams_and_waits_end_with_it(inside: Server, visitor: Visitor, gate: Path) -> None:
    run, found = jobs.hold.start(str(gate)), list[Any]()
    visitor.open(share(inside, run))
    waiting = threading.Thread(target=lambda: found.append(visitor.call("run.wait", id=run.id, timeout=25)))
    with visitor.http.stream("GET", "/updates", params={"topics": f"run/{run.id}"}) as response:
        updates = iter(Stream(response, ""))
        assert next(updates).update["type"] == "run"
        waiting.start()
        unshare(inside, run)
        told = next(update for update in (sent.update for sent in updates) if update["type"] == "gone")
        gate.touch()
    waiting.join(DEADLINE_S)
    assert (told["topic"], told["data"]) == (f"run/{run.id}", None)
    assert found == [NOT_FOUND]
    assert ended(run).state == "succeeded"


def test_whose_run_it_is_goes_on_reading_it(inside: Server, gate: Path) -> None:
    run = jobs.hold.start(str(gate))
    share(inside, run)
    with httpx.stream("GET", f"{inside.url}/updates?topics=run/{run.id}", timeout=DEADLINE_S) as response:
        updates = Stream(response, "")
        assert next(iter(updates)).update["type"] == "run"
        unshare(inside, run)
        gate.touch()
        assert is_end(updates.until_run_ended()[-1])


def test_a_link_that_leads_nowhere_is_a_page_that_says_so(visitor: Visitor) -> None:
    for token in ("x" * 32, "", "a/b", "%00", "é"):
        answer = visitor.open(f"/console/shared/{token}")
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "set-cookie" not in answer.headers
    plain = visitor.http.get("/console/shared/nothing", headers={"Accept": "*/*"})
    assert (plain.status_code, plain.json()["error"]["code"]) == (404, NOT_FOUND)


def test_a_cookie_that_nobody_was_given_opens_nothing(visitor: Visitor) -> None:
    run = ended(jobs.talk.start())
    for cookie in ("", ".", "x" * 32, "." * 4000, "a.b.c", '"quoted"', "é"):
        request = {"jsonrpc": "2.0", "id": 1, "method": "run.get", "params": {"id": run.id}}
        headers = {"Cookie": f"{COOKIE}={cookie}".encode()}
        answer = visitor.http.post("/rpc", json=request, headers=headers).json()  # type: ignore[arg-type]
        assert answer["error"]["code"] in (NOT_SIGNED_IN, NOT_FOUND)


def test_a_websocket_carries_it(shared: Home, inside: Server, gate: Path) -> None:
    server = shared.processes.uvicorn(ASGI_APP, environ=shared.environ | {"HOTPLATE_ACCESS": "accounts"})
    run = jobs.squares.start(upto=5, gate=str(gate))
    with visiting(server) as visitor:
        visitor.open(share(inside, run))
    ids = iter(range(100))

    def sent(method: str, **params: Any) -> Any:
        socket.send(json.dumps({"jsonrpc": "2.0", "id": next(ids), "method": method, "params": params}))
        while "id" not in (message := json.loads(socket.recv(DEADLINE_S))):
            told.append(message["params"])
        return message["error"]["code"] if "error" in message else message["result"]

    with connect(
        f"ws{server.url.removeprefix('http')}/updates", additional_headers={"Cookie": visitor.cookie}
    ) as socket:
        told = list[dict[str, Any]]()
        assert sent("run.get", id=run.id)["id"] == run.id
        assert sent("run.cancel", id=run.id) == NOT_SIGNED_IN
        assert sent("updates.subscribe", topics=["runs"]) == NOT_SIGNED_IN
        assert sent("updates.subscribe", topics=[f"run/{run.id}"]) is None
        unshare(inside, run)
        while not told or told[-1]["type"] != "gone":
            told.append(json.loads(socket.recv(DEADLINE_S)).get("params", {"type": ""}))
        assert sent("run.get", id=run.id) == NOT_FOUND
        assert sent("updates.subscribe", topics=[f"run/{run.id}"]) == NOT_FOUND
    gate.touch()
    shared.processes.end(server.process)


@embedded_only
@pytest.mark.parametrize("kind", ["threading", "asgi"])
def test_socketio_carries_it(shared: Home, inside: Server, kind: str, gate: Path, tmp_path: Path) -> None:
    (tmp_path / "notice").write_text("none")
    environ = shared.environ | {"SOCKETIO": kind, "SOCIABLE": str(tmp_path), "HOTPLATE_ACCESS": "accounts"}
    server = shared.processes.hotplate_serve(sociable.APP, environ=environ)
    run, told = jobs.hold.start(str(gate)), list[dict[str, Any]]()
    with visiting(server) as visitor:
        visitor.open(share(inside, run))
    client = socketio.Client(reconnection=False)
    client.on("update", told.append, namespace="/hotplate")
    client.connect(server.url, {"Cookie": visitor.cookie}, namespaces=["/hotplate"], wait_timeout=DEADLINE_S)
    try:
        asked: dict[str, Any] = {"topics": ["runs"]}
        assert client.call("subscribe", asked, namespace="/hotplate")["error"]["code"] == NOT_SIGNED_IN
        assert client.call("subscribe", {"topics": [f"run/{run.id}"]}, namespace="/hotplate") == {}
        until(lambda: [update["type"] for update in told][:1] == ["run"], "how the run stands")
        unshare(inside, run)
        until(lambda: told[-1]["type"] == "gone", "that it is shown no more")
    finally:
        client.disconnect()
    gate.touch()
    shared.processes.end(server.process)
