"""What every ledger counts."""

from __future__ import annotations

from math import inf
from typing import Any

import pytest

from hotplate.engine import Claim, Counts, LaneCount, Ledger, Limit, NodeInfo, Outcome, Want
from hotplate.options import Known
from hotplate.run import NewRun, new_id

from .conftest import Clock, Implementation

NODE = NodeInfo(id="node-1", host="here", pid=1, concurrency=2)


def start(ledger: Ledger, job: str = "add", **facts: Any) -> str:
    run = NewRun(id=new_id(), job=job, params=b"[]", **facts)
    ledger.start([run])
    return run.id


def claim(ledger: Ledger, slots: int = 1, node: str = NODE.id) -> list[Claim]:
    return ledger.settle([], Want(node=node, jobs=["add", "one"], slots=slots))[1]


def end(ledger: Ledger, of: Claim, move: str, seconds: float | None, at: float) -> bool:
    begun = None if seconds is None else at - seconds
    facts: dict[str, Any] = {
        "queue": of.queue,
        "job": of.job,
        "begun_at": begun,
        "due_at": at if move == "retry" else None,
    }
    return ledger.settle([Outcome(id=of.id, attempt=of.attempt, move=move, at=at, **facts)], None)[0][0]


def tallies(counts: Counts) -> dict[tuple[str, str, float], tuple[int, float]]:
    return {(tally.job, tally.outcome, tally.le): (tally.n, round(tally.seconds, 3)) for tally in counts.tallies}


@pytest.fixture
def node(ledger: Ledger) -> Ledger:
    """The ledger of a node that is on record."""
    ledger.enlist(NODE, [Known(name="add"), Known(name="one", concurrency=1)])
    return ledger


def test_an_empty_record_has_nothing_to_count(ledger: Ledger, clock: Clock) -> None:
    assert ledger.counts() == Counts(at=clock.now, lanes=[], limits=[], tallies=[])


def test_runs_are_counted_by_queue_job_and_what_they_wait_for(node: Ledger, clock: Clock) -> None:
    began = clock.now
    for _ in range(3):
        start(node)
    start(node, "one", queue="heavy", due_at=began + 60)
    claim(node)
    clock.now += 10
    start(node, "one")
    assert list(node.counts().lanes) == [
        LaneCount(queue="default", job="add", ready=2, running=1, ready_since=began),
        LaneCount(queue="default", job="one", ready=1, ready_since=began + 10),
        LaneCount(queue="heavy", job="one", delayed=1),
    ]
    assert node.counts().at == began + 10


def test_a_delayed_run_is_ready_since_it_was_due(node: Ledger, clock: Clock) -> None:
    start(node, due_at=clock.now + 5)
    clock.now += 20
    start(node)
    node.promote()
    assert node.counts().lanes[0].ready_since == clock.now - 15


def test_jobs_with_a_limit_are_counted_against_it_over_all_queues(node: Ledger) -> None:
    start(node, "one", queue="heavy")
    start(node, "one")
    assert list(node.counts().limits) == [Limit("one", 0, 1)]
    claim(node, slots=2)
    assert list(node.counts().limits) == [Limit("one", 1, 1)]


def test_what_ended_is_counted_by_outcome_and_duration_from_the_next_beat_on(node: Ledger, clock: Clock) -> None:
    for _ in range(5):
        start(node)
    first, second, third, fourth, fifth = claim(node, slots=5)
    end(node, first, "succeed", 0.05, clock.now)
    end(node, second, "succeed", 0.1, clock.now)
    end(node, third, "fail", 10_000, clock.now)
    end(node, fourth, "lose", None, clock.now)
    end(node, fifth, "retry", 3, clock.now)
    assert tallies(node.counts()) == {}
    assert node.beat(NODE)
    expected = {
        ("add", "succeeded", 0.1): (2, 0.15),
        ("add", "failed", inf): (1, 10_000),
        ("add", "lost", 0.0): (1, 0),
        ("add", "retried", 5.0): (1, 3),
    }
    assert tallies(node.counts()) == expected
    assert node.beat(NODE)
    assert tallies(node.counts()) == expected


def test_only_what_was_accepted_is_counted(node: Ledger, clock: Clock) -> None:
    start(node)
    (one,) = claim(node)
    assert end(node, one, "succeed", 1, clock.now)
    assert not end(node, one, "fail", 1, clock.now)
    node.beat(NODE)
    assert tallies(node.counts()) == {("add", "succeeded", 1.0): (1, 1)}


def test_a_run_that_was_asked_to_stop_counts_as_what_it_became(node: Ledger, clock: Clock) -> None:
    start(node)
    (one,) = claim(node)
    node.stop(one.id)
    assert end(node, one, "succeed", 1, clock.now)
    node.beat(NODE)
    assert tallies(node.counts()) == {("add", "cancelled", 1.0): (1, 1)}


def test_a_run_that_was_withdrawn_is_counted_at_once_and_once(engine: Implementation) -> None:
    web = engine.ledger()
    run = start(web)
    web.stop(run)
    web.stop(run)
    assert tallies(web.counts()) == {("add", "withdrawn", 0.0): (1, 0)}


def test_nodes_add_to_each_other_and_the_last_words_of_one_that_ends_are_counted(
    engine: Implementation, clock: Clock
) -> None:
    for name in ("node-1", "node-2"):
        ledger = engine.ledger()
        ledger.enlist(NodeInfo(id=name, host="here", pid=1, concurrency=1), [Known(name="add")])
        start(ledger)
        end(ledger, claim(ledger, node=name)[0], "succeed", 2, clock.now)
        ledger.retire(name)
    assert tallies(engine.ledger().counts()) == {("add", "succeeded", 5.0): (2, 4)}


def test_the_runs_of_a_node_that_is_gone_count_as_lost(engine: Implementation, clock: Clock) -> None:
    ledger = engine.ledger()
    ledger.enlist(NODE, [Known(name="add")])
    start(ledger)
    claim(ledger)
    engine.died(NODE.id)
    after = NodeInfo(id="node-2", host="here", pid=2, concurrency=1)
    other = engine.ledger()
    other.enlist(after, [Known(name="add")])
    assert len(other.sweep()) == 1
    other.beat(after)
    assert tallies(other.counts()) == {("add", "lost", 0.0): (1, 0)}


def test_pruning_takes_nothing_off_the_counts(node: Ledger, clock: Clock) -> None:
    start(node)
    end(node, claim(node)[0], "succeed", 1, clock.now)
    node.beat(NODE)
    before = node.counts()
    clock.now += 100
    assert node.prune(clock.now, 10) == 1
    assert node.counts().tallies == before.tallies
