"""How a run ends: with a result, with an error, or against its job's will."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from hotplate import Error, errors
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, first_line, is_running, lines
from tests.processes import until

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


def test_a_result_comes_back_in_its_type() -> None:
    voyage = jobs.Voyage("Beagle", [jobs.Leg("Plymouth", date(1831, 12, 27)), jobs.Leg("Bahia", date(1832, 2, 28))])
    there = jobs.sail.start(voyage, days=2).wait(20)
    assert there == jobs.Voyage(
        "Beagle", [jobs.Leg("PLYMOUTH", date(1831, 12, 29)), jobs.Leg("BAHIA", date(1832, 3, 1))]
    )


def test_arguments_that_do_not_fit_are_refused_before_there_is_a_run(shared: Home) -> None:
    with pytest.raises(errors.InvalidParams, match="days"):
        jobs.sail.start(jobs.Voyage("Beagle", []), days="two")  # type: ignore[arg-type]
    assert shared.rows("select count(*) from runs where job = 'sail' and params like '%two%'") == [(0,)]


def test_a_result_above_a_mebibyte_is_kept_as_a_file() -> None:
    run = jobs.repeat.start("0123456789", 300_000)
    assert run.wait(20) == "0123456789" * 300_000
    kept = run.reload()
    assert kept.result is None
    assert kept.result_file is not None
    assert kept.result_file.size == 3_000_002


def test_the_jobs_own_error_is_its_answer_and_is_not_retried() -> None:
    run = jobs.refuse.start({"until": "Monday"})
    with pytest.raises(Error, match="Not today") as caught:
        run.wait(20)
    assert (caught.value.code, caught.value.data) == (7, {"until": "Monday"})
    assert (run.reload().attempt, run.reload().max_attempts) == (1, 4)


@pytest.mark.parametrize(
    ("kind", "code", "data"),
    [
        ("data", 8, None),
        ("large code", -32000, 1),
        ("surrogate", 8, None),
        ("large", 8, None),
    ],
)
def test_an_error_that_json_cannot_hold_comes_without_what_is_odd(kind: str, code: int, data: int | None) -> None:
    with pytest.raises(Error, match="odd") as caught:
        jobs.bad_error.start(kind).wait(20)
    assert (caught.value.code, caught.value.data) == (code, data)


@pytest.mark.parametrize("kind", ["code", "yes", "message"])
def test_an_error_that_is_none_is_the_jobs_mistake(shared: Home, kind: str) -> None:
    with pytest.raises(errors.JobFailed):
        jobs.bad_error.start(kind).wait(20)
    until(lambda: "an Error has a code (a whole number)" in shared.printed(), "the traceback in the node's log")


@pytest.mark.parametrize(
    "kind", ["exception", "exit", "interrupt", "generator", "own stop", "huge", "broken text", "no str"]
)
def test_whatever_a_job_raises_is_a_failure_under_an_error_id(shared: Home, kind: str) -> None:
    run = jobs.stumble.start(kind)
    with pytest.raises(errors.JobFailed) as caught:
        run.wait(30)
    assert set(caught.value.data) == {"error_id"}
    until(lambda: caught.value.data["error_id"] in shared.printed(), "the error id in the node's log")


def test_the_text_of_an_exception_is_for_the_log_and_not_for_the_caller(shared: Home) -> None:
    run = jobs.stumble.start("exception")
    with pytest.raises(errors.JobFailed) as caught:
        run.wait(20)
    assert "1234" not in repr(caught.value) + repr(run.reload())
    assert not any(b"1234" in event.data for event in shared.events(run, "log"))
    until(lambda: "RuntimeError: the secret is 1234" in shared.printed(), "the traceback in the node's log")
    assert "1234" in shared.rows("select traceback from runs where id = ?", run.id)[0][0]


def test_what_an_exception_says_cannot_steer_the_terminal(shared: Home) -> None:
    with pytest.raises(errors.JobFailed):
        jobs.stumble.start("broken text").wait(20)
    until(lambda: "RuntimeError: \\ud800" in shared.printed(), "the traceback")
    assert "\x1b[31m" not in shared.printed().replace("\x1b[31merror", "")


@pytest.mark.parametrize(
    ("kind", "fault"), [("object", "object"), ("nan", r"\$.*deep"), ("surrogate", "[Uu]nicode|utf-8|surrogate")]
)
def test_a_result_that_cannot_be_written_is_an_error_that_says_so(kind: str, fault: str) -> None:
    with pytest.raises(errors.ResultUnusable, match=fault):
        jobs.strange.start(kind).wait(20)


def test_the_worker_goes_on_after_all_of_these(shared: Home) -> None:
    before = shared.engine.ledger.nodes()[0].pid
    for kind in ("exit", "interrupt", "own stop"):
        with pytest.raises(errors.JobFailed):
            jobs.stumble.start(kind).wait(20)
    assert jobs.count.start(upto=3).wait(20) == 3
    assert shared.engine.ledger.nodes()[0].pid == before
    assert "died" not in shared.printed()


def test_waiting_ends_in_time_and_the_run_goes_on(gate: Path) -> None:
    run = jobs.hold.start(str(gate))
    with pytest.raises(TimeoutError, match=run.id):
        run.wait(0.2)
    gate.touch()
    assert run.wait(20) == "opened"


def test_an_ended_run_is_waited_for_in_no_time() -> None:
    run = jobs.count.start(upto=1)
    run.wait(20)
    assert run.wait(0) == 1


def test_a_run_has_no_value_before_its_end(gate: Path, where: Path) -> None:
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    assert is_running(run)
    with pytest.raises(errors.Conflict, match="running"):
        run.reload().value()
    with pytest.raises(errors.Conflict, match="running"):
        run.retry()


def test_an_ended_run_can_be_started_again_as_a_new_one(where: Path) -> None:
    first = jobs.note.start(str(where), "hello")
    first.wait(20)
    second = first.retry()
    assert (second.retry_of, second.wait(20)) == (first.id, "hello")
    assert second.id != first.id
    assert lines(where) == ["hello", "hello"]


def test_a_run_that_has_ended_stays_as_it_is() -> None:
    run = jobs.count.start(upto=1)
    run.wait(20)
    before = run.reload()
    assert run.cancel() == before
