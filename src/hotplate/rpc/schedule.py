"""`schedule.*`: what can be asked of schedules, and done to them for everybody."""

from __future__ import annotations

import builtins
from collections.abc import Callable

from .. import firing
from ..caller import Caller
from ..errors import Conflict, NotFound
from ..firing import TOPIC, Plan
from ..schedule import Schedule as Declared
from .mistake import close_to
from .start import Starting, only_operators, only_signed_in
from .wire import Run, Schedule, schedule_to_wire, to_wire

TRIES = 20
"""How often a change is tried that others come before: schedules change when they fire."""


class ScheduleMethods:
    """Everybody who is signed in sees the schedules; operators pause, resume and fire them, for everybody."""

    def __init__(self, starting: Starting, prefix: str) -> None:
        self._starting, self._prefix = starting, prefix

    def list(self, caller: Caller) -> builtins.list[Schedule]:
        """The schedules of the application, by name."""
        only_signed_in(caller)
        declared = self._starting.registry.schedules
        if not declared:
            return []
        engine = self._starting.engine()
        now, found = engine.firings.read(sorted(declared))
        plans = {plan.schedule.name: plan for plan in found}
        nodes = engine.ledger.nodes()
        return [
            schedule_to_wire(plans.get(name) or firing.begin(declared[name], now), nodes) for name in sorted(declared)
        ]

    def pause(self, caller: Caller, name: str) -> Schedule:
        """Let it fire no more until it is resumed, whatever is started or deployed anew. Runs that go on do go on."""
        return self._changed(caller, name, lambda plan, now: None if plan.paused_at else firing.pause(plan, now))

    def resume(self, caller: Caller, name: str) -> Schedule:
        """Let it fire again from now on: what was due while it was paused is not caught up."""
        return self._changed(caller, name, lambda plan, now: firing.resume(plan, now) if plan.paused_at else None)

    def fire(self, caller: Caller, name: str) -> Run:
        """Start a run of it now, also if it is paused; nothing changes in what is due. `Conflict` if its run before is
        going on, unless it allows that."""
        only_operators(caller, "schedules are fired by operators")
        engine, declared = self._starting.engine(), self._declared(name)
        known = self._starting.registry.jobs[declared.job].known(declared.job)
        for _ in range(TRIES):
            now, plan = self._plan(declared)
            if plan.going and declared.overlap != "allow":
                raise Conflict(data=f"run {plan.last_run} of schedule {name!r} is going on")
            run_id = engine.firings.fire(firing.fired(plan, now), firing.run_of(declared, known, now, by_hand=True))
            if run_id is not None:
                engine.queue.wake({known.queue})
                engine.feed.ring([TOPIC, run_id])
                return to_wire(engine.ledger.get([run_id])[0], self._prefix)
        raise _busy(name)

    def _changed(self, caller: Caller, name: str, change: Callable[[Plan, float], Plan | None]) -> Schedule:
        """The schedule after a change; `change` gives None where there is nothing to be done."""
        only_operators(caller, "schedules are paused and resumed by operators")
        engine, declared = self._starting.engine(), self._declared(name)
        for _ in range(TRIES):
            now, plan = self._plan(declared)
            to = change(plan, now)
            if to is None:
                return schedule_to_wire(plan, engine.ledger.nodes())
            if engine.firings.change(to):
                engine.queue.wake({self._starting.registry.jobs[declared.job].options_.queue})
                engine.feed.ring([TOPIC])
                return schedule_to_wire(self._plan(declared)[1], engine.ledger.nodes())
        raise _busy(name)

    def _declared(self, name: str) -> Declared:
        declared = self._starting.registry.schedules.get(name)
        if declared is None:
            near = close_to(name, self._starting.registry.schedules)
            raise NotFound(data=f"there is no schedule {name[:100]!r}{near}")
        return declared

    def _plan(self, declared: Declared) -> tuple[float, Plan]:
        """The time, and the schedule as it stands on record, where it is put if no node has done so yet."""
        firings = self._starting.engine().firings
        now, found = firings.read([declared.name])
        if not found:
            firings.add(firing.begin(declared, now))
            now, found = firings.read([declared.name])
        return now, found[0]


def _busy(name: str) -> Conflict:
    return Conflict(data=f"schedule {name!r} is changing all the time; try again")
