"""What every record of schedules guarantees."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from hotplate.filter import Filter
from hotplate.firing import Firings, Plan, begin, pause, run_of
from hotplate.options import Known
from hotplate.run import Run
from hotplate.schedule import Schedule

from .conftest import Clock, Implementation
from .test_ledger import claim, outcome, settle

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
KNOWN = Known(name="add", queue="heavy", priority=4, retries=2)


def schedule(**facts: Any) -> Schedule:
    return Schedule(**{"name": "nightly", "job": "add", "every": MINUTE, "params": b'{"a":1}', **facts})


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.fixture
def firings(engine: Implementation) -> Firings:
    return engine.firings()


def plan(firings: Firings, name: str = "nightly") -> Plan:
    _, (found,) = firings.read([name])
    return found


def runs(engine: Implementation) -> list[Run]:
    """All runs, the oldest first."""
    return list(engine.ledger().page(Filter(limit=500))[0])[::-1]


def due(engine: Implementation) -> list[float]:
    """The moments that have runs."""
    return [run.due_at.timestamp() for run in runs(engine)]


def end(engine: Implementation, *, node: str = "node-0") -> None:
    """End all runs."""
    ledger = engine.ledger()
    for one in claim(ledger, 100, node=node):
        settle(ledger, outcome(one, "succeed", result=b"1", at=engine.clock.now))


class TestTheRecord:
    def test_a_schedule_is_put_on_record_once(self, firings: Firings, clock: Clock) -> None:
        new = begin(schedule(), clock.now, "node-1")
        assert (firings.add(new), firings.add(replace(new, skipped=7))) == (True, False)
        now, found = firings.read(["nightly", "unknown"])
        assert now == clock.now
        assert found == [replace(new, version=1, orphaned=True)]
        assert new.next_at == clock.now + MINUTE - clock.now % MINUTE

    def test_a_change_is_made_if_nobody_was_quicker(self, firings: Firings, clock: Clock) -> None:
        firings.add(begin(schedule(), clock.now))
        before = plan(firings)
        assert firings.change(pause(before, clock.now))
        assert not firings.change(replace(before, skipped=3))
        assert plan(firings) == replace(before, paused_at=clock.now, next_at=None, version=2)

    def test_all_of_a_plan_comes_back(self, firings: Firings, clock: Clock) -> None:
        firings.add(begin(schedule(), clock.now))
        facts: dict[str, Any] = {"since": 1.5, "next_at": 2.5, "held": True, "last_due": 4.5, "last_run": "r"}
        facts |= {"skipped": 5, "skipped_at": 6.5, "skipped_for": "missed", "node": "n", "paused_at": 3.5}
        declared = schedule(cron="@daily", every=None, timezone="Europe/Berlin", catch_up="skip", window=3.5)
        to = replace(plan(firings), schedule=declared, **facts)
        assert firings.change(to)
        assert plan(firings) == replace(to, version=2)

    def test_a_firing_is_a_run_and_a_change_in_one(
        self, engine: Implementation, firings: Firings, clock: Clock
    ) -> None:
        firings.add(begin(schedule(), clock.now))
        before, at = plan(firings), clock.now - 100
        new = run_of(schedule(), KNOWN, at)
        assert firings.fire(replace(before, last_due=at), new) == new.id
        (run,) = runs(engine)
        told = datetime.fromtimestamp(at, UTC).isoformat().replace("+00:00", "Z")
        assert (run.id, run.state, run.due_at.timestamp()) == (new.id, "queued", at)
        assert (run.key, run.caller, bytes(run.params)) == (f"schedule/nightly/{told}", "schedule", b'{"a":1}')
        assert (run.queue, run.priority, run.max_attempts) == ("heavy", 4, 3)
        assert plan(firings) == replace(before, last_due=at, last_run=new.id, version=2, going=True)
        assert [one.id for one in claim(engine.ledger())] == [new.id]

    def test_a_firing_that_comes_too_late_does_nothing(
        self, engine: Implementation, firings: Firings, clock: Clock
    ) -> None:
        firings.add(begin(schedule(), clock.now))
        before = plan(firings)
        firings.change(pause(before, clock.now))
        assert firings.fire(before, run_of(schedule(), KNOWN, clock.now)) is None
        assert runs(engine) == []
        assert plan(firings).version == 2

    def test_a_moment_that_has_a_run_gets_no_second_one(
        self, engine: Implementation, firings: Firings, clock: Clock
    ) -> None:
        firings.add(begin(schedule(), clock.now))
        first = firings.fire(plan(firings), run_of(schedule(), KNOWN, clock.now))
        assert firings.fire(plan(firings), run_of(schedule(), KNOWN, clock.now)) == first
        assert [run.id for run in runs(engine)] == [first]
        assert plan(firings).last_run == first

    def test_it_is_known_whether_the_last_run_goes_on(
        self, engine: Implementation, firings: Firings, clock: Clock
    ) -> None:
        firings.add(begin(schedule(), clock.now))
        firings.fire(plan(firings), run_of(schedule(), KNOWN, clock.now))
        assert plan(firings).going
        end(engine)
        assert not plan(firings).going

    def test_of_many_that_race_for_a_firing_one_gets_it(self, engine: Implementation, clock: Clock) -> None:
        racing, rounds = 8, 25
        all_firings = [engine.firings() for _ in range(racing)]
        all_firings[0].add(begin(schedule(overlap="allow"), clock.now))
        barrier = threading.Barrier(racing)

        def race(firings: Firings) -> list[str | None]:
            won = []
            for n in range(rounds):
                barrier.wait(20)
                before = plan(firings)
                barrier.wait(20)
                won.append(firings.fire(before, run_of(schedule(), KNOWN, clock.now + n)))
            return won

        with ThreadPoolExecutor(racing) as pool:
            won = list(pool.map(race, all_firings))
        assert [sum(run_id is not None for run_id in of_round) for of_round in zip(*won, strict=True)] == [1] * rounds
        assert len(set(due(engine))) == len(due(engine)) == rounds
        assert plan(all_firings[0]).version == 1 + rounds
