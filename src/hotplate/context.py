"""Where code stands just now: which caller it answers, and which run it is in.

Lower nouns reach upwards through here: `job.start` finds the engine by `starter`, a job's own code finds its run by
`current_run`. Both are put in place by those who know them (an application's state, a worker).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar, overload

from .caller import ANONYMOUS, Caller
from .errors import HotplateError

T = TypeVar("T")

caller: ContextVar[Caller] = ContextVar("hotplate_caller")
"""Who is being answered; `current_caller` also knows it in the threads of a run."""


@contextmanager
def answering(who: Caller) -> Iterator[None]:
    """Code within it works for the caller `who`."""
    token = caller.set(who)
    try:
        yield
    finally:
        caller.reset(token)


class ActiveRun(Protocol):
    """The run that a worker is executing, as the job's code sees it."""

    id: str
    job: str
    attempt: int
    caller: Caller
    saved: Any

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None: ...
    def checkpoint(self, value: Any) -> None: ...
    def check(self) -> None: ...
    def lend(self, run_id: str) -> AbstractContextManager[None]: ...


_active_run: ContextVar[ActiveRun | None] = ContextVar("hotplate_active_run", default=None)
_process_run: list[ActiveRun] = []


def here() -> ActiveRun | None:
    """The run this code is in, None outside of one."""
    return _active_run.get() or (_process_run[-1] if _process_run else None)


def current_caller() -> Caller:
    """Who is being answered; in the threads that a run starts, the caller of the run."""
    who = caller.get(None)
    if who is None:
        run = here()
        who = run.caller if run else ANONYMOUS
    return who


def forget_run() -> None:
    """After a fork, in the child: it is in no run."""
    _process_run.clear()
    _active_run.set(None)


@contextmanager
def running(run: ActiveRun, *, whole_process: bool = False) -> Iterator[None]:
    """Code within it is in `run`; with `whole_process` (a worker, which has one run at a time) every thread is."""
    if whole_process:
        _process_run.append(run)
    token = _active_run.set(run)
    try:
        yield
    finally:
        _active_run.reset(token)
        if whole_process:
            _process_run.remove(run)


class CurrentRun:
    """The run this code is in; false outside of a run, where progress and checkpoints do nothing.

    Threads that a job starts are in its run too; processes that it starts are not.
    """

    def __bool__(self) -> bool:
        return here() is not None

    @property
    def id(self) -> str:
        """The run's id. Raises `HotplateError` outside of a run."""
        return self._inside().id

    @property
    def job(self) -> str:
        """The job's name. Raises `HotplateError` outside of a run."""
        return self._inside().job

    @property
    def attempt(self) -> int:
        """1 for the first attempt. With `id` it makes an idempotency key for side effects."""
        return self._inside().attempt

    @property
    def saved(self) -> Any:
        """What the last checkpoint of an earlier attempt saved, else None; as JSON gives it back."""
        run = here()
        return None if run is None else run.saved

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        """Report that `done` of `total` steps are done. Raises `Stopped` if the run was asked to stop."""
        run = here()
        if run is not None:
            run.progress(done, total, message)

    def checkpoint(self, value: Any) -> None:
        """Keep `value` (anything JSON can hold) for the next attempt; on return it is safely stored.

        Raises `Stopped` if the run was asked to stop.
        """
        run = here()
        if run is not None:
            run.checkpoint(value)

    def _inside(self) -> ActiveRun:
        run = here()
        if run is None:
            raise HotplateError("current_run is used outside of a run; inside a job it names the run")
        return run


current_run = CurrentRun()


@overload
def progress(iterable: Iterable[T], total: float | None = None, label: str | None = None) -> Iterator[T]: ...
@overload
def progress(iterable: int, total: float | None = None, label: str | None = None) -> Iterator[int]: ...
def progress(iterable: Any, total: float | None = None, label: str | None = None) -> Iterator[Any]:
    """Go through `iterable` (or `range(iterable)` for an integer) and report each step as the run's progress.

    `total` is the number of steps, taken from `len()` where that is known. Outside of a run it just iterates.
    Raises `Stopped` at the next step if the run was asked to stop.
    """
    items: Iterable[Any] = range(iterable) if isinstance(iterable, int) else iterable
    if total is None and isinstance(items, Sized):
        total = len(items)
    return _steps(items, total, label)


def _steps(items: Iterable[Any], total: float | None, label: str | None) -> Iterator[Any]:
    run = here()
    if run is None:
        yield from items
        return
    report: Callable[[float, float | None, str | None], None] = run.progress
    done = 0
    report(done, total, label)
    for item in items:
        yield item
        done += 1
        report(done, total, label)


class Starter(Protocol):
    """What `job.start` needs of an application: put the run into its engine's record."""

    def start(self, job: Any, params: bytes, options: Any) -> Any: ...


class Setter(Protocol):
    """What a live value needs of an application: its engine's record."""

    def set_live(self, live: Any, value: bytes) -> None: ...
    def get_live(self, live: Any) -> bytes | None: ...


find_setter: Callable[[Any], Setter] | None = None
"""Set by the extension: the application that a live value belongs to here and now."""


def setter(live: Any) -> Setter:
    """Where `live` is set from here. Raises `HotplateError` if no application has it."""
    if find_setter is None:
        raise HotplateError(
            f"live value {live.name!r} belongs to no application yet: make Hotplate(app), or hp.init_app(app), before"
        )
    return find_setter(live)


find_starter: Callable[[Any], Starter] | None = None
"""Set by the extension: the application that a job belongs to here and now."""


def starter(job: Any) -> Starter:
    """Where `job` is started from here. Raises `HotplateError` if no application has it."""
    if find_starter is None:
        raise HotplateError(
            f"job {job.name!r} belongs to no application yet: make Hotplate(app), or hp.init_app(app), before start()"
        )
    return find_starter(job)
