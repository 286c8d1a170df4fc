"""How the runs of a job are treated, as declared, as a node knows it, and as chosen for one start."""

from __future__ import annotations

from collections.abc import Callable
from math import isnan
from typing import Any, Literal

from msgspec import Struct
from msgspec.structs import replace

from .errors import DeclarationError

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
    on: a SQLAlchemy session or connection, or a psycopg connection, on the database of the record: the run is started
    in its transaction (needs HOTPLATE_DATABASE_URL).
    """

    delay: float = 0.0
    priority: int | None = None
    queue: str | None = None
    key: str | None = None
    on: Any = None


START_OPTIONS = frozenset(StartOptions.__struct_fields__)


def job_options(name: str, given: dict[str, Any]) -> JobOptions:
    """The options of job `name` as given to its decorator. Raises `DeclarationError` naming the one that is wrong."""
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
