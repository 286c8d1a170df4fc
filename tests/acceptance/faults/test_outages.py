"""Everything that many machines depend on fails while they work, as in `make soak` but small."""

from __future__ import annotations

import pytest

from tests.acceptance.machines import Machines
from tests.acceptance.outages import PLAN, Scale, outages

SMALL = Scale(runs=1000, seconds=0.02, pause=0.3, timeout=60)


@pytest.mark.timeout(240)
def test_nothing_is_lost_wrong_or_undone_whatever_fails(hosted_machines: Machines) -> None:
    figures = outages(hosted_machines, SMALL)
    assert sum(figures[f"times {fault.name}"] for fault in {fault for _, fault in PLAN}) == len(PLAN)
    assert figures["times worker killed"] >= 5
    assert figures["runs"] == figures["outcomes"] >= SMALL.runs
    assert (figures["lost"], figures["wrong results"], figures["final states changed"]) == (0, 0, 0)
    assert figures["runs charged by an outage"] == 0
