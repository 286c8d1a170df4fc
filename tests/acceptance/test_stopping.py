"""How a run is stopped: cancel and timeout, kindly at first and then for certain."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hotplate import Run, errors
from tests.acceptance import app as jobs
from tests.acceptance.home import GRACE_S, Home, first_line, gone, is_alive, is_running, lines
from tests.processes import until

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


def pids(where: Path, n: int = 1) -> list[int]:
    """The last word of each line that jobs left, as soon as there are `n`."""
    until(lambda: len(lines(where)) >= n, f"{n} lines in {where.name}")
    return [int(line.split()[-1]) for line in lines(where)]


def ends_as_cancelled(run: Run) -> None:
    with pytest.raises(errors.RunCancelled):
        run.wait(20)
    assert run.reload().state == "cancelled"


def test_a_queued_run_is_cancelled_at_once_and_never_begins(where: Path) -> None:
    run = jobs.note.options(delay=3600).start(str(where), "never")
    assert run.cancel().state == "cancelled"
    ends_as_cancelled(run)
    assert lines(where) == []


def test_a_run_that_reports_progress_stops_at_the_next_report(shared: Home, gate: Path, where: Path) -> None:
    run = jobs.hold.start(str(gate), str(where))
    (pid,) = pids(where)
    asked = run.cancel()
    assert (asked.state, asked.stop_requested) == ("running", "cancel")
    ends_as_cancelled(run)
    assert is_alive(pid), "a run that stops by itself leaves its worker alive"
    assert shared.moves(run) == ["claim", "cancel"]


def test_a_run_inside_a_c_call_is_ended_with_its_process(where: Path) -> None:
    run = jobs.grinding.start(str(where))
    worker = pids(where)
    asked = time.monotonic()
    run.cancel()
    ends_as_cancelled(run)
    assert gone(worker), "the final state is written when the process has ended"
    assert GRACE_S * 0.9 < time.monotonic() - asked < GRACE_S + 2


def test_a_run_that_swallows_the_request_is_ended_after_the_grace(gate: Path, where: Path) -> None:
    run = jobs.stubborn.start(str(where), str(gate))
    worker = pids(where)
    run.cancel()
    ends_as_cancelled(run)
    assert gone(worker)


@pytest.mark.parametrize("apart", [False, True], ids=["in its group", "in a session apart"])
def test_processes_that_a_job_started_end_with_it(apart: bool, gate: Path, where: Path) -> None:
    run = jobs.family.start(str(where), str(gate), apart)
    (child,) = pids(where)
    grandchildren = until(lambda: children(child), "the grandchild")
    run.cancel()
    ends_as_cancelled(run)
    until(lambda: gone([child, *grandchildren]), "the end of child and grandchild")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_cancelling_twice_is_cancelling_once(shared: Home, gate: Path, where: Path) -> None:
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    run.cancel()
    run.cancel()
    ends_as_cancelled(run)
    assert shared.moves(run) == ["claim", "cancel"]


def test_a_timeout_stops_a_run_at_its_next_report(gate: Path, where: Path) -> None:
    run = jobs.dawdle.start(str(where), str(gate))
    with pytest.raises(errors.RunTimedOut, match=r"0\.4 s"):
        run.wait(20)
    assert [line.split()[0] for line in lines(where)] == ["1", "2"], "it was tried again"
    assert run.reload().state == "failed"
    assert len(set(pids(where))) <= 2
    assert any(map(is_alive, pids(where)))


def test_a_timeout_ends_a_run_inside_a_c_call(where: Path) -> None:
    run = jobs.dawdle_in_c.start(str(where))
    worker = pids(where)
    with pytest.raises(errors.RunTimedOut):
        run.wait(20)
    assert gone(worker)
    ended = run.reload()
    assert ended.started_at is not None
    assert ended.finished_at is not None
    assert 0.4 < (ended.finished_at - ended.started_at).total_seconds() < 0.4 + GRACE_S + 2


def test_a_job_may_answer_within_its_grace(where: Path, gate: Path) -> None:
    run = jobs.tidy_up.start(str(where), str(gate))
    assert run.wait(20) == "half done"
    assert lines(where) == ["TimedOut"]


def test_an_answer_that_comes_after_the_timeout_comes_too_late() -> None:
    with pytest.raises(errors.RunTimedOut):
        jobs.oversleep.start().wait(20)


def test_a_cancelled_run_has_no_result_even_if_its_job_gives_one(where: Path, gate: Path) -> None:
    run = jobs.tidy_up_slowly.start(str(where), str(gate))
    until(lambda: is_running(run), "the run to begin")
    run.cancel()
    ends_as_cancelled(run)
    assert lines(where) == ["Cancelled"]
    assert run.reload().result is None


def test_the_node_has_its_workers_again_after_ending_some(shared: Home, where: Path) -> None:
    runs = [jobs.grinding.start(str(where)) for _ in range(4)]
    pids(where, 2)
    for run in runs:
        run.cancel()
    for run in runs:
        ends_as_cancelled(run)
    assert [jobs.count.start(upto=n).wait(20) for n in range(4)] == [0, 1, 2, 3]


def test_a_run_that_waits_for_another_can_be_cancelled(gate: Path, where: Path) -> None:
    parent = jobs.wait_for_held.start(str(gate), str(where))
    first_line(where)
    parent.cancel()
    ends_as_cancelled(parent)
    gate.touch()
