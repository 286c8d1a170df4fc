"""A process dies at each point between claim and commit: there is one outcome, and nothing is lost."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from hotplate import Run
from hotplate.failpoint import POINTS
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, final_moves, lines
from tests.processes import until

pytestmark = pytest.mark.any_broker

RUNS = 40


def all_ended(home: Home, runs: list[Run]) -> bool:
    found = home.engine.ledger.get([run.id for run in runs])
    return len(found) == len(runs) and all(run.is_final for run in found)


def go_through(home: Home, point: str, runs: list[Run]) -> None:
    """Let processes die at the point until all runs have ended; if it is the node, another one follows."""
    node = home.start_node("--concurrency", "2", HOTPLATE_FAILPOINT=f"{point}:7")
    until(lambda: home.died(node) or all_ended(home, runs), f"a death at {point!r}")
    if point.startswith("node"):
        until(lambda: home.died(node), "the end of the node")
        home.kill(node)
        home.node("--concurrency", "2")
    else:
        assert "died" in home.printed()
    until(lambda: all_ended(home, runs), "the end of all runs")


@pytest.mark.parametrize("point", POINTS)
def test_each_run_has_one_outcome(home: Home, point: str, where: Path) -> None:
    runs = [jobs.note.start(str(where), str(n)) for n in range(RUNS)]
    go_through(home, point, runs)
    assert final_moves(home) == {run.id: ["succeed"] for run in runs}
    assert set(lines(where)) == {str(n) for n in range(RUNS)}
    assert [run.wait(0) for run in runs] == [str(n) for n in range(RUNS)]
    assert home.rows("select sum(running) from lanes") == [(0,)]


@pytest.mark.parametrize("point", POINTS)
def test_what_must_not_be_repeated_is_not(home: Home, point: str, where: Path) -> None:
    runs = [jobs.pay_small.start(str(where), str(n)) for n in range(RUNS)]
    go_through(home, point, runs)
    outcomes = final_moves(home)
    assert {run.id for run in runs} == set(outcomes)
    assert all(moves in (["succeed"], ["fail"]) for moves in outcomes.values())
    paid = Counter(lines(where))
    assert max(paid.values()) == 1
    succeeded = {str(n) for n, run in enumerate(runs) if outcomes[run.id] == ["succeed"]}
    assert succeeded <= set(paid)
    assert len(succeeded) < RUNS or not point.startswith("worker")
