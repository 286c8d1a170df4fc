from __future__ import annotations

import time

from hotplate.engine import POLL_S
from hotplate.engines.node.pace import IDLE_S, Pace


def test_a_node_that_has_runs_looks_often_by_itself() -> None:
    pace = Pace()
    pace.took("add", 0.1)
    now = time.monotonic()
    assert pace.poll_s(now, 5.0, busy=False) == POLL_S
    assert pace.poll_s(now + IDLE_S + 1, 5.0, busy=True) == POLL_S


def test_a_node_that_had_none_for_a_while_looks_less_often() -> None:
    pace = Pace()
    pace.took("add", 0.1)
    assert pace.poll_s(time.monotonic() + IDLE_S + 1, 5.0, busy=False) == 5.0
