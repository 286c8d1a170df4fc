"""Pi by throwing darts: of points chosen at random in a square, pi/4 fall into the quarter circle within it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random
from typing import Annotated

from msgspec import Struct

from .. import Chart

PARTS = 100
"""The samples are taken in this many parts; each has random numbers of its own, so that one can follow any other."""


CONVERGENCE = Chart(x="samples", y="estimate", x_label="darts", y_label="pi is about")


class Point(Struct, frozen=True):
    """The estimate after so many samples; 95 % of such estimates lie within two standard errors of pi."""

    samples: int
    estimate: float
    standard_error: float


class Estimate(Struct, frozen=True):
    """An estimate of pi, with the points by which it converged."""

    estimate: float
    standard_error: float
    samples: int
    error: float
    series: Annotated[list[Point], CONVERGENCE]


def sizes(samples: int) -> list[int]:
    """How many samples each part takes."""
    return [samples * (part + 1) // PARTS - samples * part // PARTS for part in range(PARTS)]


def throw(darts: int, seed: int, part: int) -> int:
    """How many of the darts of a part fall into the quarter circle."""
    random = Random(f"{seed}/{part}").random
    return sum(random() ** 2 + random() ** 2 <= 1.0 for _ in range(darts))


def estimate(inside: Sequence[int], samples: int) -> Estimate:
    """The estimate from the darts of each part that fell into the quarter circle."""
    series = []
    hits = thrown = 0
    for count, size in zip(inside, sizes(samples), strict=True):
        hits, thrown = hits + count, thrown + size
        series.append(_point(hits, thrown))
    last = series[-1]
    return Estimate(last.estimate, last.standard_error, samples, abs(last.estimate - math.pi), series)


def _point(hits: int, thrown: int) -> Point:
    share = hits / thrown
    return Point(thrown, 4 * share, 4 * math.sqrt(share * (1 - share) / thrown))
