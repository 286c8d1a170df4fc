"""The built-in methods, and jobs as what can be called: a job is called by its name, and the answer is its new run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Annotated, Any, get_args

import msgspec
from msgspec import Meta, Raw
from msgspec.structs import replace

from ..caller import Caller
from ..errors import InvalidParams
from ..filter import Filter, Sort
from ..job import Job
from ..options import StartOptions
from ..run import State
from ..signature import Signature
from .live import LiveMethods
from .schedule import ScheduleMethods
from .share import ShareMethods
from .start import Starting, only_signed_in
from .wire import (
    Node,
    Run,
    RunCounts,
    RunEvent,
    RunInFull,
    RunLog,
    RunPage,
    event_to_wire,
    in_full,
    listed,
    node_to_wire,
    to_wire as run_to_wire,
)

States = State | Annotated[list[State], Meta(min_length=1, max_length=len(get_args(State)))]
Time = Annotated[datetime, Meta(tz=True)]
Text = Annotated[str, Meta(max_length=200)]
Whole = Annotated[int, Meta(ge=0, le=2**53 - 1)]
"""A whole number that every client can write."""

LONGEST_WAIT_S = 25.0
"""A `run.wait` answers at the latest after so many seconds, which is less than proxies usually allow."""

SHOWN = ("run.get", "run.wait", "run.log", "rpc.discover")
"""What whoever has opened a link to a run may call."""

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
    """`run.*`: what can be asked of runs. A caller sees their own runs, an operator all of them; a link shows one."""

    def __init__(self, starting: Starting, prefix: str) -> None:
        self._starting, self._prefix = starting, prefix

    def get(self, caller: Caller, id: str) -> RunInFull:
        """The run as it stands now, with its params, its place in the queue, and for operators its traceback."""
        run = self._starting.shown(id, caller)
        ledger = self._starting.engine().ledger
        place = ledger.place(id) if run.state == "queued" else None
        traceback = ledger.traceback(id) if caller.operator and run.error is not None else None
        return in_full(run, place, traceback, self._prefix)

    def list(
        self,
        asking: Caller,
        job: str | None = None,
        state: States | None = None,
        before: Whole | None = None,
        limit: Annotated[int, Meta(ge=1, le=500)] = 50,
        parent_id: str | None = None,
        caller: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
        text: Text | None = None,
        sort: Sort = "-created",
        skip: Whole = 0,
    ) -> RunPage:
        """The runs, newest first or as `sort` says. `before` is the `next` of the page before; for other sorts than by
        creation, `skip` passes over those that were seen. `text` is a part of id, job, key, params or error."""
        which = _filter(asking, job, parent_id, caller, since, until, text)
        if before is not None and sort not in ("-created", "created"):
            raise InvalidParams(data=f"parameter 'before': not with the sort {sort!r}, whose pages 'skip' goes through")
        if which is None:
            return RunPage([], None)
        states = [state] if isinstance(state, str) else state or []
        which = replace(which, states=states, sort=sort, before=before, skip=skip, limit=limit)
        runs, following = self._starting.engine().ledger.page(which)
        return RunPage([listed(run, self._prefix) for run in runs], following)

    def count(
        self,
        asking: Caller,
        job: str | None = None,
        parent_id: str | None = None,
        caller: str | None = None,
        since: Time | None = None,
        until: Time | None = None,
        text: Text | None = None,
    ) -> RunCounts:
        """How many runs there are in each state, of those that `run.list` lists with the same filters."""
        which = _filter(asking, job, parent_id, caller, since, until, text)
        return RunCounts(**self._starting.engine().ledger.count(which) if which else {})

    def wait(
        self,
        caller: Caller,
        id: str,
        timeout: Annotated[float, Meta(ge=0)] = LONGEST_WAIT_S,
        seq: int | None = None,
    ) -> Run:
        """The run as soon as it has ended, or with `seq` as soon as it has got beyond it; after `timeout` seconds
        (at most 25) as it stands."""
        self._starting.shown(id, caller)
        run = self._starting.engine().watch(id, seq, min(timeout, LONGEST_WAIT_S))
        return run_to_wire(self._starting.still_shown(run, caller), self._prefix)

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
        self._starting.shown(id, caller)
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


def _filter(
    asking: Caller,
    job: str | None,
    parent_id: str | None,
    caller: str | None,
    since: datetime | None,
    until: datetime | None,
    text: str | None,
) -> Filter | None:
    """Which runs they may see of those asked for; None if these can be none, or are somebody else's."""
    only_signed_in(asking)
    if since is not None and until is not None and until < since:
        raise InvalidParams(data="parameter 'until': a time that is not before 'since'")
    if not asking.operator and caller not in (None, asking.id):
        return None
    if any("\0" in given for given in (job, parent_id, caller, text) if given):
        return None  # PostgreSQL has no text with it
    return Filter(
        job=job,
        parent_id=parent_id,
        caller=caller if asking.operator else asking.id,
        since=_moment(since),
        until=_moment(until),
        text=text,
        in_tracebacks=asking.operator,
    )


def _moment(time: datetime | None) -> float | None:
    """The least Unix timestamp that is told as this time, or a later one: times are told in whole microseconds."""
    return None if time is None else time.timestamp() - 5e-7


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
    verbs = ("get", "list", "count", "wait", "cancel", "retry", "log", "start")
    targets = {f"run.{verb}": BuiltinTarget(f"run.{verb}", getattr(runs, verb), public=public) for verb in verbs}
    lives = LiveMethods(starting.registry, starting.engine)
    shown = any(live.allow == "public" for live in starting.registry.lives.values())
    for name in ("live.list", "live.get"):
        targets[name] = BuiltinTarget(name, getattr(lives, name.partition(".")[2]), public=shown)
    shares = ShareMethods(starting, prefix)
    for name in ("run.share", "run.unshare"):
        targets[name] = BuiltinTarget(name, getattr(shares, name.partition(".")[2]), public=public)
    schedules = ScheduleMethods(starting, prefix)
    for name in (f"schedule.{verb}" for verb in ("list", "pause", "resume", "fire")):
        targets[name] = BuiltinTarget(name, getattr(schedules, name.partition(".")[2]), public=False)
    targets["worker.list"] = BuiltinTarget("worker.list", worker_list(starting), public=False)
    return targets
