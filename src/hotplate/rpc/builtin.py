"""The built-in methods, and jobs as what can be called: a job is called by its name, and the answer is its new run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Raw

from ..caller import Caller
from ..engine import Filter
from ..job import Job
from ..options import StartOptions
from ..run import State
from ..signature import Signature
from .live import LiveMethods
from .schedule import ScheduleMethods
from .start import Starting, only_signed_in
from .wire import (
    Node,
    Run,
    RunEvent,
    RunLog,
    RunPage,
    RunWithParams,
    event_to_wire,
    node_to_wire,
    to_wire as run_to_wire,
    with_params,
)

LONGEST_WAIT_S = 25.0
"""A `run.wait` answers at the latest after so many seconds, which is less than proxies usually allow."""

_encode = msgspec.json.Encoder().encode


class BuiltinTarget:
    """A built-in method: a function whose first argument is the caller."""

    needs_request = False
    answer_async = None

    def __init__(self, name: str, fn: Callable[..., Any], *, public: bool) -> None:
        self.name, self.public = name, public
        self.signature = Signature(fn, name=name, noun="method", skip_first=True)
        self.doc = fn.__doc__ or ""

    def answer(self, params: bytes, caller: Caller) -> bytes:
        signature = self.signature
        return _encode(signature.call(signature.decode(params), caller))


class JobTarget:
    """A job: calling it starts a run."""

    needs_request = False
    answer_async = None

    def __init__(self, name: str, job: Job[..., Any], starting: Starting, prefix: str) -> None:
        self.name, self.public = name, job.allow == "public"
        self._job, self._starting, self._prefix = job, starting, prefix

    def answer(self, params: bytes, caller: Caller) -> bytes:
        self._job.signature.decode(params)
        run = self._starting.start(self.name, self._job, params, StartOptions(), caller)
        return _encode(run_to_wire(run, self._prefix))


class RunMethods:
    """`run.*`: what can be asked of runs. A caller sees their own runs, an operator all of them."""

    def __init__(self, starting: Starting, prefix: str) -> None:
        self._starting, self._prefix = starting, prefix

    def get(self, caller: Caller, id: str) -> RunWithParams:
        """The run as it stands now, with its params."""
        return with_params(self._starting.run_for(id, caller), self._prefix)

    def list(
        self,
        caller: Caller,
        job: str | None = None,
        state: State | None = None,
        before: int | None = None,
        limit: Annotated[int, Meta(ge=1, le=500)] = 50,
        parent_id: str | None = None,
    ) -> RunPage:
        """The runs, newest first. `before` is the `next` of the page before."""
        only_signed_in(caller)
        mine = None if caller.operator else caller.id
        which = Filter(job=job, state=state, caller=mine, before=before, limit=limit, parent_id=parent_id)
        runs, following = self._starting.engine().ledger.page(which)
        return RunPage([run_to_wire(run, self._prefix) for run in runs], following)

    def wait(
        self,
        caller: Caller,
        id: str,
        timeout: Annotated[float, Meta(ge=0)] = LONGEST_WAIT_S,
        seq: int | None = None,
    ) -> Run:
        """The run as soon as it has ended, or with `seq` as soon as it has got beyond it; after `timeout` seconds
        (at most 25) as it stands."""
        self._starting.run_for(id, caller)
        run = self._starting.engine().watch(id, seq, min(timeout, LONGEST_WAIT_S))
        return run_to_wire(run, self._prefix)

    def cancel(self, caller: Caller, id: str) -> Run:
        """Ask for the run to be cancelled: at once while it is queued; a running one is asked to stop, and ended if
        it does not. A run that has ended stays as it is."""
        return run_to_wire(self._starting.engine().cancel(self._starting.run_for(id, caller)), self._prefix)

    def retry(self, caller: Caller, id: str) -> Run:
        """Start the same job with the same params again: a new run with `retry_of`."""
        return run_to_wire(self._starting.engine().retry(self._starting.run_for(id, caller)), self._prefix)

    def log(
        self,
        caller: Caller,
        id: str,
        after: Annotated[int, Meta(ge=0)] = 0,
        limit: Annotated[int, Meta(ge=1, le=10_000)] = 1000,
    ) -> RunLog:
        """Log lines and partial results of the run after the seq `after`."""
        self._starting.run_for(id, caller)
        events: list[RunEvent] = [
            event_to_wire(event) for event in self._starting.engine().ledger.events(id, after, limit)
        ]
        return RunLog(events, events[-1].seq if events else after)

    def start(
        self,
        caller: Caller,
        job: str,
        params: Raw = Raw(b"{}"),  # noqa: B008 - never changed
        delay: float = 0.0,
        priority: int | None = None,
        key: str | None = None,
        queue: str | None = None,
    ) -> Run:
        """Start a run of `job`. `delay` in seconds; a higher `priority` is sooner; the same `key` gives the same run
        again instead of a second one."""
        declared = self._starting.job_for(job, caller)
        sent = bytes(params)
        declared.signature.decode(sent)
        options = StartOptions(delay=delay, priority=priority, key=key, queue=queue)
        return run_to_wire(self._starting.start(job, declared, sent, options, caller), self._prefix)


def worker_list(starting: Starting) -> Callable[[Caller], list[Node]]:
    def worker_list(caller: Caller) -> list[Node]:
        """The worker nodes that are alive."""
        only_signed_in(caller)
        return [node_to_wire(node) for node in starting.engine().ledger.nodes()]

    return worker_list


def builtin_targets(starting: Starting, prefix: str) -> Mapping[str, BuiltinTarget]:
    """The built-in methods by name. Runs can be asked for by everybody if there are jobs for everybody."""
    public = any(job.allow == "public" for job in starting.registry.jobs.values())
    runs = RunMethods(starting, prefix)
    verbs = ("get", "list", "wait", "cancel", "retry", "log", "start")
    targets = {f"run.{verb}": BuiltinTarget(f"run.{verb}", getattr(runs, verb), public=public) for verb in verbs}
    lives = LiveMethods(starting.registry, starting.engine)
    shown = any(live.allow == "public" for live in starting.registry.lives.values())
    for name in ("live.list", "live.get"):
        targets[name] = BuiltinTarget(name, getattr(lives, name.partition(".")[2]), public=shown)
    schedules = ScheduleMethods(starting, prefix)
    for name in (f"schedule.{verb}" for verb in ("list", "pause", "resume", "fire")):
        targets[name] = BuiltinTarget(name, getattr(schedules, name.partition(".")[2]), public=False)
    targets["worker.list"] = BuiltinTarget("worker.list", worker_list(starting), public=False)
    return targets
