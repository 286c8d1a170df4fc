"""Updates over server-sent events: what subscribers are told of runs and workers, and that nothing is missed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import httpx
import pytest

from hotplate import Run
from hotplate.rpc.subscription import MOST_UPDATES
from hotplate.run import new_id
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, is_running
from tests.processes import Server, until
from tests.streams import Stream, is_end, kept, stream

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


@pytest.fixture(scope="module", params=["wsgi", "asgi"])
def server(request: pytest.FixtureRequest, shared: Home) -> Iterator[Server]:
    """The application on a server of each kind."""
    server = shared.server() if request.param == "wsgi" else shared.asgi_server()
    yield server
    shared.processes.end(server.process)


def on_record(home: Home, run: Run) -> list[tuple[int, str]]:
    (history,) = home.engine.ledger.histories([(run.id, 0)], 1_000_000)
    assert history is not None
    return [(event.seq, event.type) for event in history.events]


class TestRun:
    def test_it_is_followed_from_its_start_to_its_end(self, shared: Home, server: Server, gate: Path) -> None:
        run = jobs.squares.start(upto=6, gate=str(gate))
        with stream(server.url, f"run/{run.id}") as updates:
            first = next(iter(updates)).update
            assert (first["topic"], first["seq"], first["type"]) == (f"run/{run.id}", 0, "run")
            assert first["data"]["id"] == run.id
            gate.touch()
            rest = updates.until_run_ended()
        run.wait(20)
        assert kept(rest) == on_record(shared, run)
        assert [update["data"]["data"] for update in rest if update["type"] == "partial"] == [0, 1, 4, 9, 16, 25]
        moves = [update["data"]["data"] for update in rest if update["type"] == "move"]
        assert moves == [
            {"move": "claim", "state": "running", "attempt": 1},
            {"move": "succeed", "state": "succeeded", "attempt": 1},
        ]
        last = rest[-1]
        assert last["data"]["result"] == [0, 1, 4, 9, 16, 25]
        assert last["seq"] == last["data"]["seq"] == run.reload().seq

    def test_progress_comes_as_it_is_made(self, server: Server) -> None:
        run = jobs.count.start(upto=100, pause=0.01)
        with stream(server.url, f"run/{run.id}") as updates:
            told = updates.until_run_ended()
        done = [update["data"]["done"] for update in told if update["type"] == "progress"]
        assert len(done) > 3
        assert done == sorted(done)

    def test_progress_comes_as_it_is_made_beside_partial_results(self, server: Server) -> None:
        run = jobs.count_and_yield.start(upto=20)
        with stream(server.url, f"run/{run.id}") as updates:
            told = updates.until_run_ended()
        done = [update["data"]["done"] for update in told if update["type"] == "progress"]
        assert len(done) > 3
        assert done == sorted(done)

    def test_one_that_has_ended_is_told_whole(self, shared: Home, server: Server) -> None:
        run = jobs.talk.start()
        run.wait(20)
        with stream(server.url, f"run/{run.id}") as updates:
            state, *rest = [event.update for event in islice(updates, len(on_record(shared, run)) + 1)]
        assert state["data"]["state"] == "succeeded"
        assert kept(rest) == on_record(shared, run)

    def test_a_log_longer_than_what_is_kept_ready_comes_whole(self, shared: Home, server: Server) -> None:
        lines = 5 * MOST_UPDATES
        run = jobs.chatter.start(lines=lines)
        run.wait(20)
        with stream(server.url, f"run/{run.id}") as updates:
            told = updates.until_run_ended()
        assert kept(told) == on_record(shared, run)
        assert [u["data"]["data"]["text"] for u in told if u["type"] == "log"] == [f"{n:08}" for n in range(lines)]

    def test_a_request_to_stop_is_told_before_the_end(self, server: Server) -> None:
        run = jobs.count.start(upto=10_000, pause=0.01)
        until(lambda: is_running(run), "the run to begin")
        with stream(server.url, f"run/{run.id}") as updates:
            run.cancel()
            told = updates.until_run_ended()
        states = [(u["data"]["state"], u["data"]["stop_requested"]) for u in told if u["type"] == "run"]
        assert states[-1] == ("cancelled", "cancel")

    def test_whoever_is_cut_off_again_and_again_misses_nothing_and_has_nothing_twice(
        self, shared: Home, server: Server
    ) -> None:
        runs = [jobs.chatter.start(lines=400), jobs.squares.start(upto=300), jobs.count.start(upto=50, pause=0.01)]
        topics, chance = ",".join(f"run/{run.id}" for run in runs), random.Random(7)
        told = dict[str, list[tuple[int, str]]]({f"run/{run.id}": [] for run in runs})
        ended, last = set[str](), ""
        while len(ended) < len(runs):
            with stream(server.url, topics, last) as updates:
                for event in islice(updates, chance.randrange(1, 60)):
                    last = event.id
                    told[event.update["topic"]] += kept([event.update])
                    if is_end(event.update):
                        ended.add(event.update["topic"])
                    if len(ended) == len(runs):
                        break
        for run in runs:
            assert told[f"run/{run.id}"] == on_record(shared, run)

    def test_it_goes_on_at_another_server(self, shared: Home, gate: Path) -> None:
        run = jobs.squares.start(upto=6, gate=str(gate))
        first = shared.server()
        told = []
        with stream(first.url, f"run/{run.id}") as updates:
            for event in updates:
                told.append(event.update)
                if len([update for update in told if update["type"] == "partial"]) == 4:
                    break
            last = event.id
        shared.processes.end(first.process)
        gate.touch()
        with stream(shared.server().url, f"run/{run.id}", last) as updates:
            told += updates.until_run_ended()
        assert kept(told) == on_record(shared, run)


class TestStates:
    def test_runs_are_told_as_they_come_and_change(self, server: Server, gate: Path) -> None:
        with stream(server.url, "runs") as updates:
            events = iter(updates)
            everything = next(events).update
            assert (everything["type"], everything["topic"]) == ("runs", "runs")
            run = jobs.squares.start(upto=2, gate=str(gate))
            gate.touch()
            seen = []
            for event in events:
                if event.update["data"]["id"] == run.id:
                    seen.append(event.update)
                    if event.update["data"]["state"] == "succeeded":
                        break
        assert [update["type"] for update in seen] == ["run"] * len(seen)
        assert [update["seq"] for update in seen] == sorted({update["seq"] for update in seen})
        assert seen[-1]["data"]["result"] is None  # a list is no place for it

    def test_workers_are_told(self, shared: Home, server: Server) -> None:
        with stream(server.url, "workers,runs") as updates:
            told = {event.update["type"]: event.update["data"] for event in islice(updates, 2)}
        assert {node["id"] for node in told["workers"]} == {node.id for node in shared.engine.ledger.nodes()}


class TestRefusals:
    @pytest.mark.parametrize(
        ("query", "status"),
        [
            ("", 400),
            ("?topics=", 400),
            ("?topics=weather", 404),
            (f"?topics=run/{new_id()}", 404),
            (f"?topics=runs,run/{new_id()}", 404),
            ("?topics=runs&after=what", 400),
            ("?topics=" + ",".join(f"run/{n}" for n in range(101)), 400),
        ],
    )
    def test_a_wrong_question_has_a_plain_answer(self, server: Server, query: str, status: int) -> None:
        answer = httpx.get(f"{server.url}/updates{query}")
        assert answer.status_code == status
        assert answer.json()["error"]["data"]

    def test_other_methods_and_foreign_pages_are_refused(self, server: Server) -> None:
        assert httpx.post(f"{server.url}/updates?topics=runs").status_code == 405
        assert (
            httpx.get(f"{server.url}/updates?topics=runs", headers={"Origin": "https://evil.example"}).status_code
            == 403
        )
        assert httpx.head(f"{server.url}/updates?topics=runs").status_code == 200


class TestRoom:
    def test_without_room_one_is_told_at_once_and_comes_back(self, shared: Home, gate: Path) -> None:
        crowded = shared.processes.gunicorn(
            "tests.acceptance.app:create_app()",
            environ=shared.environ | {"HOTPLATE_STREAMS": "1", "HOTPLATE_ACCESS": "open"},
        )
        run = jobs.squares.start(upto=6, gate=str(gate))
        until(lambda: len(shared.events(run, "partial")) == 4, "the first half")

        def visit(last: str) -> Stream:
            with stream(crowded.url, f"run/{run.id}", last) as updates:
                told.extend(event.update for event in updates)
            assert updates.retry == 5000
            return updates

        told: list[dict[str, object]] = []
        with stream(crowded.url, f"run/{run.id}") as kept_open:
            assert next(iter(kept_open)).update["type"] == "run"
            assert kept_open.retry == 2000
            last = visit("").id
            assert len(kept(told)) == 5
            gate.touch()
            run.wait(20)
            visit(last)
            assert kept(told) == on_record(shared, run)
        shared.processes.end(crowded.process)

    def test_who_leaves_makes_room(self, shared: Home) -> None:
        crowded = shared.processes.gunicorn(
            "tests.acceptance.app:create_app()",
            environ=shared.environ | {"HOTPLATE_STREAMS": "1", "HOTPLATE_ACCESS": "open"},
        )

        def has_room() -> bool:
            with stream(crowded.url, "runs") as updates:
                next(iter(updates))
                return updates.retry == 2000

        assert has_room()
        run = jobs.count.start(upto=1_000_000, pause=0.001)  # that something is written now and then
        until(has_room, "room again")
        run.cancel()
        shared.processes.end(crowded.process)
