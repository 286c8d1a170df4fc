"""What the Python client makes of the topics it is given and of the events that come."""

from __future__ import annotations

import json
from typing import Any

import pytest

from hotplate.client import AsyncClient, Client
from hotplate.client.updates import Watch


@pytest.mark.parametrize("client", [Client, AsyncClient])
@pytest.mark.parametrize(
    ("topics", "error", "message"),
    [
        ((), ValueError, "name a topic to watch: a run, 'run/<id>', 'runs', 'workers', 'schedules', 'live/<name>'"),
        ((5,), TypeError, "5 is no topic; there are a run, "),
        ((["runs", "workers"],), TypeError, "each an argument: watch('runs', 'workers')"),
        (("runs", ""), TypeError, "'' is no topic"),
    ],
)
def test_what_is_no_topic_is_refused_with_those_there_are(
    client: Any, topics: tuple[Any, ...], error: type[Exception], message: str
) -> None:
    with pytest.raises(error) as refused:
        client("http://127.0.0.1:9").watch(*topics)
    assert message in str(refused.value)


def told(watching: Watch, topic: str, seq: int, type_: str, data: Any) -> int | None:
    """The seq of what the client tells of an event, if it tells it."""
    event = json.dumps({"topic": topic, "seq": seq, "type": type_, "data": data})
    assert watching.read(f"data: {event}") is None
    update = watching.read("")
    return None if update is None else update.seq


def test_a_live_value_that_has_not_changed_over_a_cut_is_not_told_again() -> None:
    watching = Watch(["live/load", "live/other", "workers"], 0)
    assert told(watching, "live/load", 38, "value", {"value": 1, "version": 38}) == 38
    assert told(watching, "live/other", 38, "value", {"value": 1, "version": 38}) == 38
    assert told(watching, "workers", 0, "workers", []) == 0
    watching.cut()
    assert told(watching, "live/load", 38, "value", {"value": 1, "version": 38}) is None
    assert told(watching, "live/other", 39, "value", {"value": 1, "version": 39}) == 39
    assert told(watching, "workers", 0, "workers", []) == 0
    assert told(watching, "live/load", 38, "value", {"value": 2, "version": 38}) == 38, "of a record begun anew"
