"""The price of a European option: by the formula of Black and Scholes, and by simulation."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from random import Random
from statistics import NormalDist
from typing import Annotated

from msgspec import Meta, Struct

from .. import Chart, Namespace, progress

finance = Namespace("finance")

PARTS = 100

Price = Annotated[float, Meta(gt=0, le=1e6, description="In units of currency.")]
Rate = Annotated[
    float, Meta(ge=-0.5, le=1, description="Interest without risk, compounded continuously: 0.1 for 10 %.")
]
Volatility = Annotated[float, Meta(gt=0, le=5, description="Standard deviation of the yearly return: 0.2 for 20 %.")]
Years = Annotated[float, Meta(gt=0, le=50, description="Time until the option can be exercised.")]
Paths = Annotated[int, Meta(ge=1_000, le=1_000_000_000, description="How many futures of the share are simulated.")]


class Option(Struct, frozen=True):
    """Prices of the right to buy (call) and to sell (put), and how they move with the share's price (delta)."""

    call: float
    put: float
    call_delta: float
    put_delta: float


class Step(Struct, frozen=True):
    """The simulated prices after so many paths."""

    paths: int
    call: float
    call_error: float
    put: float
    put_error: float


class Simulation(Struct, frozen=True):
    """Simulated prices with their standard errors, the exact ones, and the steps of the convergence."""

    call: float
    call_error: float
    put: float
    put_error: float
    exact: Option
    series: Annotated[list[Step], Chart(x="paths", y=["call", "put"], y_label="price")]


@finance.method
def black_scholes(
    spot: Price = 42, strike: Price = 40, rate: Rate = 0.1, volatility: Volatility = 0.2, years: Years = 0.5
) -> Option:
    """Price a European option on a share without dividends.

    F. Black, M. Scholes: The Pricing of Options and Corporate Liabilities, Journal of Political Economy 81 (1973).
    """
    deviation = volatility * math.sqrt(years)
    d1 = (math.log(spot / strike) + (rate + volatility**2 / 2) * years) / deviation
    d2 = d1 - deviation
    normal = NormalDist().cdf
    discounted = strike * math.exp(-rate * years)
    return Option(
        call=spot * normal(d1) - discounted * normal(d2),
        put=discounted * normal(-d2) - spot * normal(-d1),
        call_delta=normal(d1),
        put_delta=normal(d1) - 1,
    )


@finance.job(timeout=600)
def simulate_option(
    spot: Price = 42,
    strike: Price = 40,
    rate: Rate = 0.1,
    volatility: Volatility = 0.2,
    years: Years = 0.5,
    *,
    paths: Paths = 4_000_000,
    seed: int = 0,
) -> Simulation:
    """Price a European option by simulating the share's price, and watch it converge to the exact price.

    Each path comes with its mirror image (antithetic variates), which makes the error smaller for the same work.
    """
    exact = black_scholes(spot, strike, rate, volatility, years)
    log.info("exact: call %.4f, put %.4f", exact.call, exact.put)
    drift = (rate - volatility**2 / 2) * years
    futures = _Futures(spot, drift, volatility * math.sqrt(years), Random(seed))
    call, put = _Mean(), _Mean()
    series = []
    for part in progress(range(PARTS), label="paths"):
        pairs = paths * (part + 1) // (2 * PARTS) - paths * part // (2 * PARTS)
        for up, down in futures.pairs(pairs):
            call.add((max(up - strike, 0.0) + max(down - strike, 0.0)) / 2)
            put.add((max(strike - up, 0.0) + max(strike - down, 0.0)) / 2)
        series.append(_step(call, put, math.exp(-rate * years)))
    last = series[-1]
    return Simulation(last.call, last.call_error, last.put, last.put_error, exact, series)


log = logging.getLogger(__name__)


class _Futures:
    def __init__(self, spot: float, drift: float, deviation: float, random: Random) -> None:
        self._middle, self._deviation, self._random = spot * math.exp(drift), deviation, random

    def pairs(self, count: int) -> Iterator[tuple[float, float]]:
        """Final prices of a path and of its mirror image."""
        gauss, exp, middle, deviation = self._random.gauss, math.exp, self._middle, self._deviation
        for _ in range(count):
            factor = exp(deviation * gauss(0.0, 1.0))
            yield middle * factor, middle / factor


class _Mean:
    def __init__(self) -> None:
        self.count, self._sum, self._squares = 0, 0.0, 0.0

    def add(self, value: float) -> None:
        self.count += 1
        self._sum += value
        self._squares += value * value

    @property
    def value(self) -> float:
        return self._sum / self.count

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return math.sqrt(max(0.0, self._squares / self.count - self.value**2) / self.count)


def _step(call: _Mean, put: _Mean, discount: float) -> Step:
    return Step(
        paths=2 * call.count,
        call=discount * call.value,
        call_error=discount * call.error,
        put=discount * put.value,
        put_error=discount * put.error,
    )
