"""How busy the machine is, live."""

from __future__ import annotations

import os

from msgspec import Struct

from .. import Namespace

machine = Namespace("machine")


class Load(Struct, frozen=True):
    """How many processes are ready to go on, on average of the last 1, 5 and 15 minutes, and how many cores there are
    for them."""

    minute: float
    five_minutes: float
    quarter_hour: float
    cores: int


@machine.live(every=1.0)
def load() -> Load:
    """How busy the machine is that the server runs on."""
    minute, five_minutes, quarter_hour = (round(average, 2) for average in os.getloadavg())
    return Load(minute, five_minutes, quarter_hour, os.cpu_count() or 1)
