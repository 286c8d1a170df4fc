"""Several machines on one record: what is lost, wrong or charged when one of them, or the database, is not there."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hotplate import Run
from tests.acceptance import app as jobs
from tests.acceptance.home import final_moves, first_line, is_running, kill, lines
from tests.acceptance.machines import Machines
from tests.processes import until

from .conftest import LEASE_S


def outcomes(machines: Machines) -> set[tuple[str, ...]]:
    return set(map(tuple, final_moves(machines.home).values()))


def all_ended(machines: Machines, runs: int) -> None:
    ended = "select count(*) from runs where finished_at is not null"
    until(lambda: machines.home.rows(ended) == [(runs,)], "the end of all", 60)


def test_the_runs_of_a_node_that_is_dead_for_good_go_on_elsewhere(machines: Machines, gate: Path, where: Path) -> None:
    dead = machines.add()
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    machines.add()
    dead.die()
    until(lambda: len(lines(where)) == 2, "its second attempt", 10 * LEASE_S)
    gate.touch()
    assert run.wait(20) == "opened"
    after = run.reload()
    assert (after.attempt, after.max_attempts) == (2, 2)  # the lost attempt is not charged


def test_a_node_that_stood_still_beyond_the_lease_commits_nothing_late(
    machines: Machines, gate: Path, where: Path
) -> None:
    still = machines.add()
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    still.stop()
    machines.add()
    until(lambda: len(lines(where)) == 2, "its second attempt", 10 * LEASE_S)
    gate.touch()
    assert run.wait(20) == "opened"
    before = machines.home.rows("select * from runs")
    still.go_on()
    until(lambda: "taken for dead" in still.said, "the return of the node")
    assert machines.home.rows("select * from runs") == before
    more = [jobs.step.start(str(where), n) for n in range(40)]
    assert [one.wait(20) for one in more] == list(range(40))
    until(lambda: len(machines.home.engine.ledger.nodes()) == 2, "both nodes")


def test_a_database_that_is_away_for_longer_than_the_lease_charges_nobody(
    machines: Machines, gate: Path, where: Path
) -> None:
    machines.add()
    machines.add()
    long = [jobs.hold.start(str(gate), str(where)) for _ in range(3)]
    until(lambda: len(lines(where)) == 3, "all to begin")
    machines.database.crash()
    time.sleep(2 * LEASE_S)  # the fault itself
    gate.touch()
    machines.database.start()
    assert [run.wait(30) for run in long] == ["opened"] * 3
    assert [run.reload().attempt for run in long] == [1, 1, 1]
    assert outcomes(machines) == {("succeed",)}


def test_a_worker_that_begins_while_the_database_is_away_is_not_called_broken(
    machines: Machines, gate: Path, where: Path
) -> None:
    machine = machines.add()
    run = jobs.hold.start(str(gate), str(where))
    worker = int(first_line(where))
    machines.database.crash()
    kill(worker)
    until(lambda: "cannot be put on record" in machine.said, "another worker, which is turned away")
    machines.database.start()
    gate.touch()
    assert run.wait(60) == "opened"
    assert "while it was loading" not in machine.said


def test_told_twice_a_node_ends_also_while_the_database_is_away(machines: Machines, gate: Path, where: Path) -> None:
    machine = machines.add()
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    machines.database.crash()
    machine.host.terminate()
    until(lambda: "waiting for 1 run" in machine.said, "its word")
    machine.host.terminate()
    assert machine.host.wait(10) == 0
    assert "not on it begins again: 1 run" in machine.said
    machines.database.start()
    gate.touch()
    machine.start()
    assert run.wait(60) == "opened"
    assert run.reload().attempt == 2
    assert "Traceback" not in machine.said


def test_nothing_is_lost_while_the_database_crashes_again_and_again(machines: Machines, where: Path) -> None:
    machines.add()
    machines.add()
    runs: list[Run] = []
    for round_ in range(4):
        runs += [jobs.step.start(str(where), n) for n in range(round_ * 50, round_ * 50 + 50)]
        machines.database.crash()
        machines.database.start()
    all_ended(machines, len(runs))
    assert outcomes(machines) == {("succeed",)}
    charged = {after.attempt - after.max_attempts for after in (run.reload() for run in runs)}
    assert charged == {0}  # one that was claimed by a commit that was not heard of goes back uncharged


def test_a_node_cut_off_from_the_database_keeps_others_from_nothing(
    machines: Machines, gate: Path, where: Path
) -> None:
    cut, home = machines.add(), machines.home
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    cut.database.close()
    machines.add()
    until(lambda: len(lines(where)) == 2, "its second attempt", 10 * LEASE_S)
    gate.touch()
    assert run.wait(20) == "opened"
    before = home.rows("select * from runs")
    cut.database.heal()
    until(lambda: "taken for dead" in cut.said, "the return of the node", 60)
    assert home.rows("select * from runs") == before
    assert outcomes(machines) == {("succeed",)}


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_node_whose_clock_is_wrong_by_an_hour_harms_nobody(
    machines: Machines, gate: Path, where: Path, seconds: int
) -> None:
    machines.add().move_clock(seconds)
    begun = time.time()
    runs = [jobs.step.start(str(where), n) for n in range(20)]
    late = jobs.step.options(delay=1).start(str(where), 20)
    retried = jobs.flaky.start(f"{where}-flaky", 2)
    assert [run.wait(20) for run in (*runs, late, retried)] == [*range(21), 2]
    assert all(began_and_ended_since(begun, run) for run in (*runs, late, retried))
    held = jobs.hold.start(str(gate), str(where))
    until(lambda: is_running(held), "the run to begin")
    machines.add()
    time.sleep(2 * LEASE_S)  # in which a wrong judgement would be made
    gate.touch()
    assert held.wait(20) == "opened"
    assert held.reload().attempt == 1


@pytest.mark.parametrize("seconds", [3600, -3600])
def test_a_run_during_which_the_clock_is_set_is_within_its_time(
    machines: Machines, gate: Path, where: Path, seconds: int
) -> None:
    machine, begun = machines.add(), time.time()
    run = jobs.hold_within_a_minute.start(str(gate), str(where))
    first_line(where)
    machine.move_clock(seconds)
    gate.touch()
    assert run.wait(20) == "opened"
    assert began_and_ended_since(begun, run)


def began_and_ended_since(begun: float, run: Run) -> bool:
    """Whether the times of a run are in their order, by the database's clock."""
    after = run.reload()
    assert after.started_at
    assert after.finished_at
    times = [at.timestamp() for at in (after.created_at, after.started_at, after.finished_at)]
    assert begun - 1 <= times[0] <= times[1] + 0.5 <= times[2] + 1 <= time.time() + 2, [at - begun for at in times]
    return True
