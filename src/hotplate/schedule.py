"""A schedule: a rule saying when a job is due, as moments of UTC."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import count, islice, takewhile
from math import isfinite
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError
from msgspec import Struct
from msgspec.structs import replace

from .errors import DeclarationError

CATCH_UP = ("skip", "once", "all")
OVERLAP = ("skip", "queue", "allow")

LEAST_S = 1.0
"""The shortest time between two moments of `@hp.every`, in seconds."""

COUNTED = 1000
"""So many moments are counted at most, where it is told how many were skipped."""

SHOWN = 5
"""So many of the moments that are to come are told."""

MACROS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
}

_HOUR = 3600.0
_LAST = datetime.max.replace(tzinfo=UTC).timestamp() - _HOUR


class Schedule(Struct, frozen=True, kw_only=True):
    """A rule saying when a job is due: either `cron`, in a time zone, or `every` so many seconds.

    name, job: full names in the registry. params: of its runs, as JSON.
    catch_up: what becomes of moments that nobody was there for: `skip` passes them over, `once` makes one run for all
    of them, `all` makes one for each; none that are more than `window` seconds ago.
    overlap: what becomes of a moment while the run before is going on: `skip` passes it over, `queue` lets one wait for
    its end, `allow` starts it beside.

    Moments are Unix timestamps in seconds.
    """

    name: str = ""
    job: str = ""
    cron: str | None = None
    timezone: str = "UTC"
    every: float | None = None
    params: bytes = b"{}"
    catch_up: str = "once"
    window: float = 86400.0
    overlap: str = "skip"

    @property
    def rule(self) -> str:
        """When it is due, in words."""
        return f"every {self.every:g} s" if self.every is not None else f"cron {self.cron} {self.timezone}"

    def after(self, moment: float) -> float | None:
        """The first moment after another; None if there is none within 50 years."""
        return next(self._moments(moment), None)

    def upcoming(self, first: float | None) -> list[float]:
        """The moment `first` and those after it, `SHOWN` at most; none if there is no first one."""
        return [] if first is None else list(_upcoming(self, first))

    def latest(self, first: float, last: float) -> float:
        """The last moment up to `last`, where `first` is one that is not after it."""
        if self.every is not None:
            period = round(self.every * 1e6)
            return max(first, round(last * 1e6) // period * period / 1e6)
        span = _HOUR
        while last - span > first:
            found = list(self._between(last - span, last))
            if found:
                return found[-1]
            span *= 2
        return max([first, *self._between(first, last)])

    def number(self, first: float | None, last: float) -> int:
        """How many moments there are from the moment `first` to `last`, both included; at most `COUNTED`."""
        if first is None or first > last:
            return 0
        return 1 + sum(1 for _ in islice(self._between(first, last), COUNTED - 1))

    def _between(self, after: float, last: float) -> Iterator[float]:
        return takewhile(lambda moment: moment <= last, self._moments(after))

    def _moments(self, after: float) -> Iterator[float]:
        """All moments after another. Those of `every` are counted from 1970 on, whatever clocks on walls show."""
        if self.every is None:
            yield from _cron(self.cron or "", self.timezone, after)
            return
        period = round(self.every * 1e6)  # in whole microseconds, so that no error adds up
        for n in count(round(after * 1e6) // period + 1):
            yield n * period / 1e6


@lru_cache(maxsize=1024)  # they are told often; a rule as that of 29 February takes 0.7 ms
def _upcoming(schedule: Schedule, first: float) -> tuple[float, ...]:
    return (first, *islice(schedule._between(first, _LAST), SHOWN - 1))


def _cron(expression: str, timezone: str, after: float) -> Iterator[float]:
    zone = UTC if timezone == "UTC" else ZoneInfo(timezone)
    for moment in CronSim(MACROS.get(expression, expression), datetime.fromtimestamp(after, zone)):
        at = moment.timestamp()
        if at > after:  # begun within an hour that comes twice, it first gives moments of the time before
            yield at
            after = at


def cron(expression: str, timezone: str, given: dict[str, Any]) -> Schedule:
    """A schedule by cron, with what else was given. Raises `DeclarationError` naming what is wrong."""
    if not isinstance(expression, str):
        raise DeclarationError(f'@hp.cron needs a rule: @hp.cron("*/5 * * * *"), not {expression!r}')
    where = f"cron {expression!r}"
    if not _is_zone(timezone):
        raise DeclarationError(f"{where}: timezone is {timezone!r}; allowed: such as 'UTC' or 'Europe/Berlin'")
    expression = " ".join(expression.split())
    fields = MACROS.get(expression.lower(), expression)
    if len(fields.split()) != 5:
        count = len(fields.split())
        wrong = "there is no such word" if fields.startswith("@") else f"it has {count} field{'s' * (count != 1)}"
        raise DeclarationError(
            f"{where}: {wrong}; allowed: five fields (minute, hour, day-of-month, month and day-of-week), or one of "
            + ", ".join(MACROS)
        )
    try:
        CronSim(fields, datetime(2000, 1, 1))
    except CronSimError as error:
        field = str(error).removeprefix("Bad ")
        value = dict(zip(_RANGES, fields.split(), strict=True)).get(field)
        raise DeclarationError(f"{where}: {field} is {value!r}; allowed: {_RANGES.get(field)}") from error
    made = Schedule(cron=expression if fields == expression else expression.lower(), timezone=timezone)
    if made.after(0.0) is None:
        raise DeclarationError(f"{where}: no day is ever such a day")
    return _checked(made, given)


def every(lengths: dict[str, float], given: dict[str, Any]) -> Schedule:
    """A schedule by its period, which is the sum of lengths as `timedelta` takes them. Raises `DeclarationError`."""
    said = ", ".join(f"{unit}={length!r}" for unit, length in lengths.items() if length)
    try:
        seconds = timedelta(**lengths).total_seconds()
    except (TypeError, ValueError, OverflowError) as error:
        raise DeclarationError(f"every({said}): {error}") from error
    if seconds < LEAST_S:
        raise DeclarationError(f"every({said}): {seconds:g} s; allowed: at least {LEAST_S:g} s")
    return _checked(Schedule(every=seconds), given)


_RANGES = {
    "minute": "0 to 59",
    "hour": "0 to 23",
    "day-of-month": "1 to 31, L or LW, and a day that some of its months have",
    "month": "1 to 12, or JAN to DEC",
    "day-of-week": "0 to 7, SUN to SAT, or such as MON#1 or FRIL",
}


def _checked(schedule: Schedule, given: dict[str, Any]) -> Schedule:
    for option, allowed in (("catch_up", CATCH_UP), ("overlap", OVERLAP)):
        if option in given and given[option] not in allowed:
            raise DeclarationError(f"{schedule.rule}: {option} is {given[option]!r}; allowed: {', '.join(allowed)}")
    made = replace(schedule, **given)
    if not _is_length(made.window):
        raise DeclarationError(f"{schedule.rule}: window is {made.window!r}; allowed: a number of seconds above 0")
    if made.catch_up == "all" and made.overlap == "skip":
        raise DeclarationError(
            f"{schedule.rule}: catch_up='all' is for a run for each moment, and overlap='skip' would pass most of them "
            "over; give overlap='queue' or overlap='allow' with it"
        )
    return made


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        return False
    return True


def _is_length(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0 and isfinite(value)
