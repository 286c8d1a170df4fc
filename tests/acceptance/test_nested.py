"""Runs that start runs, and runs that start processes and threads."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hotplate import Caller, errors
from hotplate.context import answering
from hotplate.filter import Filter
from tests.acceptance import app as jobs
from tests.acceptance.engines import NewGround
from tests.acceptance.home import Home, first_line, lines
from tests.processes import until

pytestmark = pytest.mark.any_broker


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory, engine: NewGround) -> Iterator[Home]:
    """A home with a node that executes one run at a time."""
    home = Home(tmp_path_factory.mktemp("narrow"), engine)
    home.node("--concurrency", "1")
    yield home
    home.close()


@pytest.fixture(autouse=True)
def here(narrow: Home) -> Iterator[None]:
    with narrow.app.app_context():
        yield


def test_a_run_waits_for_its_children_on_a_node_for_one(narrow: Home) -> None:
    run = jobs.fib.start(5)
    assert run.wait(60) == 5
    children = narrow.engine.ledger.page(Filter(parent_id=run.id))[0]
    assert [child.job for child in children] == ["fib", "fib"]


def test_recursion_goes_many_levels_deep() -> None:
    assert jobs.descend.start(12).wait(60) == 12


def test_more_parents_than_workers_do_not_starve_their_children() -> None:
    parents = [jobs.ask.start(str(n), 2) for n in range(50)]
    assert [parent.wait(100) for parent in parents] == [f"{n}{n}" for n in range(50)]


def test_waiting_for_what_has_ended_needs_no_other_worker(narrow: Home) -> None:
    before = len(narrow.workers(narrow.nodes[0]))
    assert jobs.lone_parent.start(times=20).wait(60) == 20
    until(lambda: len(narrow.workers(narrow.nodes[0])) == before, "lent workers to be gone again")


def test_a_child_is_its_parents_callers() -> None:
    with answering(Caller("ada", True)):
        parent = jobs.ask.start("a", 2)
    parent.wait(20)
    (child,) = parent.runs.ledger.page(Filter(parent_id=parent.id))[0]  # type: ignore[union-attr]
    assert (child.caller, child.job) == ("ada", "repeat")


def test_a_childs_error_reaches_the_parent(narrow: Home) -> None:
    with pytest.raises(errors.JobFailed):
        jobs.ask_in_vain.start().wait(20)


def test_a_thread_of_a_run_starts_runs_as_the_run_does(narrow: Home) -> None:
    with answering(Caller("ada", True)):
        parent = jobs.start_in_thread.start()
    child = narrow.engine.find(parent.wait(20))
    assert child is not None
    assert (child.caller, child.parent_id) == ("ada", parent.id)


def test_threads_of_a_run_report_its_progress_and_print_into_its_log(narrow: Home) -> None:
    run = jobs.with_threads.start(n=8)
    assert run.wait(20) == {"ids": [run.id]}
    assert len(narrow.events(run, "log")) == 8


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_a_run_spreads_over_processes_of_its_own(method: str) -> None:
    assert jobs.with_pool.start(method, n=40).wait(60) == [n * n for n in range(40)]


def test_a_run_starts_commands() -> None:
    assert jobs.with_command.start("abc").wait(20) == "cba"


def test_a_forked_child_of_a_run_may_start_runs(narrow: Home) -> None:
    child = narrow.engine.find(jobs.start_in_fork.start().wait(30))
    assert child is not None
    assert child.wait(20) == "aa"


def test_a_forked_child_is_in_no_run_and_says_nothing_in_its_name(narrow: Home) -> None:
    run = jobs.fork_and_talk.start(lines=5000)
    assert run.wait(30) == "exit 0"
    assert [b"parent" in event.data for event in narrow.events(run, "log")] == [True]


def test_a_job_that_writes_to_its_workers_sockets_harms_nobody_else(narrow: Home, where: Path) -> None:
    run = jobs.vandal.start(str(where))
    with pytest.raises(errors.WorkerLost):
        run.wait(30)
    assert lines(where) == ["1", "2", "3"]
    assert narrow.nodes[0].poll() is None


def test_a_run_in_which_a_forked_child_is_killed_goes_on() -> None:
    assert jobs.kill_own_child.start().wait(20) == -9


def test_the_surroundings_are_the_applications(narrow: Home) -> None:
    with answering(Caller("ada", True)):
        run = jobs.surroundings.start()
    found = run.wait(20)
    assert found["motto"] == "slow and steady"
    assert (found["caller"], found["run"], found["job"], found["attempt"]) == ("ada", run.id, "surroundings", 1)
    assert found["nice"] > 0
    assert found["stdin"] == ""


def test_what_a_method_starts_is_its_callers(narrow: Home) -> None:
    with answering(Caller("ada", True)):
        run_id = jobs.begin("x")
    run = narrow.engine.find(run_id)
    assert run is not None
    assert run.caller == "ada"


def test_a_parent_that_was_cancelled_leaves_its_children(gate: Path, where: Path, narrow: Home) -> None:
    parent = jobs.wait_for_held.start(str(gate), str(where))
    first_line(where)
    parent.cancel()
    with pytest.raises(errors.RunCancelled):
        parent.wait(20)
    gate.touch()
    (child,) = narrow.engine.ledger.page(Filter(parent_id=parent.id))[0]
    assert narrow.engine.bound(child).wait(20) == "opened"
