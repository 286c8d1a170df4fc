"""Measures what runs and processes cost, and writes the figures of docs/design/capacity.md.

    python -m benchmarks.capacity [PART ...] [--quick] [--page]

The parts are measured one after the other, all of them unless some are named, each with a PostgreSQL of its own; what
was measured before is kept. --page measures nothing and writes the page anew. --quick measures a tenth and writes
nothing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from functools import partial

import msgspec
import psycopg

from benchmarks import report

from . import costs, page, sizes
from .counting import Counting
from .page import Measured

PARTS: Mapping[str, Callable[[Counting, Measured, float], None]] = {
    "runs": lambda server, found, share: costs.measure_runs(server, found.costs, share),
    "idle": lambda server, found, share: costs.measure_idle(server, found.costs, share),
    "fan": lambda server, found, share: costs.measure_fan(server, found.costs, share),
    **{
        name: partial(lambda name, server, found, share: sizes.measure(server, found.sizes, share, name), name)
        for name in sizes.RECORDS
    },
}


def measure(found: Measured, names: list[str], share: float) -> None:
    for name in names:
        began = time.monotonic()
        with Counting() as server:
            PARTS[name](server, found, share)
            with psycopg.connect(server.url) as database:
                version = database.info.parameter_status("server_version")
        found.machine = f"{report.machine('psycopg', 'celery')} · PostgreSQL {version}"
        print(f"{name}: {time.monotonic() - began:.0f} s", file=sys.stderr)


def main() -> None:
    words = sys.argv[1:]
    names = [word for word in words if not word.startswith("--")] or ([] if "--page" in words else list(PARTS))
    if "--quick" in words:
        found = Measured()
        measure(found, names, 0.1)
        print(msgspec.json.format(msgspec.json.encode(found), indent=1).decode())
        return
    for name in names:
        found = page.load()
        measure(found, [name], 1.0)
        page.save(found)
    page.PAGE.write_text(page.written(page.PAGE.read_text("utf-8"), page.load()), "utf-8")


if __name__ == "__main__":
    main()
