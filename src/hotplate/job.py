"""A job: a typed function that a worker runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Generic, ParamSpec, TypeVar, cast

from msgspec.structs import asdict

from .context import starter
from .errors import DeclarationError
from .options import START_OPTIONS, Known, StartOptions, job_options
from .run import LOST_LIMIT, Run
from .signature import Signature

P = ParamSpec("P")
R = TypeVar("R")


class Job(Generic[P, R]):
    """A function declared with `@hp.job`. Calling it runs it here and now; `start` lets a worker run it."""

    def __init__(self, fn: Callable[P, R], *, name: str | None = None, **options: Any) -> None:
        self.fn = fn
        self.name = name or fn.__name__
        self.doc = inspect.getdoc(fn) or ""
        self.options_ = job_options(self.name, options)
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
