"""What nodes make of schedules: each moment is fired once, or passed over, as declared."""

from __future__ import annotations

import logging
import random
import socket
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from hotplate.engine import NodeInfo
from hotplate.engines.node import ticker
from hotplate.engines.node.record import Record
from hotplate.engines.node.ticker import Ticker
from hotplate.firing import Firings, pause, resume
from hotplate.schedule import Schedule
from tests.processes import until

from .conftest import Clock, Cluster, Implementation
from .test_firings import DAY, HOUR, KNOWN, MINUTE, due, end, moment, plan, runs, schedule


class Node:
    """A node's ticker, on a record of its own connections. It is on record as alive."""

    def __init__(self, engine: Implementation, name: str, *schedules: Schedule) -> None:
        self.name, self._ticker = name, Ticker(name)
        ledger, self._bells = engine.ledger(), socket.socketpair()
        ledger.enlist(NodeInfo(id=name, host="here", pid=1, concurrency=1, jobs=["add"]), [KNOWN])
        self._record = Record(
            ledger=ledger, firings=engine.firings(), feed=engine.feed(), bell=self._bells[0], close=self.close
        )
        self._ticker.learn(schedules)

    def loads(self, *schedules: Schedule) -> None:
        self._ticker.learn(schedules)

    def tick(self) -> bool:
        return self._ticker.tick(self._record, {"add": KNOWN})

    def ends(self) -> None:
        self._record.ledger.retire(self.name)
        self.close()

    def close(self) -> None:
        for bell in self._bells:
            bell.close()


class Nodes:
    """Makes nodes, all of which are closed in the end."""

    def __init__(self, engine: Implementation) -> None:
        self._engine, self._made = engine, list[Node]()

    def __call__(self, *schedules: Schedule) -> Node:
        self._made.append(Node(self._engine, f"node-{len(self._made)}", *schedules))
        return self._made[-1]

    def close(self) -> None:
        for node in self._made:
            node.close()


@pytest.fixture
def nodes(engine: Implementation) -> Iterator[Nodes]:
    made = Nodes(engine)
    yield made
    made.close()


@pytest.fixture
def firings(engine: Implementation) -> Firings:
    return engine.firings()


class TestTicking:
    def test_each_moment_is_fired_once_however_many_nodes_tick(
        self, engine: Implementation, nodes: Nodes, clock: Clock
    ) -> None:
        ticking = [nodes(schedule(overlap="allow")) for _ in range(4)]
        for node in ticking:
            node.tick()
        begun = clock.now
        with ThreadPoolExecutor(len(ticking)) as pool:
            for _ in range(30):
                clock.now += MINUTE / 2
                list(pool.map(Node.tick, ticking))
        first = begun - begun % MINUTE
        assert sorted(due(engine)) == [first + n * MINUTE for n in range(1, 16)]

    def test_whoever_listens_hears_of_each_firing(self, engine: Implementation, nodes: Nodes, clock: Clock) -> None:
        heard: set[str] = set()
        node = nodes(schedule())
        with engine.feed().hear(heard.update):
            node.tick()
            until(lambda: heard == {"schedules"}, "that it is on record")
            heard.clear()
            clock.now += MINUTE
            node.tick()
            until(lambda: heard == {"schedules", *(run.id for run in runs(engine))}, "the firing")

    def test_a_clock_that_is_set_back_and_forth_fires_no_moment_twice(
        self, engine: Implementation, nodes: Nodes, clock: Clock
    ) -> None:
        node = nodes(schedule(overlap="allow", catch_up="all"))
        node.tick()
        begun, dice = clock.now, random.Random(7)
        for jump in [dice.choice([1, 1, 1, 3, -1, -5, -30, 20]) * MINUTE / 2 for _ in range(150)]:
            clock.now = max(begun, clock.now + jump)
            node.tick()
        clock.now = begun + 2 * HOUR
        for _ in range(4):
            node.tick()
        first = begun - begun % MINUTE
        moments = due(engine)
        assert sorted(moments) == [first + n * MINUTE for n in range(1, len(moments) + 1)], "each once, none left out"

    def test_a_clock_that_was_years_ahead_does_not_stop_it(
        self, engine: Implementation, nodes: Nodes, clock: Clock
    ) -> None:
        begun = clock.now
        clock.now += 3650 * DAY
        node = nodes(schedule())
        node.tick()
        clock.now += MINUTE
        node.tick()
        end(engine)
        clock.now = begun
        node.tick()
        clock.now += MINUTE
        node.tick()
        assert due(engine)[-1] == begun - begun % MINUTE + MINUTE

    @pytest.mark.parametrize(
        ("zone", "rule", "begin_at", "expected"),
        [
            ("Europe/Berlin", "30 2 * * *", "2026-03-28T00:00+01:00",
             ["2026-03-28T02:30+01:00", "2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
            ("Europe/Berlin", "30 2 * * *", "2026-10-24T00:00+02:00",
             ["2026-10-24T02:30+02:00", "2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
            ("America/New_York", "30 2 * * *", "2026-03-07T00:00-05:00",
             ["2026-03-07T02:30-05:00", "2026-03-08T03:00-04:00", "2026-03-09T02:30-04:00"]),
            ("America/New_York", "30 1 * * *", "2026-10-31T00:00-04:00",
             ["2026-10-31T01:30-04:00", "2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
        ],
    )  # fmt: skip
    def test_daylight_saving_time_loses_and_doubles_nothing(
        self, engine: Implementation, nodes: Nodes, clock: Clock,
        zone: str, rule: str, begin_at: str, expected: list[str],
    ) -> None:  # fmt: skip
        clock.now = moment(begin_at)
        node = nodes(schedule(every=None, cron=rule, timezone=zone, overlap="allow"))
        for _ in range(3 * 24 * 4):
            node.tick()
            clock.now += 15 * MINUTE
        assert due(engine) == [moment(text) for text in expected]

    def test_every_is_not_touched_by_daylight_saving_time(
        self, engine: Implementation, nodes: Nodes, clock: Clock
    ) -> None:
        clock.now = moment("2026-10-25T00:00+02:00") - 1
        node = nodes(schedule(every=HOUR, overlap="allow"))
        for _ in range(7):
            node.tick()
            clock.now += HOUR
        assert due(engine) == [moment("2026-10-25T00:00+02:00") + n * HOUR for n in range(6)]


class TestAnOutage:
    """Nobody ticks for ten minutes and a half: ten moments have passed."""

    @pytest.fixture
    def missed(self, clock: Clock) -> list[float]:
        clock.now -= clock.now % MINUTE
        return [clock.now + n * MINUTE for n in range(1, 11)]

    def over(self, nodes: Nodes, clock: Clock, **facts: Any) -> None:
        node = nodes(schedule(overlap="allow", **facts))
        node.tick()
        node.ends()
        clock.now += 10.5 * MINUTE
        nodes(schedule(overlap="allow", **facts)).tick()

    def test_one_run_is_made_for_all_that_was_missed(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings, missed: list[float]
    ) -> None:
        self.over(nodes, clock, every=MINUTE)
        assert due(engine) == missed[-1:]
        assert (plan(firings).skipped, plan(firings).skipped_for) == (9, "missed")

    def test_with_all_each_has_its_own(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings, missed: list[float]
    ) -> None:
        self.over(nodes, clock, catch_up="all")
        assert due(engine) == missed
        assert plan(firings).skipped == 0

    def test_with_all_those_outside_of_the_window_are_passed_over(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings, missed: list[float]
    ) -> None:
        self.over(nodes, clock, catch_up="all", window=4 * MINUTE)
        assert due(engine) == missed[-4:]
        assert plan(firings).skipped == 6

    def test_with_skip_it_goes_on_with_the_next(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.INFO)
        clock.now -= clock.now % HOUR
        node = nodes(schedule(every=HOUR, catch_up="skip"))
        node.tick()
        clock.now += 2.5 * HOUR
        node.tick()
        assert due(engine) == []
        assert (plan(firings).skipped, plan(firings).next_at) == (2, clock.now + HOUR / 2)
        assert "schedule nightly: 2 passed over, since " in caplog.text

    def test_what_is_older_than_the_window_is_passed_over(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        clock.now = moment("2026-05-01T12:00Z")
        facts: dict[str, Any] = {"every": None, "cron": "0 3 * * *", "window": 2 * HOUR}
        node = nodes(schedule(**facts))
        node.tick()
        clock.now = moment("2026-05-04T05:01Z")
        node.tick()
        assert due(engine) == []
        assert plan(firings).skipped == 3
        clock.now = moment("2026-05-05T05:00Z")
        node.tick()
        assert due(engine) == [moment("2026-05-05T03:00Z")]

    def test_what_was_due_before_a_schedule_was_new_is_none_of_its_business(
        self, engine: Implementation, nodes: Nodes, clock: Clock
    ) -> None:
        clock.now -= clock.now % MINUTE
        nodes(schedule(catch_up="all", overlap="allow")).tick()
        assert due(engine) == []


class TestOverlap:
    def tick_until(self, nodes: Nodes, clock: Clock, minutes: int, **facts: Any) -> Node:
        clock.now -= clock.now % MINUTE
        node = nodes(schedule(**facts))
        for _ in range(minutes):
            node.tick()
            clock.now += MINUTE
        node.tick()
        return node

    def test_a_moment_is_passed_over_while_the_run_before_goes_on(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        first = clock.now - clock.now % MINUTE + MINUTE
        node = self.tick_until(nodes, clock, 3)
        assert due(engine) == [first]
        assert (plan(firings).skipped, plan(firings).skipped_for) == (2, "overlap")
        end(engine)
        clock.now += MINUTE
        node.tick()
        assert due(engine) == [first, first + 3 * MINUTE]

    def test_with_queue_one_waits_for_its_end(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        first = clock.now - clock.now % MINUTE + MINUTE
        node = self.tick_until(nodes, clock, 4, overlap="queue")
        assert (due(engine), plan(firings).held) == ([first], True)
        end(engine)
        node.tick()
        assert due(engine) == [first, first + MINUTE]
        assert (plan(firings).skipped, plan(firings).held) == (2, False)

    def test_with_queue_and_all_none_is_passed_over(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        first = clock.now - clock.now % MINUTE + MINUTE
        node = self.tick_until(nodes, clock, 4, overlap="queue", catch_up="all")
        for _ in range(5):
            end(engine)
            node.tick()
        assert due(engine) == [first + n * MINUTE for n in range(4)]
        assert plan(firings).skipped == 0

    def test_what_waits_goes_on_waiting_when_no_two_may_overlap_any_more(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        node = self.tick_until(nodes, clock, 3, overlap="queue")
        node.loads(schedule(overlap="skip"))
        node.tick()
        assert (len(due(engine)), plan(firings).held) == (1, True)
        node.loads(schedule(overlap="allow"))
        node.tick()
        assert (len(due(engine)), plan(firings).held) == (2, False)

    def test_with_allow_they_go_side_by_side(self, engine: Implementation, nodes: Nodes, clock: Clock) -> None:
        self.tick_until(nodes, clock, 3, overlap="allow")
        assert len(due(engine)) == 3


class TestChanges:
    def test_paused_it_stays_paused_whoever_comes(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        node = nodes(schedule())
        node.tick()
        assert firings.change(pause(plan(firings), clock.now))
        node.ends()
        nodes(schedule()).tick()
        other_rule = nodes(schedule(every=2 * MINUTE))
        other_rule.tick()
        clock.now += HOUR
        other_rule.tick()
        assert due(engine) == []
        assert (plan(firings).paused_at is not None, plan(firings).schedule.every) == (True, 2 * MINUTE)

    def test_resumed_it_goes_on_with_what_is_due_from_then_on(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        node = nodes(schedule(catch_up="all", overlap="allow"))
        node.tick()
        firings.change(pause(plan(firings), clock.now))
        clock.now += HOUR - clock.now % MINUTE
        firings.change(resume(plan(firings), clock.now))
        node.tick()
        assert due(engine) == []
        clock.now += MINUTE
        node.tick()
        assert due(engine) == [clock.now]

    def test_another_rule_has_another_next_moment(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        clock.now = moment("2026-05-01T12:10Z")
        node = nodes(schedule(every=HOUR))
        node.tick()
        node.loads(schedule(every=None, cron="15 * * * *"))
        node.tick()
        assert plan(firings).next_at == moment("2026-05-01T12:15Z")
        clock.now = moment("2026-05-01T13:01Z")
        node.tick()
        assert due(engine) == [moment("2026-05-01T12:15Z")], "the old rule's 13:00 is gone"

    def test_another_policy_leaves_the_next_moment_as_it_was(
        self, engine: Implementation, nodes: Nodes, clock: Clock, firings: Firings
    ) -> None:
        clock.now = moment("2026-05-01T12:10Z")
        node = nodes(schedule(every=HOUR))
        node.tick()
        clock.now = moment("2026-05-01T13:30Z")
        node.loads(schedule(every=HOUR, overlap="allow", params=b'{"a":2}'))
        node.tick()
        assert due(engine) == [moment("2026-05-01T13:00Z")]
        assert [bytes(run.params) for run in runs(engine)] == [b'{"a":2}']
        assert plan(firings).schedule.overlap == "allow"

    def test_what_is_taken_out_of_the_code_fires_no_more(
        self, engine: Implementation, nodes: Nodes, clock: Clock
    ) -> None:
        node = nodes(schedule(), schedule(name="stays"))
        node.tick()
        node.loads(schedule(name="stays"))
        clock.now += MINUTE
        node.tick()
        assert Counter(run.key.split("/")[1] for run in runs(engine) if run.key) == {"stays": 1}

    def test_the_code_that_came_last_has_it_and_the_one_that_stays_gets_it(
        self, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        engine = Cluster(request.getfixturevalue("record"))  # an embedded record has one node
        nodes, clock, firings = Nodes(engine), engine.clock, engine.firings()
        try:
            old, new = nodes(schedule()), nodes(schedule(every=2 * MINUTE))
            for node in (old, new, old, new, old):
                node.tick()
            assert (plan(firings).schedule.every, plan(firings).node) == (2 * MINUTE, new.name)
            clock.now += 10 * MINUTE
            assert [node.tick() for node in (old, new)] == [False, True]
            newer = nodes(schedule(every=2 * MINUTE))
            new.ends()
            old.tick()
            newer.tick()
            assert plan(firings).node == newer.name, "others of the same code come first"
            newer.ends()
            old.tick()
            monkeypatch.setattr(ticker, "LEFT_S", 0.0)
            old.tick()
            assert (plan(firings).schedule.every, plan(firings).node) == (MINUTE, old.name)
        finally:
            nodes.close()
            engine.close()

    def test_a_node_whose_clock_is_wrong_fires_by_that_of_the_database(self, request: pytest.FixtureRequest) -> None:
        engine = Cluster(request.getfixturevalue("record"))
        try:
            wrong = Clock()
            wrong.now += 5 * HOUR
            now, _ = engine.firings(wrong).read(["nightly"])
            assert now == pytest.approx(engine.clock.now, abs=0.1)
        finally:
            engine.close()
