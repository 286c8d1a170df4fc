"""The calls that this process has answered, counted."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable
from math import inf
from time import perf_counter

from .message import sent_error

BOUNDS = (0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10.0, inf)
"""Calls are counted by duration: each under the first of these seconds that it did not exceed."""

UNKNOWN = "unknown"
"""Stands for all names that are no method: whoever calls does not decide how much there is to count."""

MOST_CODES = 50
"""So many different error codes of a method are told apart."""


class Times:
    """The calls of one method. within: how many took how long, for each of `BOUNDS`; seconds: of all together.

    Adding to a number takes no lock: nothing in it lets another thread in between.
    """

    __slots__ = ("method", "others", "seconds", "within")

    def __init__(self, method: str) -> None:
        self.method = method
        self.within, self.seconds = [0] * len(BOUNDS), 0.0
        self.others: Counter[str] = Counter()

    def add(self, began: float) -> float:
        """Count a call that began at that `perf_counter()`, with a result unless `add_other` says so; the time now."""
        now = perf_counter()
        seconds = now - began
        self.within[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds
        return now

    def add_other(self, began: float, response: bytes | None) -> float:
        """Count a call without a result: an error, or (None) a notification; the time now."""
        outcome = "notification" if response is None else str(sent_error(response).code)
        self.others[outcome if outcome in self.others or len(self.others) < MOST_CODES else "other"] += 1
        return self.add(began)

    def outcomes(self) -> Iterable[tuple[str, int]]:
        """How calls ended: `ok`, `notification` (which is not answered), or the code of an error."""
        ends = {"ok": sum(self.within) - self.others.total()} | self.others
        return [(outcome, n) for outcome, n in ends.items() if n > 0]


class Calls:
    """Those of one process, by the full names of methods."""

    def __init__(self) -> None:
        self._methods: dict[str, Times] = {}

    def of(self, method: str) -> Times:
        return self._methods.setdefault(method, Times(method))

    def all(self) -> list[Times]:
        """Those of all methods that were called."""
        return [times for times in self._methods.values() if sum(times.within)]
