"""Starting a job's run, from a call or from Python: one way for both."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .. import tracing
from ..caller import Caller
from ..context import here
from ..engine import Engine
from ..errors import Forbidden, InvalidParams, NotFound, Unauthenticated
from ..job import Job
from ..options import StartOptions
from ..registry import Registry
from ..run import NewRun, Run, new_id
from .mistake import close_to

LONGEST_DELAY_S = 10 * 366 * 86400.0
LONGEST_KEY = 200
LONGEST_QUEUE = 100


class Starting:
    """Starts jobs of a registry on an engine (opened when it is first needed), and finds runs for a caller."""

    def __init__(self, registry: Registry, engine: Callable[[], Engine]) -> None:
        self.registry, self.engine = registry, engine

    def start(self, name: str, job: Job[..., Any], params: bytes, options: StartOptions, caller: Caller) -> Run:
        """Start a run of `job`, declared as `name`; `params` were checked against its signature."""
        _check(options)
        declared = job.options_
        parent = here()
        run_id, queue = new_id(), options.queue or declared.queue
        with tracing.sending(name, run_id, queue) as trace:
            new = NewRun(
                id=run_id,
                job=name,
                params=params or b"{}",
                queue=queue,
                priority=declared.priority if options.priority is None else options.priority,
                due_at=time.time() + options.delay if options.delay else 0.0,
                max_attempts=declared.retries + 1,
                lost_limit=job.lost_limit,
                cap=declared.concurrency,
                key=options.key,
                caller=caller.id,
                parent_id=parent.id if parent else None,
                trace=trace,
            )
            if options.on is not None:
                return self.engine().start_within(options.on, [new])[0]
            return self.engine().start([new])[0]

    def job_for(self, name: str, caller: Caller) -> Job[..., Any]:
        """The job of that name. Raises `InvalidParams` if there is none, `Unauthenticated` if it is not for them."""
        job = self.registry.jobs.get(name)
        if job is None:
            seen = (other for other, one in self.registry.jobs.items() if caller.authenticated or one.allow == "public")
            raise InvalidParams(data=f"parameter 'job': there is no job {name[:100]!r}{close_to(name, seen)}")
        if not (caller.authenticated or job.allow == "public"):
            raise Unauthenticated(data=f"job {name!r} is not public")
        return job

    def run_for(self, run_id: str, caller: Caller) -> Run:
        """The run of that id, in full. Raises `NotFound`, also if it belongs to somebody else."""
        run = self.engine().find(run_id)
        if run is None or not self.is_theirs(run, caller):
            raise _no_run(run_id)
        return run

    def shown(self, run_id: str, caller: Caller) -> Run:
        """The run of that id, to be read: one of theirs, or one that a link led them to. Raises `NotFound`."""
        run = self.engine().find(run_id)
        if run is None:
            raise _no_run(run_id)
        return self.still_shown(run, caller)

    def still_shown(self, run: Run, caller: Caller) -> Run:
        """The run, if the caller may read it. Raises `NotFound`."""
        if not self.may_read(run, caller):
            raise _no_run(run.id)
        return run

    def may_read(self, run: Run, caller: Caller) -> bool:
        """Whether it is theirs, or one of the links that they have opened leads to it."""
        if self.is_theirs(run, caller):
            return True
        return bool(caller.shares) and run.id in self.engine().shares.find(caller.shares).values()

    def shown_jobs(self, caller: Caller) -> set[str]:
        """The jobs of the runs to which the links lead that the caller has opened."""
        engine = self.engine()
        return {run.job for run in engine.ledger.get([*{*engine.shares.find(caller.shares).values()}])}

    def is_theirs(self, run: Run, caller: Caller) -> bool:
        """Whether the caller may see the run in full. Those who have not signed in cannot be told apart: they see what
        they have started of public jobs, and nothing that others have started who were not told apart either."""
        if caller.operator:
            return True
        if run.caller != caller.id:
            return False
        job = self.registry.jobs.get(run.job)
        return caller.authenticated or job is not None and job.allow == "public"


def _no_run(run_id: str) -> NotFound:
    return NotFound(data=f"there is no run {run_id[:100]}")


def _check(options: StartOptions) -> None:
    if type(options.delay) not in (int, float) or not 0 <= options.delay <= LONGEST_DELAY_S:
        raise InvalidParams(data=f"parameter 'delay': a number of seconds from 0 to {LONGEST_DELAY_S:.0f}")
    for name, given, longest in (("key", options.key, LONGEST_KEY), ("queue", options.queue, LONGEST_QUEUE)):
        if given is not None and (not 0 < len(given) <= longest or "\0" in given):
            raise InvalidParams(data=f"parameter {name!r}: a text of 1 to {longest} characters, none of them U+0000")
    if options.priority is not None and not -(2**31) <= options.priority < 2**31:
        raise InvalidParams(data="parameter 'priority': a whole number of 32 bits")


def only_operators(caller: Caller, why: str) -> None:
    """Raise `Forbidden` for somebody who is no operator."""
    if not caller.operator:
        raise Forbidden(data=why)


def only_signed_in(caller: Caller) -> None:
    """Raise `Forbidden` for somebody who has not signed in."""
    if not caller.authenticated:
        raise Forbidden(data="sign in to see this")
