"""All declared functions by name, and the namespaces in which they are declared."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Literal, Never, ParamSpec, TypeVar, overload

from msgspec.structs import replace

from . import schedule
from .errors import DeclarationError, InvalidParams
from .job import Job
from .live import Emission, Live, live_options, value
from .method import Method
from .schedule import Schedule

P = ParamSpec("P")
R = TypeVar("R")
C = TypeVar("C", bound=type)

Function = Method[Any, Any] | Job[Any, Any]
Allow = Literal["public"] | None
CatchUp = Literal["skip", "once", "all"]
Overlap = Literal["skip", "queue", "allow"]

RESERVED = ("rpc", "run", "live", "schedule", "worker", "updates")
"""First parts of the built-in methods' names."""

OWN_NAMESPACE = "/hotplate"
"""Of Socket.IO: topics are followed there."""

_MISSING: Any = object()

_NAME = re.compile(r"[^\W_][\w-]*(\.[^\W_][\w-]*)*")


class Registry:
    """Functions by full name. It refuses surprises, each with an error that names the function.

    A namespace's registry passes on what is added to it to every registry that includes it, under its longer name,
    so that the order of declaring and including does not matter.
    """

    def __init__(self) -> None:
        self._functions: dict[str, Function] = {}
        self._names: dict[int, str] = {}
        self._includers: list[tuple[Registry, str]] = []
        self._addresses: dict[str, str] = {}
        self._schedules: dict[str, Schedule] = {}
        self._lives: dict[str, Live[Any]] = {}
        self.emissions: list[Emission] = []
        self._serving = False
        self.functions = MappingProxyType(self._functions)
        self.addresses = MappingProxyType(self._addresses)
        self.schedules = MappingProxyType(self._schedules)
        self.lives = MappingProxyType(self._lives)

    @property
    def methods(self) -> dict[str, Method[Any, Any]]:
        return {name: fn for name, fn in self._functions.items() if isinstance(fn, Method)}

    @property
    def jobs(self) -> dict[str, Job[Any, Any]]:
        return {name: fn for name, fn in self._functions.items() if isinstance(fn, Job)}

    def name_of(self, function: Function | Live[Any]) -> str | None:
        """The full name of a function, or None if it is not declared here."""
        return self._names.get(id(function))

    def add(self, name: str, function: Function) -> None:
        """Declare `function` as `name` here and wherever this registry is included. Raises `DeclarationError`."""
        places = list(self._places(name))
        for registry, full_name in places:
            registry._check(full_name)
        for registry, full_name in places:
            registry._functions[full_name] = function
            registry._names.setdefault(id(function), full_name)

    def add_schedule(self, declared: Schedule) -> None:
        """Declare a schedule of a job here and wherever this registry is included. Raises `DeclarationError`."""
        places = [
            (registry, replace(declared, name=name, job=job))
            for (registry, name), (_, job) in zip(self._places(declared.name), self._places(declared.job), strict=True)
        ]
        for registry, named in places:
            registry._check_schedule(named)
        for registry, named in places:
            registry._schedules[named.name] = named

    def add_live(self, name: str, live: Live[Any]) -> None:
        """Declare a live value here and wherever this registry is included. Raises `DeclarationError`."""
        places = list(self._places(name))
        for registry, full_name in places:
            registry._check_live(full_name)
        for registry, full_name in places:
            registry._lives[full_name] = live
            registry._names.setdefault(id(live), full_name)

    def add_emission(self, emission: Emission) -> None:
        """Declare that a live value of this registry is emitted. Raises `DeclarationError`."""
        what = f"event {emission.event!r}"
        if self.name_of(emission.live) is None:
            raise DeclarationError(
                f"{what}: {emission.live!r} is no live value declared here; see hp.live and hp.value"
            )
        if self._serving:
            raise DeclarationError(f"{what} is declared after serving started; declare it beside its live value")
        if not emission.event or emission.event in ("connect", "connect_error", "disconnect"):
            raise DeclarationError(f"{what} cannot be emitted: it has a meaning of its own in Socket.IO")
        if not emission.namespace.startswith("/") or "," in emission.namespace or emission.namespace == OWN_NAMESPACE:
            raise DeclarationError(f"{what}: namespace {emission.namespace!r} is not '/' or a name as '/test'")
        if emission in self.emissions:
            raise DeclarationError(f"{what} is declared twice for live value {emission.live.name!r}")
        self.emissions.append(emission)

    def include(self, other: Registry, prefix: str, path: str | None = None) -> None:
        """Take in all functions of `other`, also those declared later, as `prefix` + their name.

        With `path` they are served at that RPC address, without the prefix, instead of at the common one.
        """
        if other is self or any(registry is other for registry, _ in self._places("")):
            raise DeclarationError(f"namespace {prefix.rstrip('.')!r} cannot be included in itself")
        if path is not None:
            self._check_address(path)
        for name in other.functions:
            for registry, full_name in self._places(prefix + name):
                registry._check(full_name)
        other._includers.append((self, prefix))
        for name, function in other.functions.items():
            self.add(prefix + name, function)
        for name, live in other.lives.items():
            self.add_live(prefix + name, live)
        for declared in other.schedules.values():
            self.add_schedule(replace(declared, name=prefix + declared.name, job=prefix + declared.job))
        if path is not None:
            self._addresses[path] = prefix

    def served(self, path: str | None) -> dict[str, str]:
        """What is called at an RPC address (None: the common one): its name there -> its full name."""
        if path is not None:
            prefix = self._addresses[path]
            return {name.removeprefix(prefix): name for name in self._functions if name.startswith(prefix)}
        elsewhere = tuple(self._addresses.values())
        return {name: name for name in self._functions if not name.startswith(elsewhere)}

    def freeze(self) -> None:
        """From now on nothing can be declared: serving has started."""
        self._serving = True

    def _places(self, name: str) -> Iterator[tuple[Registry, str]]:
        yield self, name
        for registry, prefix in self._includers:
            yield from registry._places(prefix + name)

    def _check(self, name: str) -> None:
        if self._serving:
            raise DeclarationError(
                f"{name!r} is declared after serving started; declare it in a module that the application imports"
            )
        if name in self._functions:
            raise DeclarationError(f"{name!r} is declared twice, the second time here; names are unique")
        check_name(name)

    def _check_schedule(self, declared: Schedule) -> None:
        if self._serving:
            raise DeclarationError(
                f"schedule {declared.name!r} is declared after serving started; declare it in a module that the "
                "application imports"
            )
        if declared.name in self._schedules:
            raise DeclarationError(
                f"schedule {declared.name!r} is declared twice, the second time here; give one of them another name="
            )

    def _check_live(self, name: str) -> None:
        if self._serving:
            raise DeclarationError(
                f"live value {name!r} is declared after serving started; declare it in a module that the application "
                "imports"
            )
        if name in self._lives:
            raise DeclarationError(f"live value {name!r} is declared twice, the second time here; names are unique")
        check_name(name)

    def _check_address(self, path: str) -> None:
        if not path.startswith("/") or any(c in path for c in "?#<> \\") or "//" in path:
            raise DeclarationError(f"{path!r} is no address; allowed: a path beginning with '/', as '/json_echo/'")
        if path in self._addresses:
            raise DeclarationError(f"address {path!r} is given twice; a namespace has an address of its own")


class Namespace:
    """A group of functions declared away from the application; their names begin with `name` and a dot.

    `hp.include(namespace)` takes it into an application, `hp.include(namespace, path="/json_echo/")` at an RPC
    address of its own, where its functions go by their short names.
    """

    def __init__(self, name: str) -> None:
        check_name(name)
        if name.partition(".")[0] in RESERVED:
            raise DeclarationError(f"namespace {name!r} cannot be made: names beginning with '{name}.' are built in")
        self.name = name
        self.registry = Registry()

    @overload
    def method(self, fn: Callable[P, R], /) -> Method[P, R]: ...
    @overload
    def method(
        self, name: str | None = None, /, *, allow: Allow = None, request: bool = False
    ) -> Callable[[Callable[P, R]], Method[P, R]]: ...
    def method(self, first: Any = None, /, *, allow: Allow = None, request: bool = False) -> Any:
        """Declare a function that answers at once: `@hp.method`, `@hp.method("App.index", allow="public")`.

        allow: "public" lets everybody call it. request: it uses `flask.request` or the session.
        """

        def declare(fn: Callable[P, R], name: str | None = None) -> Method[P, R]:
            made = Method(_function(fn), name=name, allow=allow, request=request)
            self.registry.add(made.name, made)
            return made

        return _decorate(declare, first)

    @overload
    def job(self, fn: Callable[P, R], /) -> Job[P, R]: ...
    @overload
    def job(self, name: str | None = None, /, **options: Any) -> Callable[[Callable[P, R]], Job[P, R]]: ...
    def job(self, first: Any = None, /, **options: Any) -> Any:
        """Declare a function that a worker runs: `@hp.job`, `@hp.job(timeout=60, retries=2)`; see `JobOptions`."""

        def declare(fn: Callable[P, R], name: str | None = None) -> Job[P, R]:
            made = Job(_function(fn), name=name, **options)
            self.registry.add(made.name, made)
            return made

        return _decorate(declare, first)

    @overload
    def live(self, fn: Callable[[], R], /) -> Live[R]: ...
    @overload
    def live(
        self, name: str | None = None, /, *, every: float = 1.0, always: bool = False, allow: Allow = None
    ) -> Callable[[Callable[[], R]], Live[R]]: ...
    def live(self, first: Any = None, /, **options: Any) -> Any:
        """Declare a function whose value is pushed when it changes: `@hp.live(every=0.5)`.

        It is called every so many seconds while somebody is subscribed, by one process per machine or cluster.
        always: also while nobody is; a node sees to that (`hotplate worker`).
        """

        def declare(fn: Callable[[], R], name: str | None = None) -> Live[R]:
            made = Live(_function(fn), name=name, **live_options(name or fn.__name__, options))
            self.registry.add_live(made.name, made)
            return made

        return _decorate(declare, first)

    def value(self, name: str, kind: type[R] = _MISSING, /, *, doc: str = "", allow: Allow = None) -> Live[R]:
        """Declare a live value that is set by hand, with `.set()`: `load = hp.value("load", float)`."""
        if kind is _MISSING:
            raise DeclarationError(f"live value {name!r} has no type; give it one: hp.value({name!r}, float)")
        made: Live[R] = value(name, kind, doc=doc, allow=allow)
        self.registry.add_live(name, made)
        return made

    def cron(
        self,
        expression: str,
        /,
        *,
        timezone: str = "UTC",
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        catch_up: CatchUp = "once",
        window: float = 86400.0,
        overlap: Overlap = "skip",
        **options: Any,
    ) -> Callable[[Callable[P, R]], Job[P, R]]:
        """Declare a job with a schedule, or give one to a job: `@hp.cron("*/5 * * * *", timezone="Europe/Berlin")`.

        expression: minute, hour, day of month, month, day of week, as Debian's cron understands them; or `@daily` and
        its like. For the rest see `every`.
        """
        given = {"catch_up": catch_up, "window": window, "overlap": overlap}
        return self._on(schedule.cron(expression, timezone, given), name, params, options)

    def every(
        self,
        *unnamed: Never,
        seconds: float = 0,
        minutes: float = 0,
        hours: float = 0,
        days: float = 0,
        name: str | None = None,
        params: Mapping[str, Any] | None = None,
        catch_up: CatchUp = "once",
        window: float = 86400.0,
        overlap: Overlap = "skip",
        **options: Any,
    ) -> Callable[[Callable[P, R]], Job[P, R]]:
        """Declare a job with a schedule, or give one to a job: `@hp.every(minutes=5)`, counted from 1970 on, in UTC.

        name: of the schedule; else that of the job. params: of its runs, where not all parameters have defaults.
        catch_up: of moments that nobody was there for, up to `window` seconds ago: "skip", "once" makes one run for
        all of them, "all" makes one for each. overlap: a moment that comes while the run before is going on is passed
        over ("skip"), waits for its end ("queue"), or does not care ("allow").
        options: those of the job, where this makes it one (`JobOptions`).
        """
        if unnamed:
            raise DeclarationError(f"@hp.every needs a period by name: @hp.every(minutes=5), not {unnamed[0]!r}")
        given = {"catch_up": catch_up, "window": window, "overlap": overlap}
        lengths = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        return self._on(schedule.every(lengths, given), name, params, options)

    def _on(
        self, rule: Schedule, name: str | None, params: Mapping[str, Any] | None, options: dict[str, Any]
    ) -> Callable[[Callable[P, R]], Job[P, R]]:
        if name is not None:
            check_name(name)

        def declare(fn: Callable[P, R]) -> Job[P, R]:
            job = self._job_of(fn, options)
            mine = self.registry.name_of(job) or job.name
            given = {"name": name or mine, "job": mine, "params": _bound(job, params or {}, rule)}
            self.registry.add_schedule(replace(rule, **given))
            return job

        return declare

    def _job_of(self, fn: Callable[P, R], options: dict[str, Any]) -> Job[P, R]:
        if isinstance(fn, Method | Live):
            raise DeclarationError(f"{fn!r} has no schedule: only jobs have; decorate a function, or one with @hp.job")
        if not isinstance(fn, Job):
            made: Job[P, R] = self.job(**options)(fn)
            return made
        if options:
            raise DeclarationError(f"job {fn.name!r} is made already: give {', '.join(options)} to its @hp.job")
        if self.registry.name_of(fn) is None:
            raise DeclarationError(f"job {fn.name!r} is declared elsewhere; give it a schedule where it is declared")
        return fn

    @overload
    def service(self, cls: C, /) -> C: ...
    @overload
    def service(
        self, name: str | None = None, /, *, allow: Allow = None, request: bool = False
    ) -> Callable[[C], C]: ...
    def service(self, first: Any = None, /, *, allow: Allow = None, request: bool = False) -> Any:
        """Declare the public methods of a class: `class Echo` with `def reverse` gives the method `Echo.reverse`.

        One object of the class is made here, without arguments, and answers all calls, from several threads.
        """

        def declare(cls: C, name: str | None = None) -> C:
            for short_name, bound in _public_methods(cls):
                full_name = f"{name or cls.__name__}.{short_name}"
                self.registry.add(full_name, Method(bound, name=full_name, allow=allow, request=request))
            return cls

        return _decorate(declare, first)

    def include(self, namespace: Namespace) -> None:
        """Take in another namespace: its functions are called `<this>.<other>.<function>`."""
        self.registry.include(namespace.registry, f"{namespace.name}.")


def check_name(name: str) -> None:
    """Refuse a name that cannot be declared. Raises `DeclarationError`."""
    first, dot, _ = name.partition(".")
    if dot and first in RESERVED:
        raise DeclarationError(f"{name!r} cannot be declared: names beginning with '{first}.' are built in")
    if name.startswith("_") or "._" in name:
        raise DeclarationError(f"{name!r} cannot be declared: names beginning with '_' are private")
    if not _NAME.fullmatch(name):
        raise DeclarationError(f"{name!r} is no name; allowed: letters, digits, '_' and '-', in parts joined by '.'")


def _bound(job: Job[..., Any], params: Mapping[str, Any], rule: Schedule) -> bytes:
    """The params of a schedule's runs. Raises `DeclarationError` if the job cannot be started with them."""
    try:
        return job.signature.bind(**params)
    except InvalidParams as error:
        raise DeclarationError(
            f"job {job.name!r} cannot be started by its schedule ({rule.rule}): {error.data}; give all parameters "
            "defaults, or the schedule params={…}"
        ) from error


def _decorate(declare: Callable[..., Any], first: Any) -> Any:
    if first is None or isinstance(first, str):
        return lambda declared: declare(declared, first)
    return declare(first)


def _function(fn: Callable[P, R]) -> Callable[P, R]:
    if isinstance(fn, Job):
        raise DeclarationError(
            f"{fn!r} is a job already; a schedule stands above @hp.job, or makes a job by itself and takes its options"
        )
    if not inspect.isroutine(fn):
        raise DeclarationError(f"{fn!r} is no function; decorate a function, or a class with @hp.service")
    where, _, name = getattr(fn, "__qualname__", "").rpartition(".")
    if where and not where.endswith("<locals>") and next(iter(inspect.signature(fn).parameters), "") in ("self", "cls"):
        raise DeclarationError(f"{name!r} belongs to class {where!r}; decorate the class with @hp.service instead")
    return fn


def _public_methods(cls: type) -> list[tuple[str, Callable[..., Any]]]:
    if not isinstance(cls, type):
        raise DeclarationError(f"{cls!r} is no class; @hp.service decorates a class")
    try:
        service = cls()
    except TypeError as error:
        raise DeclarationError(f"service {cls.__name__!r} cannot be made without arguments: {error}") from error
    public = [name for name in dir(cls) if not name.startswith("_")]
    kinds = (staticmethod, classmethod)
    routines = [n for n in public if isinstance(s := inspect.getattr_static(cls, n), kinds) or inspect.isfunction(s)]
    if not routines:
        raise DeclarationError(f"service {cls.__name__!r} has no public methods")
    return [(name, getattr(service, name)) for name in routines]
