"""What runs may use, and in which order they come: memory, concurrency, priority, fair turns, keys."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from hotplate import Caller, Run, errors
from hotplate.context import answering
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, first_line, lines, waits_for
from tests.processes import until

pytestmark = [pytest.mark.usefixtures("app"), pytest.mark.any_broker]


@pytest.mark.parametrize("how", ["objects", "private", "shared", "native"])
def test_a_run_that_needs_too_much_memory_fails_once_and_harms_nobody(shared: Home, how: str) -> None:
    node = shared.engine.ledger.nodes()[0].id
    run = jobs.hoard.start(how, mib=2000)
    with pytest.raises(errors.MemoryLimit, match=str(96 * 2**20)):
        run.wait(30)
    assert run.reload().attempt == 1
    assert jobs.count.start(upto=2).wait(20) == 2
    assert shared.engine.ledger.nodes()[0].id == node


@pytest.mark.parametrize("how", ["objects", "private", "shared", "native"])
def test_a_run_has_the_memory_that_its_job_asks_for(how: str) -> None:
    assert jobs.hoard.start(how, mib=64).wait(30) == 64


@pytest.mark.parametrize("how", ["objects", "native"])
def test_what_earlier_runs_have_kept_does_not_count(how: str) -> None:
    runs = [jobs.hoard.start(how, mib=64) for _ in range(6)]
    assert [run.wait(30) for run in runs] == [64] * 6


def test_one_at_a_time_is_one_at_a_time(tmp_path: Path) -> None:
    runs = [jobs.alone.start(str(tmp_path), pause=0.002) for _ in range(60)]
    for run in runs:
        run.wait(30)
    assert lines(tmp_path / "met") == []
    assert len(lines(tmp_path / "been")) == 60


def test_one_at_a_time_counts_over_all_queues(tmp_path: Path) -> None:
    runs = [jobs.alone.options(queue=f"queue-{n % 3}").start(str(tmp_path), pause=0.002) for n in range(60)]
    for run in runs:
        run.wait(30)
    assert lines(tmp_path / "met") == []


def test_a_run_that_waits_for_its_turn_says_so(gate: Path, where: Path) -> None:
    first = jobs.turn.start(str(where), "first", str(gate))
    first_line(where)
    second = jobs.turn.start(str(where), "second")
    waits_for(second, "concurrency")
    gate.touch()
    second.wait(20)
    first.wait(20)


def line_up(gate: Path, where: Path) -> Run:
    """Hold the one place of the job `turn` until the gate opens, so that others line up behind."""
    run = jobs.turn.start(str(where), "", str(gate))
    first_line(where)
    return run


def test_higher_priority_comes_first_then_age(gate: Path, where: Path) -> None:
    line_up(gate, where)
    wanted = [("low", -1), ("old", 0), ("young", 0), ("urgent", 9)]
    runs = [jobs.turn.options(priority=priority).start(str(where), text) for text, priority in wanted]
    gate.touch()
    for run in runs:
        run.wait(20)
    assert lines(where) == ["", "urgent", "old", "young", "low"]


def test_callers_take_turns(gate: Path, where: Path) -> None:
    line_up(gate, where)
    runs = []
    for who, n in (("ada", 4), ("bob", 2)):
        with answering(Caller(who, True)):
            runs += [jobs.turn.start(str(where), who) for _ in range(n)]
    gate.touch()
    for run in runs:
        run.wait(20)
    assert lines(where) == ["", "ada", "bob", "ada", "bob", "ada", "ada"]


def test_a_key_makes_one_run_of_many_starts(app: Flask, where: Path) -> None:
    def start(n: int) -> Run:
        with app.app_context():
            return jobs.note.options(key="the-key").start(str(where), str(n))

    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(start, range(8)))
    assert len({run.id for run in runs}) == 1
    runs[0].wait(20)
    assert len(lines(where)) == 1
    assert jobs.note.options(key="the-key").start(str(where), "later").id == runs[0].id


def test_a_key_is_the_callers_own(where: Path) -> None:
    ids = set()
    for who in ("ada", "bob"):
        with answering(Caller(who, True)):
            ids.add(jobs.note.options(key="mine").start(str(where), who).id)
    assert len(ids) == 2


def test_many_small_runs_are_all_done_once(where: Path) -> None:
    runs = [jobs.note.start(str(where), str(n)) for n in range(500)]
    until(lambda: all(run.reload().is_final for run in runs), "the end of all")
    assert sorted(map(int, lines(where))) == list(range(500))


def test_a_long_run_does_not_hold_up_quick_ones_behind_it(gate: Path, where: Path) -> None:
    for _ in range(30):
        jobs.maybe_hold.start("", str(where)).wait(20)  # known as quick from now on
    held = jobs.maybe_hold.start(str(gate), str(where))
    quick = [jobs.maybe_hold.start("", str(where)) for _ in range(100)]
    for run in quick:
        run.wait(10)
    gate.touch()
    held.wait(20)
