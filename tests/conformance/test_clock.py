"""Times on record are those of the database's clock, whatever happens to the clock of a machine."""

from __future__ import annotations

import pytest

from .conftest import Clock, Cluster
from .test_ledger import start


@pytest.mark.parametrize("seconds", [3600, -3600, 1])
def test_a_clock_that_is_set_changes_no_times_on_record(record: str, seconds: float) -> None:
    engine, moved = Cluster(record), Clock()
    try:
        ledger = engine.ledger(moved)
        (before,) = start(ledger)
        moved.now += seconds
        (after,) = start(ledger)
        assert after.created_at.timestamp() == pytest.approx(before.created_at.timestamp(), abs=0.001)
        assert ledger.counts().at == pytest.approx(engine.clock.now)
    finally:
        engine.close()


def test_a_clock_that_is_set_while_the_database_tells_the_time_changes_none(record: str) -> None:
    class Moving(Clock):
        def __call__(self) -> float:
            moved.now += 3600
            return self.now

    engine, moved = Cluster(record), Clock()
    try:
        engine.clock = Moving()
        (run,) = start(engine.ledger(moved))
        assert run.created_at.timestamp() == pytest.approx(engine.clock.now, abs=1)
    finally:
        engine.close()
