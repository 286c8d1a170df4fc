"""One application behind each ASGI server: calls, pages, streams, uploads."""

from __future__ import annotations

import hashlib
import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from tests.processes import Processes, Server, until

ROOT = Path(__file__).parents[2]
APP = "tests.acceptance.behind_asgi:asgi"
SERVERS = ("uvicorn", "gunicorn_asgi", "hypercorn", "granian_asgi")
THREADS = 8


class Site(NamedTuple):
    url: str
    notes: Path


def begin(kind: str, processes: Processes, notes: Path, *more: str, threads: int = THREADS) -> Server:
    environ = {"NOTES": str(notes), "HOTPLATE_THREADS": str(threads), "HOTPLATE_DATA": str(notes / "data")}
    server: Server = getattr(processes, kind)(APP, *more, cwd=ROOT, environ=environ)
    return server


@pytest.fixture(scope="module", params=SERVERS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The application behind each server."""
    notes = tmp_path_factory.mktemp("notes")
    processes = Processes(notes)
    yield Site(begin(request.param, processes, notes).url, notes)
    processes.end_all()


def call(method: str, *params: object, id: object = 1) -> dict[str, object]:
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": id}


def test_methods_of_both_kinds_are_answered_alone_and_in_a_batch(site: Site) -> None:
    with httpx.Client(base_url=site.url) as client:
        assert client.post("/rpc", json=call("pause", "a")).json()["result"] == "a"
        assert client.post("/rpc", json=call("echo", "b")).json()["result"] == "b"
        batch = [call("pause", "a"), call("echo", "b"), call("agent"), call("nothing")]
        answers = client.post("/rpc", json=batch, headers={"User-Agent": "tests"}).json()
    assert [answer.get("result") for answer in answers] == ["a", "b", "tests", None]


def test_many_async_methods_wait_at_the_same_time(site: Site) -> None:
    with ThreadPoolExecutor(4 * THREADS) as pool:
        asked = [
            pool.submit(httpx.post, f"{site.url}/rpc", json=call("pause", str(n), 1.0), timeout=30)
            for n in range(4 * THREADS)
        ]
        assert [one.result().json()["result"] for one in asked] == [str(n) for n in range(4 * THREADS)]


def test_pages_are_flasks(site: Site) -> None:
    with httpx.Client(base_url=site.url) as client:
        got = client.get("/page", params={"q": "ü"}, headers={"Cookie": "c=1; a=5"})
        assert got.text == "ü 5"
        assert got.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
        head = client.head("/page", params={"q": "ü"})
        assert (head.status_code, head.content) == (200, b"")
        assert client.get("/openrpc.json").json()["info"]["title"] == "tests.acceptance.behind_asgi"
        assert client.get("/health").json() == {"status": "ok"}


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_large_upload_arrives(is_chunked: bool, site: Site) -> None:
    body = os.urandom(12_000_000)
    pieces = (body[at : at + 100_000] for at in range(0, len(body), 100_000))
    got = httpx.post(f"{site.url}/digest", content=pieces if is_chunked else body, timeout=60)
    assert got.text == f"{len(body)} {hashlib.sha256(body).hexdigest()}"


def test_a_body_that_is_too_large_is_refused(site: Site) -> None:
    got = httpx.post(f"{site.url}/rpc", content=b" " * 4_194_305, headers={"Content-Type": "application/json"})
    assert (got.status_code, got.json()["error"]["code"]) == (413, -32600)


def test_streams_that_are_left_are_closed_and_give_their_threads_back(site: Site) -> None:
    names = [f"left-{n}" for n in range(2 * THREADS)]
    for name in names:
        with httpx.stream("GET", f"{site.url}/endless/{name}", timeout=30) as answer:
            next(answer.iter_raw())
    for name in names:
        until((site.notes / f"{name}.closed").exists, name)
    assert httpx.post(f"{site.url}/rpc", json=call("echo", "b"), timeout=30).json()["result"] == "b"


def test_a_stream_waits_for_who_does_not_read(site: Site) -> None:
    sent = site.notes / "slow.sent"
    with httpx.stream("GET", f"{site.url}/endless/slow", timeout=30) as answer:
        next(answer.iter_raw())
        seen = [-1]

        def stands_still() -> bool:
            seen.append(int(sent.read_text() or 0))
            return seen[-1] == seen[-2]

        until(stands_still, "an end of sending", every=0.5)
    until((site.notes / "slow.closed").exists, "its end")
    assert seen[-1] < 400  # x 64 KiB: what buffers hold on the way


def test_an_answer_that_breaks_is_seen_to_be_broken(site: Site) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(f"{site.url}/broken", timeout=30)


@pytest.mark.parametrize("kind", SERVERS)
def test_a_call_that_goes_on_when_the_server_is_told_to_end_is_answered(
    kind: str, tmp_path: Path, processes: Processes
) -> None:
    server = begin(kind, processes, tmp_path)
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx.post, f"{server.url}/rpc", json=call("hold", "begun"), timeout=30)
        until((tmp_path / "begun").exists, "the call")
        server.process.send_signal(signal.SIGTERM)
        (tmp_path / "go").touch()
        assert answer.result(30).json()["result"] == "begun"
    server.process.wait(30)


def test_without_a_lifespan_everything_works(tmp_path: Path, processes: Processes) -> None:
    server = begin("uvicorn", processes, tmp_path, "--lifespan", "off")
    assert httpx.post(f"{server.url}/rpc", json=call("echo", "b")).json()["result"] == "b"
    assert httpx.post(f"{server.url}/rpc", json=call("run.list")).json()["result"]["runs"] == []
    server.process.terminate()
    server.process.wait(30)


@pytest.mark.parametrize("parser", ["h11", "httptools"])
def test_uvicorn_serves_with_either_parser(parser: str, tmp_path: Path, processes: Processes) -> None:
    server = begin("uvicorn", processes, tmp_path, "--http", parser, "--loop", "asyncio")
    assert httpx.post(f"{server.url}/rpc", json=call("pause", "b")).json()["result"] == "b"
    assert httpx.get(f"{server.url}/page?q=1").text == "1 "
