"""A job: a typed function that a worker runs."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from math import isnan
from typing import Any, Generic, Literal, ParamSpec, TypeVar, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from .context import starter
from .errors import DeclarationError
from .run import LOST_LIMIT, Run
from .signature import Signature

P = ParamSpec("P")
R = TypeVar("R")

UNITS = {"KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


class JobOptions(Struct, frozen=True, kw_only=True):
    """How runs of a job are treated; `@hp.job(…)` takes each of these by its name.

    queue: name of the queue its runs wait in.
    priority: higher is sooner, within the queue.
    timeout: seconds an attempt may take; None for no limit.
    retries: how many more attempts there are after one that raised.
    backoff: seconds before the first retry, doubled each time (with jitter, at most an hour).
    rerun_lost: whether a run whose worker died begins again (False for side effects that must not come twice).
    concurrency: how many runs of the job may go on at once, over all workers; None for no limit.
    memory: bytes (or "512 MiB") a run may need above what its worker needs itself; None for no limit. Linux only.
    allow: "public" lets everybody start it.
    """

    queue: str = "default"
    priority: int = 0
    timeout: float | None = None
    retries: int = 0
    backoff: float = 1.0
    rerun_lost: bool = True
    concurrency: int | None = None
    memory: int | None = None
    allow: Literal["public"] | None = None


class Known(JobOptions, frozen=True, kw_only=True):
    """A job as a worker knows it, under its full name: what a node needs to claim, watch and judge its runs."""

    name: str


class StartOptions(Struct, frozen=True, kw_only=True):
    """How one run is started.

    delay: seconds before it is due. priority, queue: instead of the job's own.
    key: starting again with the same key (by the same caller, for the same job) gives the first run back.
    on: a database session or connection to start it in (cluster engine).
    """

    delay: float = 0.0
    priority: int | None = None
    queue: str | None = None
    key: str | None = None
    on: Any = None


START_OPTIONS = frozenset(StartOptions.__struct_fields__)


class Job(Generic[P, R]):
    """A function declared with `@hp.job`. Calling it runs it here and now; `start` lets a worker run it."""

    def __init__(self, fn: Callable[P, R], *, name: str | None = None, **options: Any) -> None:
        self.fn = fn
        self.name = name or fn.__name__
        self.doc = inspect.getdoc(fn) or ""
        self.options_ = _checked(self.name, options)
        if inspect.iscoroutinefunction(fn) or inspect.isasyncgenfunction(fn):
            raise DeclarationError(f"job {self.name!r} is an async function; a job is a plain function or generator")
        self.signature = Signature(fn, name=self.name, noun="job")
        self.__name__, self.__doc__, self.__wrapped__ = fn.__name__, fn.__doc__, fn
        self.__module__, self.__qualname__ = fn.__module__, fn.__qualname__

    def __repr__(self) -> str:
        return f"<Job {self.name}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.fn(*args, **kwargs)

    @property
    def allow(self) -> str | None:
        return self.options_.allow

    def start(self, *args: P.args, **kwargs: P.kwargs) -> Run:
        """Start a run with these arguments and return it at once.

        The arguments are checked against the job's types; `InvalidParams` names the one that does not fit.
        The names of `StartOptions` (`key`, `delay`, …) may be given too where no parameter has that name;
        for type checkers and for such parameters there is `options`.
        """
        mine = {p.name for p in self.signature.parameters}
        names = [name for name in kwargs if name in START_OPTIONS and name not in mine]
        options: dict[str, Any] = {name: kwargs.pop(name) for name in names}
        return self._start(StartOptions(**options), args, kwargs)

    def options(
        self,
        *,
        delay: float = 0.0,
        priority: int | None = None,
        queue: str | None = None,
        key: str | None = None,
        on: Any = None,
    ) -> StartWith[P, R]:
        """The same job with options for its start: `job.options(key="2026-11", delay=60).start(n=10)`."""
        return StartWith(self, StartOptions(delay=delay, priority=priority, queue=queue, key=key, on=on))

    def known(self, full_name: str) -> Known:
        """The job as a node needs to know it."""
        return Known(name=full_name, **asdict(self.options_))

    @property
    def lost_limit(self) -> int:
        return LOST_LIMIT if self.options_.rerun_lost else 1

    def _start(self, options: StartOptions, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Run:
        return cast(Run, starter(self).start(self, self.signature.bind(*args, **kwargs), options))


class StartWith(Generic[P, R]):
    """A job with the options of its next start."""

    def __init__(self, job: Job[P, R], options: StartOptions) -> None:
        self.job, self._options = job, options

    def start(self, *args: P.args, **kwargs: P.kwargs) -> Run:
        """Start a run with these arguments and return it at once."""
        return self.job._start(self._options, args, kwargs)


def _checked(name: str, given: dict[str, Any]) -> JobOptions:
    for option in given:
        if option not in JobOptions.__struct_fields__:
            known = ", ".join(JobOptions.__struct_fields__)
            raise DeclarationError(f"job {name!r}: unknown option {option!r}; the options are {known}")
    if isinstance(given.get("memory"), str):
        given["memory"] = _size(name, given["memory"])
    options = replace(JobOptions(), **given)
    for option, (fits, allowed) in _ALLOWED.items():
        if not fits(getattr(options, option)):
            raise DeclarationError(f"job {name!r}: {option} is {given[option]!r}; allowed: {allowed}")
    return options


def _size(name: str, text: str) -> int:
    number, _, unit = text.strip().partition(" ")
    if not number.isdigit() or unit not in UNITS:
        raise DeclarationError(f"job {name!r}: memory is {text!r}; allowed: bytes, or such as '512 MiB' or '2 GiB'")
    return int(number) * UNITS[unit]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and not isnan(value)


def _is_count(value: Any, least: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= least


_ALLOWED: dict[str, tuple[Callable[[Any], bool], str]] = {
    "queue": (lambda v: isinstance(v, str) and 0 < len(v) <= 100, "a name of 1 to 100 characters"),
    "priority": (lambda v: _is_count(v, -(2**31)), "a whole number; higher is sooner"),
    "timeout": (lambda v: v is None or _is_number(v) and v > 0, "a number of seconds above 0, or None"),
    "retries": (lambda v: _is_count(v, 0), "a whole number, 0 or more"),
    "backoff": (lambda v: _is_number(v) and v >= 0, "a number of seconds, 0 or more"),
    "rerun_lost": (lambda v: isinstance(v, bool), "True or False"),
    "concurrency": (lambda v: v is None or _is_count(v, 1), "a whole number, 1 or more, or None"),
    "memory": (lambda v: v is None or _is_count(v, 2**20), "at least 1 MiB in bytes, or such as '512 MiB', or None"),
    "allow": (lambda v: v in (None, "public"), "'public' or None"),
}


def default_concurrency() -> int:
    """One run for each core this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
