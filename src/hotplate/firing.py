"""A firing: one due moment of a schedule, claimed once. Which one is next, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from .caller import SCHEDULE
from .options import Known
from .run import LOST_LIMIT, NewRun, new_id, utc
from .schedule import Schedule

TOPIC = "schedules"
"""What the feed rings when something of a schedule has changed."""

ON_TIME_S = 60.0
"""A moment that was claimed within so many seconds was not missed."""

JUMP_S = 10.0
"""A record that is so far ahead of its own clock was written before that clock was set back, in seconds."""


class Plan(Struct, frozen=True, kw_only=True):
    """A schedule as it stands on record. Times are Unix timestamps, by the clock of the record.

    since: what was due up to here is done with. next_at: the next due moment; None while it is paused, or without end.
    held: that moment has come, and waits for the end of the run before.
    last_due, last_run: the last firing. skipped: how many moments were passed over, the last one at `skipped_at`, since
    nobody was there (`skipped_for` is `missed`) or the run before was going on (`overlap`).
    node: who put it on record. version: raised with each change.
    going: the last run has not ended. orphaned: the node is gone. These two come from elsewhere in the record.
    """

    schedule: Schedule
    since: float
    next_at: float | None
    held: bool = False
    paused_at: float | None = None
    last_due: float | None = None
    last_run: str | None = None
    skipped: int = 0
    skipped_at: float | None = None
    skipped_for: str | None = None
    node: str = ""
    version: int = 0
    going: bool = False
    orphaned: bool = False


class Firings(Protocol):
    """The record of schedules. Every verb is one transaction; every change is guarded by the version."""

    def read(self, names: Collection[str]) -> tuple[float, list[Plan]]:
        """The time by the record's clock, and the schedules of these names that are on record."""

    def add(self, plan: Plan) -> bool:
        """Put a schedule on record, as version 1; False if one of that name is there."""

    def change(self, to: Plan) -> bool:
        """Put a schedule on record as it is to be from now on; False if it has changed since `to.version`."""

    def fire(self, to: Plan, new: NewRun) -> str | None:
        """Change it, and start a run that becomes its last one; None, and nothing is done, if it has changed.

        The run's id, or that of the earlier run of the same key, which is its last one then.
        """


class Step(Struct, frozen=True):
    """What is to be done with a schedule now: it is to be as in `to`, with a run for the moment `due` if there is one.

    why: what a log should say of it.
    """

    to: Plan
    due: float | None = None
    why: str | None = None


def begin(schedule: Schedule, now: float, node: str = "") -> Plan:
    """The plan of a schedule that is new: what was due before is none of its business."""
    return Plan(schedule=schedule, since=now, next_at=schedule.after(now), node=node)


def adopt(plan: Plan, schedule: Schedule, now: float, node: str) -> Plan:
    """The plan with the schedule as it is declared now. With another rule it is planned anew; paused it stays."""
    is_same = plan.schedule.rule == schedule.rule
    plan = replace(plan, schedule=schedule, node=node)
    return plan if is_same or plan.paused_at is not None else _from(plan, now)


def pause(plan: Plan, now: float) -> Plan:
    """The plan without a next moment, until it is resumed."""
    return replace(plan, paused_at=now, next_at=None, held=False)


def resume(plan: Plan, now: float) -> Plan:
    """The plan that goes on from now: what was due while it was paused is not caught up."""
    return _from(replace(plan, paused_at=None), now)


def step(plan: Plan, now: float) -> Step | None:
    """What is to be done now, None if there is nothing."""
    if plan.paused_at is not None:
        return None
    if plan.since > now + JUMP_S:
        return Step(_from(plan, now), why=f"planned anew, for the clock was set back by {plan.since - now:.0f} s")
    if plan.next_at is None or plan.next_at > now:
        return None
    if plan.held:
        return None if plan.going and plan.schedule.overlap != "allow" else _let_go(plan, plan.next_at, now)
    due = _due(plan.schedule, plan.next_at, now)
    if due is None:
        n = plan.schedule.number(plan.next_at, now)
        return Step(_from(_passed(plan, n, now, "missed"), now), why=f"{n} passed over, since {told(plan.next_at)}")
    missed = plan.schedule.number(plan.next_at, due) - 1
    if missed:
        plan = _passed(plan, missed, now, "missed")
    return _at(plan, due, now, f"; {missed} before it passed over" if missed else "")


def run_of(schedule: Schedule, known: Known, due: float, *, by_hand: bool = False) -> NewRun:
    """The run of a firing. Its key is made of the moment, so that no moment can ever have two.

    by_hand: `due` is the time at which somebody fired it, and no moment of the rule.
    """
    return NewRun(
        id=new_id(),
        job=schedule.job,
        params=schedule.params,
        queue=known.queue,
        priority=known.priority,
        max_attempts=known.retries + 1,
        lost_limit=LOST_LIMIT if known.rerun_lost else 1,
        cap=known.concurrency,
        key=f"schedule/{schedule.name}/{told(due)}{'/by hand' if by_hand else ''}",
        caller=SCHEDULE.id,
        moment=due,
    )


def fired(plan: Plan, due: float) -> Plan:
    """The plan after a firing by hand, which changes nothing of what is due."""
    return replace(plan, last_due=due)


def told(moment: float) -> str:
    """A moment in RFC 3339."""
    return utc(moment).isoformat().replace("+00:00", "Z")


def _due(schedule: Schedule, first: float, now: float) -> float | None:
    """Which of the moments from `first` to now is to be fired now, if any."""
    if schedule.catch_up == "all":
        due = first if first >= now - schedule.window else schedule.after(now - schedule.window)
        return due if due is not None and due <= now else None
    latest = schedule.latest(first, now)
    return latest if latest >= now - (schedule.window if schedule.catch_up == "once" else ON_TIME_S) else None


def _at(plan: Plan, due: float, now: float, more: str) -> Step:
    """What becomes of the moment `due`, whose turn it is."""
    if plan.going and plan.schedule.overlap == "skip":
        to = _from(_passed(plan, 1, now, "overlap"), due)
        return Step(to, why=f"due at {told(due)}, passed over: run {plan.last_run} is going on{more}")
    if plan.going and plan.schedule.overlap == "queue":
        to = replace(plan, next_at=due, held=True)
        return Step(to, why=f"due at {told(due)}, waits for the end of run {plan.last_run}{more}")
    late = now - due > ON_TIME_S
    why = f"due at {told(due)}, {'caught up now' if late else 'fires'}{more}" if late or more else None
    return Step(_from(replace(plan, last_due=due), due), due, why)


def _let_go(plan: Plan, due: float, now: float) -> Step:
    """The firing of a moment that has waited; those that came meanwhile are passed over, unless all are wanted."""
    plan = replace(plan, last_due=due)
    if plan.schedule.catch_up == "all":
        return Step(_from(plan, due), due)
    passed = plan.schedule.number(plan.schedule.after(due), now)
    if not passed:
        return Step(_from(plan, due), due)
    to = _from(_passed(plan, passed, now, "overlap"), now)
    return Step(to, due, f"due at {told(due)}, fires; {passed} that came while it waited passed over")


def _passed(plan: Plan, number: int, now: float, why: str) -> Plan:
    return replace(plan, skipped=plan.skipped + number, skipped_at=now, skipped_for=why)


def _from(plan: Plan, since: float) -> Plan:
    """The plan as of a moment up to which all is done with."""
    return replace(plan, since=since, next_at=plan.schedule.after(since), held=False)
