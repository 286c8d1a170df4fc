"""What becomes of due moments, over any course of time: each is fired or passed over, and none is both."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st
from msgspec.structs import replace

from hotplate.firing import JUMP_S, ON_TIME_S, Plan, begin, step
from hotplate.schedule import Schedule

MINUTE = 60.0
BEGUN = 1_800_000_000.0
RULES = (
    {"every": MINUTE},
    {"every": 7 * MINUTE},
    {"cron": "*/5 * * * *", "timezone": "Europe/Berlin"},
    {"cron": "7,11 * * * *"},
)
POLICIES = [
    {"catch_up": catch_up, "overlap": overlap}
    for catch_up in ("skip", "once", "all")
    for overlap in ("skip", "queue", "allow")
    if (catch_up, overlap) != ("all", "skip")
]


class Course:
    """A schedule over time, whose runs end when they are told to."""

    def __init__(self, **facts: Any) -> None:
        self.plan = begin(Schedule(name="s", job="j", **facts), BEGUN)
        self.now = BEGUN
        self.fired: list[float] = []

    def tick(self) -> None:
        while todo := step(self.plan, self.now):
            if todo.due is not None:
                assert not (self.plan.going and self.plan.schedule.overlap != "allow"), "two at once"
                assert todo.due <= self.now
                self.fired.append(todo.due)
            assert todo.to != self.plan, "something is done"
            self.plan = replace(todo.to, going=self.plan.going or todo.due is not None, version=self.plan.version + 1)

    def end_runs(self) -> None:
        self.plan = replace(self.plan, going=False)


def done_with(plan: Plan) -> int:
    """How many moments there are before the one that is next."""
    assert plan.next_at is not None
    return plan.schedule.number(plan.schedule.after(BEGUN), plan.next_at) - 1


@given(
    st.sampled_from(RULES),
    st.sampled_from(POLICIES),
    st.sampled_from([3 * MINUTE, 86400.0]),
    st.lists(st.tuples(st.sampled_from([1.0, 20.0, 61.0, 7 * MINUTE, 45 * MINUTE]), st.booleans()), max_size=25),
)
def test_each_moment_is_fired_or_passed_over(
    rule: dict[str, Any], policy: dict[str, Any], window: float, course: list[tuple[float, bool]]
) -> None:
    one = Course(**rule, **policy, window=window)
    for seconds, ends in course:
        one.now += seconds
        if ends:
            one.end_runs()
        one.tick()
        assert len(one.fired) + one.plan.skipped == done_with(one.plan)
        assert one.plan.next_at is not None
        assert one.plan.held or one.plan.next_at > one.now
        assert one.plan.next_at == one.plan.schedule.after(one.plan.next_at - 1)
    assert one.fired == sorted(set(one.fired))
    if policy["catch_up"] == "all" and window == 86400.0:
        assert one.plan.skipped == 0


def test_the_last_of_the_missed_is_fired_without_catching_up_if_it_is_no_minute_ago() -> None:
    one = Course(every=3600.0, catch_up="skip")
    one.now = 3600.0 * (BEGUN // 3600 + 5) + ON_TIME_S
    one.tick()
    assert one.fired == [one.now - ON_TIME_S]
    one.end_runs()
    one.now += 3600.0 + 1
    one.tick()
    assert len(one.fired) == 1
    assert one.plan.skipped_for == "missed"


@pytest.mark.parametrize("back", [JUMP_S / 2, JUMP_S * 2, 86400.0])
def test_a_clock_that_is_set_back_makes_it_plan_anew_at_most(back: float) -> None:
    one = Course(every=MINUTE)
    one.now += 5 * MINUTE
    one.tick()
    one.end_runs()
    fired_at, one.now = one.fired[-1], one.fired[-1] - back
    one.tick()
    assert one.plan.next_at == (fired_at + MINUTE if back < JUMP_S else one.plan.schedule.after(one.now))
