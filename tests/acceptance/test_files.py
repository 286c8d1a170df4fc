"""Files in and out, and the built-in methods, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance import app as jobs
from tests.acceptance.home import Home, first_line, rpc
from tests.processes import Server, until

pytestmark = pytest.mark.any_broker


@pytest.fixture(scope="module")
def server(shared: Home) -> Server:
    return shared.server()


@pytest.fixture
def web(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=60) as client:
        yield client


def call(server: Server, method: str, /, **params: Any) -> Any:
    """The result of a call."""
    answer = rpc(server, method, **params)
    assert "result" in answer, answer
    return answer["result"]


def code(server: Server, method: str, /, **params: Any) -> int:
    """The code of the error that a call is answered with."""
    return int(rpc(server, method, **params)["error"]["code"])


def put(web: httpx.Client, data: bytes, name: str, **more: str) -> dict[str, Any]:
    answer = web.put("/files", params={"name": name, **more}, content=data)
    assert answer.status_code == 201, answer.text
    kept: dict[str, Any] = answer.json()
    return kept


def test_an_uploaded_file_comes_back_byte_for_byte(web: httpx.Client) -> None:
    data = bytes(range(256)) * 4000
    kept = put(web, data, "numbers.bin")
    assert (kept["name"], kept["size"], kept["media_type"]) == ("numbers.bin", len(data), "application/octet-stream")
    back = web.get(kept["url"])
    assert back.content == data
    assert back.headers["content-length"] == str(len(data))
    assert back.headers["content-disposition"].startswith("attachment")


def test_a_file_goes_through_a_job(server: Server, web: httpx.Client) -> None:
    kept = put(web, b"quiet\n" * 500_000, "letter.txt")
    run = call(server, "run.wait", id=call(server, "shout", letter=kept)["id"])
    assert run["state"] == "succeeded"
    loud = run["result"]
    assert (loud["name"], loud["size"], loud["media_type"]) == ("loud-letter.txt", 3_000_000, "text/plain")
    assert web.get(loud["url"]).content == b"QUIET\n" * 500_000


def test_what_a_caller_leaves_out_of_a_file_is_known_from_its_upload(server: Server, web: httpx.Client) -> None:
    kept = put(web, b"quiet\n", "letter.txt", type="text/x-letter")
    run = call(server, "run.wait", id=call(server, "shout", letter={"id": kept["id"]})["id"])
    assert run["result"]["name"] == "loud-letter.txt"
    assert call(server, "look_at", letter={"id": kept["id"]}) == ["letter.txt", "text/x-letter", 6, kept["url"]]
    assert call(server, "look_at", letter={"id": kept["id"], "name": "mine"})[:2] == ["mine", "text/x-letter"]
    assert call(server, "look_at", letter={"id": "nothing"}) == ["", "application/octet-stream", 0, ""]


def test_a_file_that_a_job_wrote_is_kept_with_its_name(server: Server, web: httpx.Client, tmp_path: Path) -> None:
    run = call(server, "run.wait", id=call(server, "write_file", folder=str(tmp_path), size=600)["id"])
    (tmp_path / "data.csv").unlink()
    assert web.get(run["result"]["url"]).content == b"1,2,3\n" * 100
    assert run["result"]["media_type"] == "text/csv"


def test_a_job_that_is_given_no_file_of_the_callers_fails(server: Server) -> None:
    run = call(server, "run.wait", id=call(server, "shout", letter={"id": "nothing"})["id"])
    assert run["error"]["code"] == -32004


def test_a_result_above_a_mebibyte_is_fetched_as_a_file(server: Server, web: httpx.Client) -> None:
    run = call(server, "run.wait", id=call(server, "repeat", text="abc", times=500_000)["id"])
    assert run["result"] is None
    assert web.get(run["result_file"]["url"]).json() == "abc" * 500_000


def test_an_upload_that_breaks_off_leaves_nothing(web: httpx.Client, server: Server, shared: Home) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x" * 600_000
        raise RuntimeError("the cable was pulled")

    headers = {"content-length": "1000000"}
    with pytest.raises(RuntimeError):
        web.put("/files", params={"name": "half"}, content=broken(), headers=headers)
    until(lambda: shared.rows("select count(*) from files where name = 'half'") == [(0,)], "the half to be gone")
    assert shared.rows("select count(*) from chunks where file_id not in (select id from files)") == [(0,)]


def test_a_call_of_a_job_answers_at_once_with_its_run(server: Server, gate: Path) -> None:
    run = call(server, "hold", gate=str(gate))
    assert (run["job"], run["state"], run["result"]) == ("hold", "queued", None)


def test_params_of_a_job_are_checked_before_it_is_started(server: Server) -> None:
    assert code(server, "count", upto="many") == -32602
    assert code(server, "run.start", job="count", params={"upto": True}) == -32602
    assert code(server, "run.start", job="nothing") == -32602


def test_a_run_is_started_with_options(server: Server, where: Path) -> None:
    params = {"where": str(where), "text": "once"}
    options = {"delay": 3600, "priority": 4, "key": "once", "queue": "later"}
    run = call(server, "run.start", job="note", params=params, **options)
    assert (run["waiting_for"], run["priority"], run["key"], run["queue"]) == ("delay", 4, "once", "later")
    assert call(server, "run.start", job="note", params=params, key="once")["id"] == run["id"]
    assert call(server, "run.cancel", id=run["id"])["state"] == "cancelled"


def test_waiting_answers_with_the_next_change(server: Server, gate: Path, where: Path) -> None:
    run = call(server, "hold", gate=str(gate), where=str(where))
    first_line(where)
    now = call(server, "run.wait", id=run["id"], seq=0)
    assert (now["state"], now["seq"] > 0) == ("running", True)
    assert call(server, "run.wait", id=run["id"], timeout=0.05)["state"] == "running"
    gate.touch()
    assert call(server, "run.wait", id=run["id"])["result"] == "opened"


def test_the_log_is_read_in_pages(server: Server) -> None:
    run = call(server, "run.wait", id=call(server, "chatter", lines=25)["id"])
    seen, after = [], 0
    while (page := call(server, "run.log", id=run["id"], after=after, limit=10))["events"]:
        seen += [event["data"]["text"] for event in page["events"]]
        after = page["next"]
    assert [int(text) for text in seen] == list(range(25))


def test_runs_are_listed_in_pages_from_the_newest(server: Server) -> None:
    ids = [call(server, "progress_in_words")["id"] for _ in range(5)]
    first = call(server, "run.list", job="progress_in_words", limit=3)
    rest = call(server, "run.list", job="progress_in_words", limit=3, before=first["next"])
    assert [run["id"] for run in first["runs"] + rest["runs"]] == ids[::-1]
    assert rest["next"] is None


def test_the_params_are_told_with_the_run(server: Server) -> None:
    run = call(server, "count", upto=3)
    assert call(server, "run.get", id=run["id"])["params"] == {"upto": 3}


def test_runs_and_files_that_do_not_exist_are_not_found(server: Server, web: httpx.Client) -> None:
    for method in ("run.get", "run.wait", "run.cancel", "run.retry", "run.log"):
        assert code(server, method, id="nobody") == -32004
    assert web.get("/files/nothing").status_code == 404


def test_a_run_goes_on_without_the_server_that_started_it(shared: Home, gate: Path, where: Path) -> None:
    first = shared.server()
    run = call(first, "hold", gate=str(gate), where=str(where))
    first_line(where)
    shared.processes.end(first.process)
    gate.touch()
    second = shared.server()
    assert call(second, "run.wait", id=run["id"])["result"] == "opened"


def test_the_worker_list_tells_what_a_node_does(server: Server, shared: Home, gate: Path, where: Path) -> None:
    (node,) = call(server, "worker.list")
    assert (node["pid"], node["concurrency"]) == (shared.pids(shared.nodes[0])[-1], 2)
    assert {"count", "hold"} <= set(node["jobs"])
    assert call(server, "begin", text="a") != jobs.begin.name
