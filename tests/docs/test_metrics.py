from __future__ import annotations

import re
from pathlib import Path

from hotplate.engine import Counts, LaneCount, Limit, Tally
from hotplate.rpc.calls import Calls
from hotplate.web.metrics import Watched, of_calls, of_record

PAGE = Path(__file__).parents[2] / "docs/howto/observe.md"


def test_every_metric_is_documented_with_its_labels_and_no_other() -> None:
    lane = LaneCount(queue="q", job="j", ready=1, ready_since=0.0)
    counts = Counts(at=1.0, lanes=[lane], limits=[Limit("j", 1, 1)], tallies=[Tally("j", "succeeded", 1.0, 1, 1.0)])
    calls = Calls()
    calls.of("m").add(0.0)
    shown: dict[str, set[str]] = {}
    for family in [*of_record(Watched(counts, [])), *of_calls(calls)]:
        assert family.text(), family.name
        shown[family.name] = set(re.findall(r'(\w+)="', family.text())) - {"le"}
    table = re.findall(r"^\| (`hotplate_.*?) \| (.*?) ?\| .* \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    told = {
        name: set(re.findall(r"`(\w+)`", labels)) for names, labels in table for name in re.findall(r"`(\w+)`", names)
    }
    assert told == shown
