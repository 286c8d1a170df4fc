"""Fires what is due: every node does it for the schedules that its code declares, and the record lets one of them."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from ...firing import TOPIC, Plan, Step, adopt, begin, run_of, step, told
from ...options import Known
from ...schedule import Schedule
from .record import Record

AGAIN_S = 1.0
"""How soon it looks again at a schedule that another node has just changed, or has with other code, in seconds."""

LEFT_S = 10.0
"""How long the code of a node that is gone is waited for before other code takes its schedules, in seconds: while nodes
are replaced one by one, others of the same code come first."""

HELD_S = 0.5
"""How often it looks whether the run has ended that a moment waits for, in seconds."""

HEARD_S = 1.0
"""How often it looks because others ring, at most, in seconds: they may have resumed a schedule."""

AT_ONCE = 50
"""So many moments of a schedule are fired in one go."""

SPREAD_S = 0.1
"""Within so many seconds of a due moment the nodes of a cluster look, one after the other: the first one fires."""

log = logging.getLogger("hotplate.node")


class Ticker:
    """`at`: when something is due next, by the monotonic clock."""

    def __init__(self, node: str) -> None:
        self._node = node
        self._schedules: Mapping[str, Schedule] = {}
        self._news: set[str] = set()
        self._left: dict[str, float] = {}
        self._looked_at = 0.0
        self.at = float("inf")

    def learn(self, schedules: Sequence[Schedule]) -> None:
        """These are the schedules of the code as it is now."""
        named = {schedule.name: schedule for schedule in schedules}
        if named != self._schedules:
            self._schedules, self._news, self.at = named, set(named), 0.0

    def hear(self) -> None:
        """Somebody has rung: look soon."""
        if self._schedules:
            self.at = min(self.at, self._looked_at + HEARD_S)

    def tick(self, record: Record, known: Mapping[str, Known]) -> bool:
        """Fire what is due, and see what will be next; whether a run was started."""
        self.at, self._looked_at = float("inf"), time.monotonic()
        if not self._schedules:
            return False
        now, plans = record.firings.read(list(self._schedules))
        on_record = {plan.schedule.name: plan for plan in plans}
        changed: list[str] = []
        started: list[str] = []
        for name, schedule in self._schedules.items():
            plan = on_record.get(name)
            kept = self._keep(record, schedule, plan, now)
            if kept is not None and kept is not plan:
                changed.append(name)
            wait = self._serve(record, kept, known[schedule.job], now, changed, started)
            self.at = min(self.at, time.monotonic() + wait)
        self.at += random.random() * SPREAD_S if record.apart else 0.0
        if changed:
            record.feed.ring([TOPIC, *started])
        if started:
            record.wake()
        return bool(started)

    def _keep(self, record: Record, schedule: Schedule, plan: Plan | None, now: float) -> Plan | None:
        """The plan as it is on record after this: put there anew if this node's code is the latest, or the last left.

        None if this node is not to serve it now: another one was quicker, or has it with other code.
        """
        name = schedule.name
        if plan is None:
            to = begin(schedule, now, self._node)
            if not record.firings.add(to):
                return None
            plan = replace(to, version=1)
        elif self._takes(plan, schedule):
            to = adopt(plan, schedule, now, self._node)
            if not record.firings.change(to):
                return None
            plan = replace(to, version=plan.version + 1, orphaned=False)
        self._news.discard(name)
        return plan if plan.schedule == schedule else None

    def _takes(self, plan: Plan, schedule: Schedule) -> bool:
        """Whether the schedule is this node's to put on record anew."""
        if not plan.orphaned:
            self._left.pop(schedule.name, None)
        if plan.schedule != schedule and schedule.name not in self._news:
            since = self._left.setdefault(schedule.name, time.monotonic()) if plan.orphaned else float("inf")
            return time.monotonic() - since >= LEFT_S
        return plan.orphaned or plan.schedule != schedule

    def _serve(
        self, record: Record, plan: Plan | None, known: Known, now: float, changed: list[str], started: list[str]
    ) -> float:
        """Fire what is due of one schedule; in how many seconds to look again."""
        if plan is None:
            return AGAIN_S
        for _ in range(AT_ONCE):
            todo = step(plan, now)
            if todo is None:
                break
            run_id = _take(record, todo, known)
            if run_id is None:
                return 0.0  # another node was first
            changed.append(plan.schedule.name)
            started += [run_id] if run_id else []
            plan = replace(todo.to, version=plan.version + 1, going=bool(run_id) or plan.going)
        if plan.held:
            return HELD_S
        return float("inf") if plan.next_at is None else max(plan.next_at - now, 0.0)


def _take(record: Record, todo: Step, known: Known) -> str | None:
    """Do it: the id of the run, empty where there is none; None if another node was first."""
    schedule = todo.to.schedule
    run_id: str | None = ""
    if todo.due is None:
        run_id = "" if record.firings.change(todo.to) else None
    else:
        new = run_of(schedule, known, todo.due)
        run_id = record.firings.fire(todo.to, new)
        if run_id not in (None, new.id):
            log.info("schedule %s: %s was fired before, as run %s", schedule.name, told(todo.due), run_id)
    if run_id is not None and todo.why:
        log.info("schedule %s: %s", schedule.name, todo.why)
    return run_id
