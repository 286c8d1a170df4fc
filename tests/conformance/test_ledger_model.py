"""A ledger does what the model does, whatever is asked of it in whatever order; and the comparison finds what it
should."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, settings, strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from hotplate.engine import Claim, Ledger, NodeInfo, Note, Outcome, Want
from hotplate.engines.postgres import settling
from hotplate.engines.sqlite import ledger as sqlite
from hotplate.options import Known
from hotplate.run import FINAL, NewRun

from .conftest import Embedded, Make, make
from .model import LIMITS, Model

KNOWN = [Known(name=job, concurrency=limit) for job, limit in LIMITS.items()]
QUEUES = ("default", "other")
MOVES = ("succeed", "fail", "cancel", "retry", "lose", "release")


class LedgerMachine(RuleBasedStateMachine):
    """Asks the same of a ledger, through two processes' doors, and of the model."""

    claims: Bundle[Claim] = Bundle("claims")

    def __init__(self, implementation: Make) -> None:
        super().__init__()
        self._place = TemporaryDirectory()
        self.engine = implementation(Path(self._place.name))
        self.ledgers = [self.engine.ledger(), self.engine.ledger()]
        self.turn = 0
        self.ids = map("id-{:05}".format, itertools.count())  # the same each time, so that a failure can be shrunk
        self.model = Model(self.engine.clock.now)
        self.node = ""
        self.another_node()

    @property
    def ledger(self) -> Ledger:
        self.turn += 1
        return self.ledgers[self.turn % 2]

    @rule(
        jobs=st.lists(st.sampled_from(sorted(LIMITS)), min_size=1, max_size=4),
        queue=st.sampled_from(QUEUES),
        priority=st.integers(-1, 1),
        caller=st.sampled_from(["ada", "bob"]),
        key=st.none() | st.sampled_from(["k1", "k2"]),
        delay=st.sampled_from([0.0, 0.0, 0.0, 5.0]),
        max_attempts=st.integers(1, 3),
        lost_limit=st.sampled_from([1, 3]),
    )
    def start(self, jobs: list[str], delay: float, **facts: Any) -> None:
        due = self.model.now + delay if delay else 0.0
        new = [NewRun(id=next(self.ids), job=job, params=b"{}", due_at=due, cap=LIMITS[job], **facts) for job in jobs]
        assert [run.id for run in self.ledger.start(new)] == [self.model.start(one) for one in new]

    @initialize(target=claims)
    def begin(self) -> Any:
        self.start(["free", "alone", "pair", "free"], 0.0, max_attempts=3, lost_limit=3)
        return self.claim(2, set(), 0, [])

    @rule(
        target=claims,
        slots=st.integers(1, 4),
        quick=st.sets(st.sampled_from(sorted(LIMITS))),
        depth=st.integers(0, 3),
        done=st.lists(claims, max_size=2),
    )
    def claim(self, slots: int, quick: set[str], depth: int, done: list[Claim]) -> Any:
        """A claim, in one transaction with some outcomes."""
        outcomes = [self.outcome(one, "succeed") for one in done]
        want = Want(node=self.node, jobs=list(LIMITS), slots=slots, quick=quick, depth=depth)
        accepted, claims = self.ledger.settle(outcomes, want)
        assert accepted == [self.model.settle(outcome) for outcome in outcomes]
        self.model.check_claims(claims, slots, quick, depth)
        for claim in claims:
            self.model.claim(claim, self.node)
        return multiple(*claims)

    @rule(
        ended=st.lists(st.tuples(claims, st.sampled_from(MOVES)), min_size=1, max_size=3),
        pause=st.sampled_from([None, 0.0, 0.0, 5.0]),
    )
    def settle(self, ended: list[tuple[Claim, str]], pause: float | None) -> None:
        """Outcomes of claims of any age: most of them late."""
        outcomes = [self.outcome(claim, move, pause) for claim, move in ended]
        assert self.ledger.settle(outcomes, None)[0] == [self.model.settle(outcome) for outcome in outcomes]

    @rule(claim=claims, events=st.integers(0, 3), progress=st.booleans(), saved=st.booleans())
    def note(self, claim: Claim, events: int, progress: bool, saved: bool) -> None:
        note = Note(
            id=claim.id,
            attempt=claim.attempt,
            progress=b'{"done":1}' if progress else None,
            events=[("log", self.model.now, b"%d" % n) for n in range(events)],
            saved=b"[%d]" % claim.attempt if saved else None,
        )
        assert self.ledger.note([note]) == [self.model.note(note)]

    @rule(data=st.data())
    def stop(self, data: st.DataObject) -> None:
        if self.model.runs:
            run_id = data.draw(st.sampled_from(sorted(self.model.runs)))
            self.model.stop(run_id)
            stopped = self.ledger.stop(run_id)
            assert stopped is not None
            assert (stopped.state, stopped.seq) == (self.model.runs[run_id].state, self.model.runs[run_id].seq)

    def another_node(self) -> None:
        """The node is gone, another one is there; nobody has looked after the old one's runs yet."""
        self.engine.died(self.node)
        self.node = next(self.ids)
        jobs = [job.name for job in KNOWN]
        self.ledger.enlist(NodeInfo(id=self.node, host="here", pid=1, concurrency=2, jobs=jobs), KNOWN)

    def sweep(self) -> None:
        assert set(self.ledger.sweep()) == self.model.sweep(self.node)

    def time_passes(self) -> None:
        for clock in (self.engine.clock, self.model):
            clock.now += 5

    def time_goes_back(self) -> None:
        for clock in (self.engine.clock, self.model):
            clock.now -= 3

    def promote(self) -> None:
        assert self.ledger.promote() == self.model.promote()

    def prune(self) -> None:
        ended = [id_ for id_, run in self.model.runs.items() if run.state in FINAL]
        assert self.ledger.prune(self.model.now + 1e6, 1000) == len(ended)
        self.model.prune(ended)

    HOUSE = (promote, time_passes, sweep, another_node, time_goes_back, prune)

    @rule(steps=st.lists(st.sampled_from(HOUSE), min_size=1, max_size=3))
    def keep_house(self, steps: list[Callable[[LedgerMachine], None]]) -> None:
        """What happens beside the runs, as one rule among the others so that it does not crowd them out."""
        for step in steps:
            step(self)

    def outcome(self, claim: Claim, move: str, pause: float | None = None) -> Outcome:
        if move == "retry" and claim.attempt >= claim.max_attempts:
            move = "fail"  # as whoever judges attempts does
        return Outcome(
            id=claim.id,
            attempt=claim.attempt,
            queue=claim.queue,
            job=claim.job,
            move=move,
            at=self.model.now,
            due_at=None if pause is None else self.model.now + pause,
            result=b"%d" % claim.attempt,
        )

    @invariant()
    def all_runs_are_as_they_should_be(self) -> None:
        found = self.ledger.get(list(self.model.runs))
        assert [run.id for run in found] == list(self.model.runs), "a run is lost"
        for run in found:
            model = self.model.runs[run.id]
            assert (run.state, run.attempt, run.seq) == (model.state, model.attempt, model.seq)
            assert (run.max_attempts, run.stop_requested) == (model.max_attempts, model.stop)
            assert run.attempt <= run.max_attempts
            assert model.outcomes == (run.state in FINAL), "an outcome too many"
            if run.state == "succeeded":
                assert bytes(run.result or b"") == model.result
            assert [(one.seq, one.data) for one in self.ledger.events(run.id, 0, 99)] == model.events

    @invariant()
    def lanes_count_what_is_running(self) -> None:
        room = {job: room for job, room in self.model.room().items() if LIMITS[job] is not None}
        assert all(left >= 0 for left in room.values())
        assert {job: self.engine.left(job) for job in room} == room

    def teardown(self) -> None:
        self.engine.close()
        self._place.cleanup()


SLOWLY = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    derandomize=True,
    print_blob=False,
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def compare(implementation: Make, how: settings = SLOWLY) -> None:
    run_state_machine_as_test(lambda: LedgerMachine(implementation), settings=how)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(("name", "examples"), [("embedded", 150), ("postgresql", 30)])
def test_a_ledger_does_what_the_model_does(name: str, examples: int, request: pytest.FixtureRequest) -> None:
    compare(make(request, name), settings(SLOWLY, max_examples=examples))


PLANTED = {
    "no fence at a success": ("_FINISH", "succeed", "and attempt = ?", "and ? > 0"),
    "no fence at a retry": ("_RETURN", "retry", "and attempt = ?", "and ? > 0"),
    "a success leaves any state": ("_FINISH", "succeed", "state in ('running')", "true"),
    "a failure leaves final states": ("_FINISH", "fail", "state in ('running')", "ready = 0"),
    "a lost run comes back from the dead": ("_RETURN", "lose", "state in ('running')", "true"),
    "a success overrules a request to stop": ("_FINISH", "succeed", "and stop_requested is null", ""),
    "a released attempt is charged": ("_RETURN", "release", "max_attempts = max_attempts + 1", "lost = lost"),
    "a move without a seq": ("_RETURN", "retry", "seq = seq + 1,", ""),
}


PLANTED_IN_POSTGRES = {
    "no fence at a success": ("_FINISH", "succeed", "and attempt = o_attempt", "and o_attempt > 0"),
    "a success leaves any state": ("_FINISH", "succeed", "state in ('running')", "true"),
    "a lost run comes back from the dead": ("_RETURN", "lose", "state in ('running')", "true"),
    "a success overrules a request to stop": ("_FINISH", "succeed", "and stop_requested is null", ""),
    "a success does not leave its lane": ("_FINISH", "succeed", "greatest(running - n, 0)", "running"),
}

UNTIL_FOUND = settings(SLOWLY, max_examples=500, phases=[Phase.generate])


@pytest.mark.parametrize("planted", PLANTED)
def test_the_comparison_finds(planted: str, monkeypatch: pytest.MonkeyPatch) -> None:
    table, move, right, wrong = PLANTED[planted]
    statements: dict[str, str] = getattr(sqlite, table)
    assert right in statements[move]
    monkeypatch.setitem(statements, move, statements[move].replace(right, wrong))
    with pytest.raises((AssertionError, sqlite3.IntegrityError)):
        compare(Embedded, UNTIL_FOUND)


@pytest.mark.parametrize("planted", PLANTED_IN_POSTGRES)
def test_the_comparison_finds_in_postgres(
    planted: str, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    table, move, right, wrong = PLANTED_IN_POSTGRES[planted]
    statements: dict[str, bytes] = getattr(settling, table)
    assert right.encode() in statements[move]
    monkeypatch.setitem(statements, move, statements[move].replace(right.encode(), wrong.encode()))
    with pytest.raises((AssertionError, psycopg.IntegrityError)):
        compare(make(request, "postgresql"), UNTIL_FOUND)
