"""The demonstration application: `hotplate demo` shows it, `flask --app hotplate.demo.app run` serves it."""

from __future__ import annotations

from typing import Annotated

from flask import Flask
from msgspec import Meta

from .. import Hotplate, current_run
from . import pi
from .finance import finance
from .machine import machine
from .pictures import pictures
from .queueing import queueing
from .text import text

Samples = Annotated[int, Meta(ge=1_000, le=10_000_000_000, description="How many darts are thrown.")]

app = Flask(__name__)
hp = Hotplate(app)
hp.include(finance)
hp.include(machine)
hp.include(pictures)
hp.include(queueing)
hp.include(text)


@hp.service
class Echo:
    """Gives texts back."""

    def echo(self, text: str) -> str:
        """The text as it is."""
        return text

    def reverse(self, text: str) -> str:
        """The text from its end to its beginning."""
        return text[::-1]

    def uppercase(self, text: str) -> str:
        """The text in capital letters."""
        return text.upper()

    def lowercase(self, text: str) -> str:
        """The text in small letters."""
        return text.lower()


@hp.job(timeout=3600, retries=2)
def estimate_pi(samples: Samples = 20_000_000, seed: int = 0) -> pi.Estimate:
    """Estimate pi from random points. A run whose worker is lost goes on from its last checkpoint."""
    inside: list[int] = current_run.saved or []
    sizes = pi.sizes(samples)
    for part in range(len(inside), pi.PARTS):
        inside.append(pi.throw(sizes[part], seed, part))
        current_run.progress(sum(sizes[: part + 1]), samples, "darts")
        if part % 10 == 9:
            current_run.checkpoint(inside)
    return pi.estimate(inside, samples)


hp.cron("*/30 * * * *", name="half_hourly_pi", params={"samples": 1_000_000})(estimate_pi)
