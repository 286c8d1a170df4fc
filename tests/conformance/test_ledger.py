"""What every ledger guarantees."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hotplate.engine import Claim, Ledger, NodeInfo, Note, Outcome, Want
from hotplate.filter import Filter
from hotplate.options import Known
from hotplate.run import MOVES, NewRun, Run, new_id

from .conftest import Clock, Implementation

NODE = "node-1"
ERROR = b'{"code":-32010,"message":"The job failed"}'


def new(job: str = "add", **facts: Any) -> NewRun:
    return NewRun(id=new_id(), job=job, params=b"[1,2]", **facts)


def start(ledger: Ledger, *runs: NewRun) -> list[Run]:
    return ledger.start(runs or [new()])


def enlist(ledger: Ledger, node: str = NODE, *jobs: Known) -> None:
    known = list(jobs) or [Known(name="add")]
    ledger.enlist(NodeInfo(id=node, host="here", pid=1, concurrency=2, jobs=[job.name for job in known]), known)


def claim(ledger: Ledger, slots: int = 1, *, jobs: Sequence[str] = ("add",), **facts: Any) -> list[Claim]:
    return ledger.settle([], Want(node=facts.pop("node", NODE), jobs=jobs, slots=slots, **facts))[1]


def outcome(of: Claim, move: str, **facts: Any) -> Outcome:
    return Outcome(
        id=of.id,
        attempt=of.attempt,
        queue=of.queue,
        job=of.job,
        move=move,
        at=facts.pop("at", 1_800_000_100.0),
        **facts,
    )


def settle(ledger: Ledger, *outcomes: Outcome) -> list[bool]:
    return ledger.settle(outcomes, None)[0]


def state(ledger: Ledger, run_id: str) -> str:
    return ledger.get([run_id])[0].state


class TestStarting:
    def test_a_started_run_is_on_record_as_queued(self, ledger: Ledger, clock: Clock) -> None:
        wanted = new(priority=3, queue="heavy", caller="ada", key="k", parent_id="p", retry_of="r", max_attempts=4)
        (run,) = ledger.start([wanted])
        assert (run.id, run.state, run.attempt, run.seq) == (wanted.id, "queued", 0, 0)
        assert (run.priority, run.queue, run.caller, run.key) == (3, "heavy", "ada", "k")
        assert (run.parent_id, run.retry_of, run.max_attempts) == ("p", "r", 4)
        assert run.created_at.timestamp() == clock.now
        assert bytes(run.params) == b"[1,2]"
        assert ledger.get([run.id])[0] == run

    def test_the_trace_it_carries_goes_to_whoever_claims_it(self, ledger: Ledger) -> None:
        start(ledger, new(trace="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"))
        start(ledger)
        assert [one.trace for one in claim(ledger, 2)] == [
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            None,
        ]

    def test_it_is_seen_by_other_processes(self, engine: Implementation) -> None:
        (run,) = start(engine.ledger())
        assert engine.ledger().get([run.id])[0].id == run.id

    def test_a_key_gives_the_first_run_again(self, ledger: Ledger) -> None:
        (first,) = start(ledger, new(key="k"))
        (again,) = start(ledger, new(key="k"))
        (other_caller,) = start(ledger, new(key="k", caller="ada"))
        (other_job,) = start(ledger, new(job="sub", key="k"))
        assert again.id == first.id
        assert len({first.id, other_caller.id, other_job.id}) == 3

    def test_racing_starts_with_one_key_make_one_run(self, engine: Implementation) -> None:
        ledgers = [engine.ledger() for _ in range(5)]
        keys = [f"key-{n}" for n in range(100)]

        def race(ledger: Ledger) -> list[str]:
            return [ledger.start([new(key=key)])[0].id for key in keys]

        with ThreadPoolExecutor(5) as pool:
            rounds = list(pool.map(race, ledgers))
        assert all(ids == rounds[0] for ids in rounds)
        assert len(set(rounds[0])) == 100
        assert len(engine.ledger().page(Filter(limit=500))[0]) == 100

    def test_starts_of_many_threads_all_come_through(self, ledger: Ledger) -> None:
        with ThreadPoolExecutor(8) as pool:
            runs = list(pool.map(lambda _: ledger.start([new(), new()]), range(50)))
        ids = [run.id for pair in runs for run in pair]
        assert len(ledger.get(ids)) == len(set(ids)) == 100


class TestClaiming:
    def test_a_claim_gives_all_that_a_worker_needs(self, ledger: Ledger, clock: Clock) -> None:
        (run,) = start(ledger, new(caller="ada", max_attempts=3))
        (got,) = claim(ledger)
        assert (got.id, got.attempt, got.job, got.params) == (run.id, 1, "add", b"[1,2]")
        assert (got.caller, got.max_attempts, got.saved, got.ahead) == ("ada", 3, None, False)
        after = ledger.get([run.id])[0]
        assert (after.state, after.attempt, after.seq) == ("running", 1, 1)
        assert after.started_at is not None
        assert after.started_at.timestamp() == clock.now

    def test_nothing_is_claimed_twice(self, engine: Implementation) -> None:
        start(engine.ledger(), *[new() for _ in range(200)])
        claimed: list[str] = []
        guard = threading.Lock()

        def take(ledger: Ledger) -> None:
            while got := claim(ledger, 3):
                with guard:
                    claimed.extend(one.id for one in got)

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(take, [engine.ledger() for _ in range(4)]))
        assert len(claimed) == len(set(claimed)) == 200

    def test_only_known_jobs_of_wanted_queues_are_claimed(self, ledger: Ledger) -> None:
        start(ledger, new(job="unknown"), new(queue="light"), new(queue="heavy"))
        assert [one.job for one in claim(ledger, 9, queues=["heavy"])] == ["add"]
        assert len(claim(ledger, 9)) == 1
        assert claim(ledger, 9) == []

    def test_higher_priority_is_first_then_age(self, ledger: Ledger) -> None:
        old, young, urgent = start(ledger, new(), new(), new(priority=5))
        assert [one.id for one in claim(ledger, 3)] == [urgent.id, old.id, young.id]

    def test_priority_counts_across_jobs(self, ledger: Ledger) -> None:
        start(ledger, new(job="a"), new(job="b", priority=1), new(job="c", priority=2))
        assert [one.job for one in claim(ledger, 3, jobs=["a", "b", "c"])] == ["c", "b", "a"]

    def test_callers_take_turns(self, ledger: Ledger) -> None:
        start(ledger, *[new(caller="busy") for _ in range(6)])
        start(ledger, *[new(caller="late") for _ in range(3)])
        order = [claim(ledger)[0].caller for _ in range(6)]
        assert order == ["busy", "late", "busy", "late", "busy", "late"]

    def test_a_caller_who_was_away_does_not_make_up_for_it(self, ledger: Ledger) -> None:
        start(ledger, *[new(caller="busy") for _ in range(9)])
        for _ in range(5):
            claim(ledger)
        start(ledger, *[new(caller="late") for _ in range(4)])
        order = Counter(claim(ledger)[0].caller for _ in range(4))
        assert order == {"busy": 2, "late": 2}

    def test_a_delayed_run_is_claimed_when_it_is_due(self, ledger: Ledger, clock: Clock) -> None:
        (run,) = start(ledger, new(due_at=clock.now + 10))
        assert ledger.promote() == (0, clock.now + 10)
        assert claim(ledger) == []
        clock.now += 10
        assert ledger.promote() == (1, None)
        assert [one.id for one in claim(ledger)] == [run.id]

    def test_quick_runs_are_taken_ahead_and_others_are_not(self, ledger: Ledger) -> None:
        start(ledger, *[new(job="quick") for _ in range(5)], *[new(job="long") for _ in range(3)])
        got = claim(ledger, 2, jobs=["quick", "long"], quick=["quick"], depth=3)
        assert [(one.job, one.ahead) for one in got] == [("quick", False)] * 2 + [("quick", True)] * 3
        got = claim(ledger, 1, jobs=["quick", "long"], quick=["quick"], depth=3)
        assert [(one.job, one.ahead) for one in got] == [("long", False)]

    def test_a_run_taken_ahead_has_not_begun(self, ledger: Ledger) -> None:
        start(ledger, new(), new())
        got = claim(ledger, 1, quick=["add"], depth=1)
        begun, ahead = ledger.get([one.id for one in got])
        assert begun.started_at is not None
        assert ahead.started_at is None


class TestConcurrency:
    def test_no_more_runs_of_a_job_than_its_limit(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add", concurrency=2))
        start(ledger, *[new(cap=2) for _ in range(5)])
        first = claim(ledger, 5)
        assert len(first) == 2
        assert claim(ledger, 5) == []
        settle(ledger, outcome(first[0], "succeed", result=b"3"))
        assert len(claim(ledger, 5)) == 1

    def test_runs_that_end_together_give_back_a_place_each(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add", concurrency=3))
        start(ledger, *[new(cap=3) for _ in range(6)])
        settle(
            ledger,
            *[outcome(one, move) for one, move in zip(claim(ledger, 3), ("succeed", "succeed", "lose"), strict=True)],
        )
        assert len(claim(ledger, 9)) == 3

    def test_four_claimers_keep_to_a_limit_of_one(self, engine: Implementation) -> None:
        enlist(engine.ledger(), NODE, Known(name="add", concurrency=1))
        start(engine.ledger(), *[new(cap=1) for _ in range(60)])
        going, most, done = 0, 0, 0
        guard = threading.Lock()

        def work(ledger: Ledger) -> None:
            nonlocal going, most, done
            while done < 60:
                for one in claim(ledger, 2):
                    with guard:
                        going += 1
                        most = max(most, going)
                    with guard:
                        going, done = going - 1, done + 1
                    settle(ledger, outcome(one, "succeed", result=b"1"))

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(work, [engine.ledger() for _ in range(4)]))
        assert (most, done) == (1, 60)

    def test_a_lane_that_is_full_does_not_hold_up_others(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="one", concurrency=1), Known(name="two"))
        start(ledger, *[new(job="one", cap=1, priority=9) for _ in range(3)], new(job="two"))
        assert Counter(one.job for one in claim(ledger, 9, jobs=["one", "two"])) == {"one": 1, "two": 1}

    def test_the_limit_holds_in_a_queue_named_at_the_start(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add", concurrency=1))
        start(ledger, new(queue="other", cap=1), new(queue="other", cap=1))
        assert len(claim(ledger, 9)) == 1

    def test_the_limit_holds_over_all_queues(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add", concurrency=2))
        start(ledger, *[new(queue=queue, cap=2) for queue in ("a", "b", "c") * 2])
        assert len(claim(ledger, 9)) == 2
        waiting = start(ledger, new(queue="d", cap=2))[0]
        assert waiting.waiting_for == "concurrency"
        assert claim(ledger, 9, first=[waiting.id]) == []

    def test_what_is_taken_ahead_counts_for_the_limit(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add", concurrency=3))
        start(ledger, *[new(cap=3) for _ in range(9)])
        assert len(claim(ledger, 2, quick=["add"], depth=5)) == 3


class TestAwaited:
    def test_what_others_wait_for_comes_before_all_else(self, ledger: Ledger) -> None:
        _, urgent, late, last = start(ledger, new(), new(priority=9), new(queue="other"), new(job="sub"))
        got = claim(ledger, 3, jobs=["add", "sub"], first=[late.id, last.id, new_id()])
        assert [one.id for one in got] == [late.id, last.id, urgent.id]

    def test_nothing_else_comes_if_only_that_is_wanted(self, ledger: Ledger) -> None:
        _, awaited = start(ledger, new(), new())
        assert [one.id for one in claim(ledger, 5, first=[awaited.id], only_first=True)] == [awaited.id]
        assert claim(ledger, 5, first=[awaited.id], only_first=True) == []

    def test_it_must_be_due_known_and_in_a_wanted_queue(self, ledger: Ledger, clock: Clock) -> None:
        runs = start(ledger, new(due_at=clock.now + 9), new(job="unknown"), new(queue="other"))
        assert claim(ledger, 5, queues=["default"], first=[run.id for run in runs]) == []


class TestOutcomes:
    def test_a_success_is_committed_with_its_result(self, ledger: Ledger) -> None:
        start(ledger)
        (got,) = claim(ledger)
        done = outcome(got, "succeed", result=b'{"sum":3}', begun_at=1_800_000_001.0, at=1_800_000_002.0)
        assert settle(ledger, done) == [True]
        run = ledger.get([got.id])[0]
        assert (run.state, bytes(run.result or b""), run.seq) == ("succeeded", b'{"sum":3}', 2)
        assert run.finished_at is not None
        assert run.finished_at.timestamp() == 1_800_000_002.0

    def test_an_outcome_of_an_earlier_attempt_is_refused(self, ledger: Ledger) -> None:
        start(ledger, new(max_attempts=2))
        (first,) = claim(ledger)
        settle(ledger, outcome(first, "retry"))
        (second,) = claim(ledger)
        assert settle(ledger, outcome(first, "succeed", result=b"1")) == [False]
        assert settle(ledger, outcome(second, "succeed", result=b"2")) == [True]
        assert bytes(ledger.get([first.id])[0].result or b"") == b"2"

    @pytest.mark.parametrize("last", ["succeed", "fail", "cancel"])
    @pytest.mark.parametrize("move", [move for move in MOVES if MOVES[move].fenced])
    def test_nothing_leaves_a_final_state(self, ledger: Ledger, last: str, move: str) -> None:
        start(ledger)
        (got,) = claim(ledger)
        assert settle(ledger, outcome(got, last, error=ERROR)) == [True]
        before = ledger.get([got.id])[0]
        assert settle(ledger, outcome(got, move, result=b"9")) == [False]
        assert ledger.stop(got.id) == before
        assert ledger.get([got.id])[0] == before

    def test_a_retry_is_due_later_and_raises_the_attempt(self, ledger: Ledger, clock: Clock) -> None:
        start(ledger, new(max_attempts=2))
        (got,) = claim(ledger)
        settle(ledger, outcome(got, "retry", at=clock.now, due_at=clock.now + 5))
        assert claim(ledger) == []
        assert ledger.get([got.id])[0].waiting_for in ("delay", "no worker alive")
        clock.now += 5
        ledger.promote()
        assert claim(ledger)[0].attempt == 2

    def test_lost_and_released_attempts_are_not_charged(self, ledger: Ledger) -> None:
        start(ledger, new(max_attempts=1, lost_limit=3))
        (got,) = claim(ledger)
        settle(ledger, outcome(got, "lose"))
        (got,) = claim(ledger)
        assert (got.attempt, got.max_attempts, got.lost) == (2, 2, 1)
        settle(ledger, outcome(got, "release"))
        (got,) = claim(ledger)
        assert (got.attempt, got.max_attempts, got.lost) == (3, 3, 1)

    def test_outcomes_and_claims_share_a_transaction(self, ledger: Ledger) -> None:
        first, second = start(ledger, new(), new())
        (got,) = claim(ledger)
        want = Want(node=NODE, jobs=["add"], slots=1)
        accepted, claims = ledger.settle([outcome(got, "succeed", result=b"1")], want)
        assert accepted == [True]
        assert [one.id for one in claims] == [second.id]
        assert state(ledger, first.id) == "succeeded"


class TestStopping:
    def test_a_queued_run_is_cancelled_at_once(self, ledger: Ledger) -> None:
        (run,) = start(ledger)
        stopped = ledger.stop(run.id)
        assert stopped is not None
        assert (stopped.state, stopped.seq) == ("cancelled", 1)
        assert stopped.error is not None
        assert claim(ledger) == []

    def test_a_running_one_is_asked_to_stop(self, ledger: Ledger) -> None:
        start(ledger)
        (got,) = claim(ledger)
        stopped = ledger.stop(got.id)
        assert stopped is not None
        assert (stopped.state, stopped.stop_requested) == ("running", "cancel")
        assert [(stop.id, stop.attempt) for stop in ledger.stops(NODE)] == [(got.id, 1)]
        assert ledger.stops("another") == []

    @pytest.mark.parametrize("move", ["succeed", "fail", "retry", "lose", "release", "cancel"])
    def test_a_run_that_was_asked_to_stop_ends_as_cancelled(self, ledger: Ledger, move: str) -> None:
        start(ledger, new(max_attempts=5))
        (got,) = claim(ledger)
        ledger.stop(got.id)
        assert settle(ledger, outcome(got, move, result=b"1")) == [True]
        assert state(ledger, got.id) == "cancelled"

    def test_an_unknown_run_cannot_be_stopped(self, ledger: Ledger) -> None:
        assert ledger.stop(new_id()) is None


class TestSaying:
    def test_events_have_gapless_seqs_of_the_run(self, ledger: Ledger) -> None:
        start(ledger)
        (got,) = claim(ledger)
        said = [("log", 5.0, b'{"text":"a"}'), ("partial", 6.0, b"1")]
        note = Note(id=got.id, attempt=1, progress=b'{"done":1}', events=said)
        assert ledger.note([note, Note(id=got.id, attempt=1, events=[("log", 7.0, b'{"text":"b"}')])]) == [4, 5]
        events = ledger.events(got.id, 0, 10)
        assert [(event.seq, event.type, event.at) for event in events] == [
            (3, "log", 5.0),
            (4, "partial", 6.0),
            (5, "log", 7.0),
        ]
        assert [event.seq for event in ledger.events(got.id, 4, 10)] == [5]
        assert [event.seq for event in ledger.events(got.id, 0, 1)] == [3]
        run = ledger.get([got.id])[0]
        assert run.progress is not None
        assert (run.progress.done, run.seq) == (1, 5)

    def test_an_attempt_that_is_not_current_says_nothing(self, ledger: Ledger) -> None:
        start(ledger, new(max_attempts=2))
        (got,) = claim(ledger)
        settle(ledger, outcome(got, "retry"))
        assert ledger.note([Note(id=got.id, attempt=1, events=[("log", 5.0, b"1")], saved=b"7")]) == [None]
        (again,) = claim(ledger)
        assert again.saved is None
        assert ledger.events(got.id, 0, 10) == []

    def test_only_the_log_counts_for_the_limit_of_the_log(self, ledger: Ledger) -> None:
        start(ledger, new(max_attempts=2))
        (got,) = claim(ledger)
        events = [("log", 1.0, b"12345"), ("partial", 2.0, b"1234567890")]
        ledger.note([Note(id=got.id, attempt=1, events=events)])
        settle(ledger, outcome(got, "retry"))
        assert claim(ledger)[0].log_bytes == 5

    def test_a_checkpoint_is_there_for_the_next_attempt(self, ledger: Ledger) -> None:
        start(ledger, new(max_attempts=2))
        (got,) = claim(ledger)
        ledger.note([Note(id=got.id, attempt=1, saved=b'{"step":9}')])
        settle(ledger, outcome(got, "lose"))
        assert claim(ledger)[0].saved == b'{"step":9}'


class TestReading:
    def test_pages_go_from_the_newest_to_the_oldest(self, ledger: Ledger) -> None:
        runs = start(ledger, *[new() for _ in range(5)])
        first, following = ledger.page(Filter(limit=3))
        rest, end = ledger.page(Filter(limit=3, before=following))
        assert [run.id for run in (*first, *rest)] == [run.id for run in reversed(runs)]
        assert end is None

    def test_filters_fit_together(self, ledger: Ledger) -> None:
        start(ledger, new(caller="ada"), new(caller="ada", job="sub"), new(caller="bob"))
        assert len(ledger.page(Filter(caller="ada"))[0]) == 2
        assert len(ledger.page(Filter(caller="ada", job="sub", states=["queued"]))[0]) == 1
        assert ledger.page(Filter(states=["running"]))[0] == []

    def test_runs_come_in_the_order_asked_for_and_unknown_ones_are_left_out(self, ledger: Ledger) -> None:
        first, second = start(ledger, new(), new())
        assert [run.id for run in ledger.get([second.id, new_id(), "a\0b", first.id])] == [second.id, first.id]


class TestWaitingFor:
    def test_it_says_why_a_queued_run_waits(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add", concurrency=1))
        known, other = start(ledger, new(cap=1), new(job="other"))
        assert ledger.get([known.id])[0].waiting_for is None
        assert ledger.get([other.id])[0].waiting_for == "job unknown to every worker"
        (second,) = start(ledger, new(cap=1))
        claim(ledger)
        assert ledger.get([second.id])[0].waiting_for == "concurrency"
        (later,) = start(ledger, new(due_at=4_000_000_000.0))
        assert later.waiting_for == "delay"
        ledger.retire(NODE)
        assert ledger.get([second.id])[0].waiting_for == "no worker alive"


class TestNodes:
    def test_the_runs_of_a_dead_node_are_given_back(self, ledger: Ledger) -> None:
        enlist(ledger, "dead")
        start(ledger, new(), new(), new(lost_limit=1), new())
        got = claim(ledger, 3, quick=["add"], depth=1, node="dead")
        assert [one.ahead for one in got] == [False, False, False, True]
        ledger.stop(got[1].id)
        enlist(ledger, "heir")
        ledger.retire("dead")
        assert sorted(ledger.sweep()) == sorted(one.id for one in got)
        states = {run.id: (run.state, run.max_attempts) for run in ledger.get([one.id for one in got])}
        assert states[got[0].id] == ("queued", 2)
        assert states[got[1].id][0] == "cancelled"
        assert states[got[2].id][0] == "failed"
        assert states[got[3].id] == ("queued", 2)
        error = ledger.get([got[2].id])[0].error
        assert error is not None
        assert error.message == "Worker lost"

    def test_runs_of_a_node_that_is_alive_stay_with_it(self, ledger: Ledger) -> None:
        enlist(ledger)
        start(ledger)
        (got,) = claim(ledger)
        assert ledger.sweep() == []
        assert settle(ledger, outcome(got, "succeed", result=b"1")) == [True]

    def test_sweeping_recounts_the_lanes(self, ledger: Ledger) -> None:
        enlist(ledger, "dead", Known(name="add", concurrency=1))
        start(ledger, new(cap=1), new(cap=1))
        claim(ledger, node="dead")
        enlist(ledger, "heir", Known(name="add", concurrency=1))
        ledger.retire("dead")
        ledger.sweep()
        assert len(claim(ledger, 5, node="heir")) == 1

    def test_nodes_are_listed_while_they_are_alive(self, ledger: Ledger) -> None:
        enlist(ledger)
        (node,) = ledger.nodes()
        node.running = ["x"]
        ledger.beat(node)
        assert ledger.nodes()[0].running == ["x"]
        ledger.retire(NODE)
        assert ledger.nodes() == []


class TestPruning:
    def test_ended_runs_go_with_all_that_is_theirs(self, engine: Implementation, ledger: Ledger) -> None:
        old, waiting = start(ledger, new(), new())
        (got,) = claim(ledger)
        ledger.note([Note(id=got.id, attempt=1, events=[("log", 5.0, b"1")])])
        files = engine.files()
        kept = files.keep("result.json", "application/json", [b"1"], caller="ada", run_id=old.id)
        settle(ledger, outcome(got, "succeed", result_file=kept.id))
        assert ledger.prune(1_800_000_050.0, 10) == 0
        assert ledger.prune(1_800_000_200.0, 10) == 1
        assert ledger.get([old.id]) == []
        assert files.info(kept.id) is None
        assert state(ledger, waiting.id) == "queued"
