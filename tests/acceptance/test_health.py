"""Whether processes are alive and ready: what load balancers and supervisors are told."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from werkzeug.test import Client, TestResponse

from hotplate import Hotplate
from hotplate.cli import group
from hotplate.engines.sqlite.folder import DATABASE
from hotplate.extension import state_of
from tests.acceptance.home import APP, Home
from tests.processes import Processes, until
from tests.servers import Kept, Postgres

pytestmark = pytest.mark.any_broker


def site(**config: Any) -> Flask:
    app = Flask("site")
    app.config.update(config)
    Hotplate(app).job("work")(lambda: None)
    return app


@pytest.fixture(autouse=True)
def closed() -> Iterator[list[Flask]]:
    """Applications to be closed after the test."""
    apps: list[Flask] = []
    yield apps
    for app in apps:
        state_of(app).close()


def ready(app: Flask, path: str = "/health/ready") -> TestResponse:
    return Client(app).get(path, headers={"Host": "load-balancer.internal"})


def test_a_web_process_is_ready_with_a_record_and_says_how_many_nodes_there_are(home: Home) -> None:
    assert (ready(home.app).status_code, ready(home.app).json) == (200, {"status": "ready", "nodes": 0})
    home.node()
    assert ready(home.app).json == {"status": "ready", "nodes": 1}
    assert ready(home.app).headers["Cache-Control"] == "no-store"


def test_without_jobs_it_is_ready_and_opens_no_record(data_folder: Path) -> None:
    app = Flask("calls_only")
    Hotplate(app)
    assert ready(app).json == {"status": "ready"}
    assert not data_folder.exists()


def test_a_damaged_record_makes_it_alive_but_not_ready(data_folder: Path, closed: list[Flask]) -> None:
    data_folder.mkdir()
    (data_folder / DATABASE).write_bytes(b"no database at all" * 1000)
    closed.append(app := site(HOTPLATE_PREFIX="/tools"))
    answer = ready(app, "/tools/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")  # type: ignore[index]
    assert str(data_folder) not in answer.text
    assert ready(app, "/tools/health").json == {"status": "ok"}


def test_a_database_that_is_away_is_noticed_soon_and_so_is_its_return(
    needed: Callable[[type[Kept]], None], closed: list[Flask], caplog: pytest.LogCaptureFixture
) -> None:
    needed(Postgres)
    with Postgres() as server:
        closed.append(app := site(HOTPLATE_DATABASE_URL=server.fresh()))
        assert ready(app).json == {"status": "ready", "nodes": 0}
        server.kill()
        began = time.monotonic()
        with ThreadPoolExecutor(8) as askers:
            assert {answer.status_code for answer in askers.map(lambda _: ready(app), range(8))} == {503}
        assert time.monotonic() - began < 5
        assert Client(app).get("/health").status_code == 200
        server.start()
        until(lambda: ready(app).status_code == 200, "a web process that is ready again")
    said = [record.getMessage() for record in caplog.records]
    assert len([line for line in said if line.startswith("not ready: ")]) == 1
    assert len([line for line in said if line.startswith("ready again")]) == 1


def test_a_process_that_begins_without_its_database_is_alive_and_not_ready(closed: list[Flask]) -> None:
    closed.append(app := site(HOTPLATE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"))
    began = time.monotonic()
    assert ready(app).status_code == 503
    assert time.monotonic() - began < 5


def health(*argv: str) -> tuple[int, str]:
    result = CliRunner().invoke(group, ["health", *argv])
    return result.exit_code, result.output


class TestNode:
    def test_its_file_is_there_while_it_serves(self, home: Home, tmp_path: Path) -> None:
        file = tmp_path / "ready"
        file.write_text("of one that was killed")
        node = home.processes.node(APP, "--ready-file", str(file), environ=home.environ)
        home.ready(node)
        until(lambda: health(str(file))[0] == 0, "a sign of life")
        assert health(str(file))[1].endswith("is alive\n")
        node.send_signal(signal.SIGTERM)
        assert node.wait(20) == 0
        code, said = health(str(file))
        assert (code, "is not there" in said) == (1, True)

    def test_it_is_renewed_while_the_node_turns_and_not_when_it_hangs(self, home: Home, tmp_path: Path) -> None:
        file = tmp_path / "ready"
        node = home.processes.node(APP, "--ready-file", str(file), environ=home.environ)
        until(file.exists, "the file")
        node.send_signal(signal.SIGSTOP)
        os.utime(file, (0, 0))
        code, said = health(str(file))
        assert (code, "no sign of life" in said) == (1, True)
        node.send_signal(signal.SIGCONT)
        until(lambda: health(str(file))[0] == 0, "a sign of life")


class TestServer:
    def test_a_server_is_asked_whether_it_is_ready(self, home: Home, processes: Processes) -> None:
        server = processes.gunicorn(f"{APP}()", environ=home.environ)
        assert health(server.url) == (0, '{"status":"ready","nodes":0}\n')
        server.process.terminate()
        server.process.wait(20)
        code, said = health(server.url)
        assert (code, "does not answer" in said) == (1, True)

    def test_what_it_answers_when_it_is_not_ready_is_shown(self, processes: Processes, tmp_path: Path) -> None:
        (tmp_path / "away.py").write_text(
            "from flask import Flask\nfrom hotplate import Hotplate\napp = Flask(__name__)\n"
            "app.config['HOTPLATE_DATABASE_URL'] = 'postgresql://nobody@127.0.0.1:1/none'\n"
            "Hotplate(app).job('work')(lambda: None)\n"
        )
        server = processes.flask("away.py", cwd=tmp_path)
        code, said = health(server.url)
        assert (code, "answers 503" in said) == (1, True)
