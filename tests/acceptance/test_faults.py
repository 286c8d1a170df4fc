"""Processes are killed while runs are under way, and nothing that was acknowledged is lost or done by halves."""

from __future__ import annotations

import random
import signal
import statistics
import threading
import time
from pathlib import Path

import pytest

from hotplate import Run, errors
from hotplate.engine import Outcome
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, final_moves, first_line, gone, is_alive, kill, lines
from tests.acceptance.storm import Storm, Submitter, check, ended, is_whole
from tests.processes import until

STARTER = """
import sys
from tests.acceptance.app import create_app, note
with create_app().app_context():
    for n in range(int(sys.argv[1])):
        print(note.options(key=f"key-{n}").start(sys.argv[2], str(n)).id)
"""


def all_ended(runs: list[Run]) -> bool:
    return all(run.reload().is_final for run in runs)


def test_nothing_is_lost_while_everything_is_killed_again_and_again(home: Home, where: Path) -> None:
    storm = Storm(home, seed=1)
    submitter = Submitter(storm.url, "step", lambda n: {"where": str(where), "number": n}, range(2000))
    storm.rage(lambda: ended(home) >= 1500, pause=0.4, timeout=90)
    submitter.join()
    until(lambda: ended(home) == 2000, "the end of all", timeout=60)
    figures = check(home, submitter.acknowledged, where)
    assert figures["runs"] == 2000
    assert storm.faults["worker"] >= 3


def test_what_was_acknowledged_survives_the_kill_of_everything(home: Home, where: Path) -> None:
    storm, acknowledged = Storm(home, seed=2), dict[int, str]()
    for round_ in range(5):
        numbers = range(round_ * 10_000, (round_ + 1) * 10_000)
        submitter = Submitter(storm.url, "step", lambda n: {"where": str(where), "number": n, "seconds": 0}, numbers)
        until(lambda: len(submitter.acknowledged) >= 40 + 17 * round_, "some starts")  # noqa: B023
        storm.kill_everything()
        submitter.stop()
        acknowledged |= submitter.acknowledged
        assert is_whole(home)
        present = {run_id for (run_id,) in home.rows("select id from runs")}
        assert set(submitter.acknowledged.values()) <= present
        storm.start_everything()
    until(lambda: home.rows("select count(*) from runs where finished_at is null") == [(0,)], "the end of all")
    outcomes = final_moves(home)
    assert all(len(outcomes[run_id]) == 1 for run_id in acknowledged.values())


def test_a_killed_run_begins_again_soon(home: Home, where: Path) -> None:
    home.node("--concurrency", "2")
    pauses = []
    for n in range(5):
        place = where.with_name(f"where-{n}")
        run = jobs.stand.start(str(place))
        for times in (1, 2):
            until(lambda: len(lines(place)) >= times, "the run to be there")  # noqa: B023
            killed = time.time()
            kill(int(lines(place)[-1].split()[1]))
            until(lambda: len(lines(place)) > times, "the run to be there again")  # noqa: B023
            pauses.append(float(lines(place)[-1].split()[0]) - killed)
        run.wait(20)
    assert statistics.median(pauses) <= 3


def test_runs_of_a_killed_node_begin_again_with_the_next_one_soon(home: Home, where: Path) -> None:
    pauses = []
    node = home.node("--concurrency", "1")
    run = jobs.stand.start(str(where))
    for times in (1, 2):
        until(lambda: len(lines(where)) >= times, "the run to be there")  # noqa: B023
        killed = time.time()
        kill(node.pid)
        node.wait()
        node = home.node("--concurrency", "1")
        until(lambda: len(lines(where)) > times, "the run to be there again")  # noqa: B023
        pauses.append(float(lines(where)[-1].split()[0]) - killed)
    run.wait(20)
    assert statistics.median(pauses) <= 3


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


def test_a_stopped_node_goes_on_where_it_was(home: Home, where: Path) -> None:
    node = home.node("--concurrency", "2")
    runs = [jobs.step.start(str(where), n) for n in range(200)]
    first_line(where)
    kill(node.pid, signal.SIGSTOP)
    until(lambda: Path(f"/proc/{node.pid}/stat").read_text().split()[2] == "T", "the node to stand still")
    more = [jobs.step.start(str(where), n) for n in range(200, 400)]
    kill(node.pid, signal.SIGCONT)
    until(lambda: all_ended(runs + more), "the end of all")
    assert set(map(tuple, final_moves(home).values())) == {("succeed",)}


def test_a_storm_of_cancels_leaves_one_outcome_each_and_a_node_that_works(home: Home, where: Path) -> None:
    node = home.node("--concurrency", "2")
    runs = [jobs.step.start(str(where), n, 0.01) for n in range(400)]
    dice = random.Random(3)

    def cancel(mine: list[Run]) -> None:
        with home.app.app_context():
            for run in dice.sample(mine, len(mine)):
                run.cancel()

    threads = [threading.Thread(target=cancel, args=(runs[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: all_ended(runs), "the end of all")
    outcomes = final_moves(home)
    assert {len(moves) for moves in outcomes.values()} == {1}
    assert {moves[0] for moves in outcomes.values()} <= {"succeed", "cancel", "withdraw"}
    for run in runs:
        assert (run.reload().state == "succeeded") == (outcomes[run.id] == ["succeed"])
    assert jobs.count.start(upto=1).wait(20) == 1
    assert node.poll() is None


def test_a_storm_of_timeouts_ends_each_and_leaves_a_node_that_works(home: Home, where: Path) -> None:
    node = home.node("--concurrency", "2")
    runs = [jobs.overdue.start(str(where), n) for n in range(30)]
    until(lambda: all_ended(runs), "the end of all")
    assert set(map(tuple, final_moves(home).values())) == {("fail",)}
    for run in runs:
        with pytest.raises(errors.RunTimedOut):
            run.wait(0)
    assert jobs.count.start(upto=1).wait(20) == 1
    assert node.poll() is None


def test_one_at_a_time_holds_while_workers_and_nodes_are_killed(home: Home, tmp_path: Path) -> None:
    storm = Storm(home, seed=4)
    runs = [jobs.solo.start(str(tmp_path), n) for n in range(600)]
    calm = threading.Event()

    def strike() -> bool:
        calm.wait(0.4)
        (storm.kill_node if storm.random.random() < 0.2 else storm.kill_worker)()
        return ended(home) >= 400

    until(strike, "most to be done", timeout=60)
    until(lambda: ended(home) == 600, "the end of all", timeout=60)
    assert lines(tmp_path / "met") == []
    assert {len(moves) for moves in final_moves(home).values()} == {1}
    assert all_ended(runs)


def test_a_thousand_keys_started_five_times_each_make_a_thousand_runs(home: Home, where: Path) -> None:
    starters = [home.processes.python("-c", STARTER, "1000", str(where), environ=home.environ) for _ in range(5)]
    for starter in starters:
        assert starter.wait(60) == 0, home.processes.output(starter)
    answers = [home.processes.output(starter).split() for starter in starters]
    assert all(ids == answers[0] for ids in answers)
    assert home.rows("select count(*), count(distinct key) from runs") == [(1000, 1000)]


def test_a_worker_that_is_killed_takes_nothing_of_others_with_it(home: Home, gate: Path, where: Path) -> None:
    home.node("--concurrency", "2")
    kept = jobs.hold.start(str(gate), str(where))
    worker = int(first_line(where))
    for _ in range(3):
        kill(int(jobs.worker_pid.start().wait(20)))
    assert is_alive(worker)
    gate.touch()
    assert (kept.wait(20), kept.reload().attempt) == ("opened", 1)
