"""Processes are killed while runs are under way, and nothing that was acknowledged is lost or done by halves."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from hotplate import Run, errors
from hotplate.engine import Outcome
from tests.acceptance import app as jobs, trials
from tests.acceptance.home import Home, final_moves, first_line, gone, is_alive, kill, lines
from tests.acceptance.storm import ended
from tests.processes import until


def test_nothing_is_lost_while_everything_is_killed_again_and_again(home: Home) -> None:
    figures = trials.kills_under_load(home, 2000, seconds=0.004, faults=25)
    assert (figures["runs"], figures["lost"], figures["outcomes"]) == (2000, 0, 2000)
    assert figures["kills of worker"] >= 3


def test_what_was_acknowledged_survives_the_kill_of_everything(home: Home) -> None:
    assert trials.kills_of_everything(home, rounds=5)["acknowledged runs"] >= 100


@pytest.mark.any_broker
def test_the_run_of_a_killed_worker_begins_again_soon(home: Home) -> None:
    assert trials.killed_workers(home, times=3)["s until the run of a killed worker begins again, p50"] <= 3


def test_the_run_of_a_killed_node_begins_again_with_the_next_one_soon(home: Home) -> None:
    assert trials.killed_nodes(home, times=1)["s until the run of a killed node begins again, p50"] <= 3


@pytest.mark.any_broker
def test_a_storm_of_cancels_leaves_one_outcome_each_and_a_node_that_works(home: Home) -> None:
    trials.cancels(home, runs=400)


@pytest.mark.any_broker
def test_a_storm_of_timeouts_ends_each_and_leaves_a_node_that_works(home: Home) -> None:
    trials.timeouts(home, runs=30)


def test_one_at_a_time_holds_while_workers_and_nodes_are_killed(home: Home) -> None:
    trials.one_at_a_time(home, runs=600, faults=10)


@pytest.mark.any_broker
def test_a_thousand_keys_started_five_times_each_make_a_thousand_runs(home: Home) -> None:
    trials.racing_starts(home, keys=1000)


@pytest.mark.any_broker
def test_a_worker_stopped_beyond_its_timeout_has_nothing_more_to_say(home: Home, gate: Path, where: Path) -> None:
    home.node("--concurrency", "1")
    run = jobs.dawdle_long.start(str(where), str(gate))
    worker = int(first_line(where))
    kill(worker, signal.SIGSTOP)
    with pytest.raises(errors.RunTimedOut):
        run.wait(20)
    kill(worker, signal.SIGCONT)
    gate.touch()
    until(lambda: gone([worker]), "the end of the stopped worker")
    assert jobs.count.start(upto=1).wait(20) == 1
    assert (run.reload().state, home.moves(run)) == ("failed", ["claim", "fail"])


@pytest.mark.any_broker
def test_the_late_result_of_an_attempt_that_was_given_up_is_refused(home: Home, gate: Path, where: Path) -> None:
    home.node("--concurrency", "2")
    run = jobs.name_attempt.start(str(where), str(gate))
    first_line(where)
    given_up = Outcome(id=run.id, attempt=1, queue="default", job="name_attempt", move="lose", at=time.time())
    assert home.engine.ledger.settle([given_up], None)[0] == [True]
    until(lambda: len(lines(where)) == 2, "the second attempt")
    gate.touch()
    until(lambda: "attempt 1, refused" in home.printed(), "the node's word")
    assert run.wait(20) == 2
    assert home.moves(run) == ["claim", "lose", "claim", "succeed"]


@pytest.mark.any_broker
def test_a_stopped_node_goes_on_where_it_was(home: Home, where: Path) -> None:
    node = home.node("--concurrency", "2")
    runs = [jobs.step.start(str(where), n) for n in range(200)]
    first_line(where)
    pid = home.pids(node)[-1]
    kill(pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{pid}/stat").read_text().split()[2] == "T", "the node to stand still")

    def start() -> list[Run]:
        with home.app.app_context():
            return [jobs.step.start(str(where), n) for n in range(200, 400)]

    with ThreadPoolExecutor() as pool:
        # Where it stands in the midst of a commit, nobody else writes to the record before it goes on.
        starts = pool.submit(start)
        wait([starts], timeout=3)
        kill(pid, signal.SIGCONT)
        more = starts.result(30)
    until(lambda: ended(home) == len(runs + more), "the end of all")
    assert set(map(tuple, final_moves(home).values())) == {("succeed",)}


@pytest.mark.any_broker
def test_a_worker_that_is_killed_takes_nothing_of_others_with_it(home: Home, gate: Path, where: Path) -> None:
    home.node("--concurrency", "2")
    kept = jobs.hold.start(str(gate), str(where))
    worker = int(first_line(where))
    for _ in range(3):
        kill(int(jobs.worker_pid.start().wait(20)))
    assert is_alive(worker)
    gate.touch()
    assert (kept.wait(20), kept.reload().attempt) == ("opened", 1)
