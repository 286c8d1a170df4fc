"""How often a run is attempted: retries, lost workers, checkpoints."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from hotplate import errors
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, first_line, kill, lines
from tests.processes import until

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


def test_a_job_that_raises_is_tried_again_after_a_growing_pause(shared: Home, where: Path) -> None:
    run = jobs.flaky.start(str(where), good=4)
    assert run.wait(20) == 4
    times = [float(line) for line in lines(where)]
    pauses = [later - sooner for sooner, later in itertools.pairwise(times)]
    for n, pause in enumerate(pauses):
        assert 0.05 * 2**n <= pause < 0.1 * 2**n + 0.4, "half to all of the back-off, doubled each time"
    assert shared.moves(run) == ["claim", "retry"] * 3 + ["claim", "succeed"]


def test_a_run_that_waits_for_its_next_attempt_says_so(where: Path) -> None:
    run = jobs.slow_to_recover.start(str(where))
    first_line(where)
    waiting = until(lambda: (now := run.reload()).state == "queued" and now.attempt == 1 and now, "the retry to be due")
    assert waiting.waiting_for == "delay"
    assert waiting.due_at > waiting.created_at
    run.cancel()


def test_attempts_are_counted_and_end(where: Path) -> None:
    run = jobs.flaky.start(str(where), good=99)
    with pytest.raises(errors.JobFailed):
        run.wait(30)
    ended = run.reload()
    assert (ended.attempt, ended.max_attempts, len(lines(where))) == (5, 5, 5)


def test_a_run_whose_worker_was_killed_begins_again_uncharged(shared: Home, where: Path) -> None:
    run = jobs.fall.start(str(where), times=2)
    assert run.wait(30) == 3
    ended = run.reload()
    assert (ended.attempt, ended.max_attempts) == (3, 3), "a lost worker is no failed attempt"
    assert shared.moves(run) == ["claim", "lose", "claim", "lose", "claim", "succeed"]


@pytest.mark.parametrize(("job", "how"), [(jobs.fall, "signal 9"), (jobs.quit_process, "exit status 7")])
def test_a_run_that_ends_its_worker_each_time_fails_the_third_time(job: jobs.AnyJob, how: str, where: Path) -> None:
    run = job.start(str(where), *([99] if job is jobs.fall else []))
    with pytest.raises(errors.WorkerLost, match=f"{how}.*3 times"):
        run.wait(30)
    assert lines(where) == ["1", "2", "3"]


def test_a_job_that_must_not_be_repeated_fails_with_the_first_lost_worker(where: Path) -> None:
    with pytest.raises(errors.WorkerLost, match="1 times"):
        jobs.pay.start(str(where)).wait(30)
    assert lines(where) == ["1"]


def test_a_killed_run_goes_on_from_its_checkpoint(where: Path, gate: Path) -> None:
    run = jobs.climb.start(str(where), str(gate), top=8)
    until(lambda: len(lines(where)) == 5, "half of the way")
    kill(int(lines(where)[-1].split()[-1]))
    gate.touch()
    assert run.wait(20) == [5, 2]
    assert [int(line.split()[1]) for line in lines(where)] == list(range(8)), "no step was repeated"


def test_a_retried_run_goes_on_from_its_checkpoint(where: Path) -> None:
    assert jobs.trip.start(str(where)).wait(20) == {"step": 1}


def test_a_run_started_again_begins_at_the_beginning(where: Path) -> None:
    run = jobs.trip.start(str(where))
    run.wait(20)
    assert run.retry().wait(20) == {"step": 1}


def test_an_idempotency_key_can_be_made_of_run_and_attempt(where: Path) -> None:
    run = jobs.surroundings.start()
    found = run.wait(20)
    assert (found["run"], found["attempt"], found["job"]) == (run.id, 1, "surroundings")


def test_a_worker_killed_while_idle_is_replaced(shared: Home, where: Path) -> None:
    for _ in range(3):
        kill(int(jobs.worker_pid.start().wait(20)))
    assert jobs.count.start(upto=2).wait(20) == 2
