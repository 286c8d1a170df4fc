"""What the server pushes, watched by the Python client and by `hotplate watch`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest

from hotplate import errors
from hotplate.client import Client, TransportError, Update
from hotplate.run import new_id
from tests.acceptance.home import Home
from tests.processes import DEADLINE_S, Processes, Server, free_port, until

pytestmark = pytest.mark.any_broker

APP = "tests.acceptance.app:create_app"


@pytest.fixture(scope="module")
def server(shared: Home) -> Iterator[Server]:
    server = shared.server()
    yield server
    shared.processes.end(server.process)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Client(server.url) as client:
        yield client


def kept(updates: list[Update]) -> list[Update]:
    return [update for update in updates if update.type in ("move", "log", "partial")]


def test_a_run_is_watched_until_it_has_ended(client: Client) -> None:
    run = client.start("squares", {"upto": 4})
    updates = list(client.watch(run))
    assert [update.data["data"] for update in updates if update.type == "partial"] == [0, 1, 4, 9]
    assert updates[0].type == "run"
    assert updates[-1].data["result"] == [0, 1, 4, 9]
    assert list(client.watch(f"run/{run.id}", after=updates[-1].seq)) == [updates[-1]]


def test_several_runs_are_watched_until_all_have_ended(client: Client) -> None:
    runs = [client.start("squares", {"upto": n}) for n in (2, 5)]
    updates = list(client.watch(*runs))
    for run, upto in zip(runs, (2, 5), strict=True):
        partials = [u.data["data"] for u in updates if u.topic == f"run/{run.id}" and u.type == "partial"]
        assert partials == [n * n for n in range(upto)]


def test_a_watch_goes_on_over_a_restart_of_the_server(shared: Home, gate: Path) -> None:
    port = free_port()
    first = shared.processes.flask(APP, environ=shared.environ, port=port)
    with Client(first.url) as client:
        run, updates = client.start("squares", {"upto": 6, "gate": str(gate)}), list[Update]()

        def watch() -> None:
            updates.extend(client.watch(run))

        watching = threading.Thread(target=watch)
        watching.start()
        until(lambda: client.run(run.id).record.seq >= 5, "the first half")
        shared.processes.end(first.process)
        second = shared.processes.flask(APP, environ=shared.environ, port=port)
        gate.touch()
        watching.join(DEADLINE_S)
    shared.processes.end(second.process)
    assert not watching.is_alive()
    seqs = [update.seq for update in kept(updates)]
    assert seqs == sorted(set(seqs))
    assert [update.data["data"] for update in updates if update.type == "partial"] == [0, 1, 4, 9, 16, 25]


def test_state_topics_go_on(client: Client) -> None:
    watched = client.watch("runs", "workers")
    everything = {update.type: update.data for update in islice(watched, 2)}
    assert everything.keys() == {"runs", "workers"}
    run = client.start("squares", {"upto": 1})
    assert next(update for update in watched if update.type == "run" and update.data["id"] == run.id)


def test_what_is_not_there_is_said(client: Client) -> None:
    with pytest.raises(errors.NotFound):
        next(client.watch(f"run/{new_id()}"))
    with pytest.raises(errors.NotFound):
        next(client.watch("weather"))
    with pytest.raises(ValueError, match="topic"):
        client.watch()


def test_a_server_that_stays_away_is_an_error() -> None:
    with Client(f"http://127.0.0.1:{free_port()}") as client, pytest.raises(TransportError, match="cannot reach"):
        next(client.watch("runs", patience=0.3))


class TestCommand:
    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        command = [str(Path(sys.executable).parent / "hotplate"), "watch", *argv]
        return subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_S, check=False)

    def test_each_update_is_a_line(self, client: Client, server: Server) -> None:
        run = client.start("squares", {"upto": 3})
        ended = self.run(server.url, f"run/{run.id}")
        updates = [json.loads(line) for line in ended.stdout.splitlines()]
        assert [update["data"]["data"] for update in updates if update["type"] == "partial"] == [0, 1, 4]
        assert ended.returncode == 0

    def test_a_wrong_topic_is_one_plain_line(self, server: Server) -> None:
        ended = self.run(server.url, "weather")
        assert ended.returncode == 1
        assert "there is no topic 'weather'" in ended.stderr
        assert ended.stderr.count("\n") == 1

    def test_it_says_when_the_server_is_out_of_reach_and_when_it_is_back(
        self, processes: Processes, tmp_path: Path
    ) -> None:
        port, environ = free_port(), {"HOTPLATE_DATA": str(tmp_path / "data")}
        watch = processes.start("hotplate", "watch", f"127.0.0.1:{port}", "runs")

        def said(text: str, times: int) -> None:
            until(lambda: processes.output(watch).count(text) == times, f"{text!r} for the time {times}")

        for times in (1, 2):
            said(f"cannot reach http://127.0.0.1:{port}/updates: ", times)
            server = processes.flask(APP, environ=environ, port=port)
            said("the server is back", times)
            processes.end(server.process)
        said("trying again", 3)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(DEADLINE_S) == 130
        assert "Traceback" not in processes.output(watch)
