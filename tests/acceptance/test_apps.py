"""Several applications in a process, several processes of an application."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hotplate import errors
from tests.acceptance import app as jobs
from tests.acceptance.engines import NewGround
from tests.acceptance.home import APP, Home, rpc, waits_for


@pytest.fixture
def other(tmp_path_factory: pytest.TempPathFactory, engine: NewGround) -> Home:
    return Home(tmp_path_factory.mktemp("other"), engine)


def test_two_applications_in_a_process_have_records_and_nodes_of_their_own(
    home: Home, other: Home, where: Path, request: pytest.FixtureRequest
) -> None:
    request.addfinalizer(other.close)
    home.node("--concurrency", "1")
    mine = jobs.note.start(str(where), "mine")
    with other.app.app_context():
        theirs = jobs.note.start(str(where), "theirs")
        waits_for(theirs, "no worker alive")
    assert mine.wait(20) == "mine"
    assert other.engine.find(mine.id) is None
    assert home.engine.find(theirs.id) is None
    other.node("--concurrency", "1")
    assert theirs.wait(20) == "theirs"


def test_where_two_applications_could_be_meant_a_start_says_so(
    other: Home, engine: NewGround, request: pytest.FixtureRequest
) -> None:
    third = Home(other.folder / "third", engine)
    request.addfinalizer(third.close)
    request.addfinalizer(other.close)
    with pytest.raises(errors.HotplateError, match="applications"):
        jobs.count.start(upto=1)


def test_any_process_of_a_server_answers_for_any_run(home: Home) -> None:
    home.node("--concurrency", "2")
    server = home.processes.gunicorn(
        APP + "()", "--workers", "2", "--preload", environ=home.environ | {"HOTPLATE_ACCESS": "open"}
    )

    def go_through(n: int) -> object:
        run = rpc(server, "repeat", text=str(n), times=2)["result"]
        return rpc(server, "run.wait", id=run["id"])["result"]["result"]

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(go_through, range(60))) == [f"{n}{n}" for n in range(60)]
