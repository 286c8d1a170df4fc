"""What a run says while it goes on: progress, partial results, log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hotplate import errors
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, is_running
from tests.processes import until

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


def log_of(home: Home, run: Any) -> list[dict[str, Any]]:
    return [json.loads(event.data) for event in home.events(run, "log")]


def texts(home: Home, run: Any) -> list[str]:
    return [line["text"] for line in log_of(home, run)]


def test_progress_has_a_rate_and_the_time_that_is_left() -> None:
    run = jobs.count.start(upto=100, pause=0.01)
    seen = until(lambda: (now := run.reload().progress) and now.rate and now, "progress with a rate")
    assert seen.total == 100
    assert seen.message == "counting"
    assert seen.fraction == seen.done / 100
    assert seen.eta_s == pytest.approx((100 - seen.done) / seen.rate)
    assert 20 < seen.rate < 101
    assert run.wait(20) == 100


def test_the_last_progress_is_kept() -> None:
    run = jobs.count.start(upto=7)
    run.wait(20)
    last = run.reload().progress
    assert last is not None
    assert (last.done, last.total, last.fraction, last.eta_s) == (7, 7, 1, 0)


@pytest.mark.parametrize("kind", ["nan", "infinity", "message", "surrogate", "fraction", "none at all"])
def test_odd_progress_harms_nothing(kind: str) -> None:
    run = jobs.odd_progress.start(kind)
    assert run.wait(20) == kind
    assert run.reload().attempt == 1


def test_progress_that_is_no_number_is_the_jobs_mistake(shared: Home) -> None:
    run = jobs.progress_in_words.start()
    with pytest.raises(errors.JobFailed):
        run.wait(20)
    until(lambda: "could not convert string to float" in shared.printed(), "the traceback")


def test_progress_is_told_ten_times_a_second_at_most() -> None:
    run = jobs.sprint.start(steps=200_000)
    run.wait(30)
    ended = run.reload()
    assert ended.progress is not None
    assert ended.progress.done == 200_000
    assert ended.started_at is not None
    assert ended.finished_at is not None
    seconds = (ended.finished_at - ended.started_at).total_seconds()
    assert ended.seq <= 3 + 10 * seconds + 1


def test_values_of_a_generator_are_partial_results_before_the_end(shared: Home, gate: Path) -> None:
    run = jobs.squares.start(upto=6, gate=str(gate))
    until(lambda: len(shared.events(run, "partial")) == 4, "the first half")
    assert is_running(run)
    gate.touch()
    assert run.wait(20) == [0, 1, 4, 9, 16, 25]
    assert [json.loads(event.data) for event in shared.events(run, "partial")] == [0, 1, 4, 9, 16, 25]


def test_what_is_printed_and_logged_is_kept_in_order_with_its_level(shared: Home) -> None:
    run = jobs.talk.start()
    run.wait(20)
    log = log_of(shared, run)
    assert [(line["level"], line.get("logger"), line["text"].splitlines()[0]) for line in log] == [
        ("INFO", None, "first, and its end"),
        ("INFO", "talker", "info 1"),
        ("WARNING", None, "to stderr"),
        ("INFO", None, "bytes → text"),
        ("WARNING", "talker", "warning"),
        ("ERROR", "talker", "caught"),
        ("INFO", None, "no newline"),
    ]
    assert "ValueError: inner trouble" in log[5]["text"]
    times = [event.at for event in shared.engine.ledger.events(run.id, 0, 100)]
    assert times == sorted(times)


def test_a_hundred_thousand_lines_are_all_kept_in_order(shared: Home) -> None:
    run = jobs.chatter.start(lines=100_000)
    run.wait(60)
    assert [int(text) for text in texts(shared, run)] == list(range(100_000))


def test_events_have_gapless_seqs(shared: Home) -> None:
    run = jobs.chatter.start(lines=1000)
    run.wait(20)
    seqs = [event.seq for event in shared.events(run, "log")]
    assert seqs == list(range(2, 1002))
    assert run.reload().seq == 1002


def test_ten_mebibytes_of_log_are_kept_and_the_log_says_that_there_was_more(shared: Home) -> None:
    run = jobs.chatter.start(lines=12_000, width=1000)
    run.wait(60)
    *kept, last = texts(shared, run)
    assert 9_000 < len(kept) < 12_000
    assert [int(text) for text in kept] == list(range(len(kept)))
    assert "no more" in last


def test_threads_that_print_lose_nothing(shared: Home) -> None:
    run = jobs.chorus.start(voices=4, lines=2000)
    run.wait(30)
    wanted = sorted(f"{voice} {number}" for voice in range(4) for number in range(2000))
    assert sorted(texts(shared, run)) == wanted


def test_a_job_that_closes_its_output_comes_to_its_end(shared: Home) -> None:
    run = jobs.shut_up.start()
    assert run.wait(20) == "done"
    assert texts(shared, run) == ["before"]
    assert jobs.count.start(upto=1).wait(20) == 1


def test_nothing_that_was_said_at_the_last_moment_is_lost(shared: Home) -> None:
    # the end of a run races with the thread that carries what it says, ten times a second
    runs = [jobs.chatter.start(lines=2000 + 700 * more) for more in range(16)]
    for more, run in enumerate(runs):
        run.wait(30)
        assert len(texts(shared, run)) == 2000 + 700 * more
