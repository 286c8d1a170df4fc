"""`run.list`, `run.count` and `run.get`: what is asked for wrongly, and who sees what."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from hotplate import Caller, Hotplate
from hotplate.caller import ANONYMOUS, OPEN
from hotplate.engine import Ledger, NodeInfo, Outcome, Want
from hotplate.errors import Forbidden, InvalidParams
from hotplate.options import Known
from hotplate.rpc.builtin import builtin_targets

ADA, BOB = Caller("ada", authenticated=True), Caller("bob", authenticated=True)
NONE = {"queued": 0, "running": 0, "succeeded": 0, "failed": 0, "cancelled": 0}


class Asking:
    """The built-in methods of an application with two jobs."""

    def __init__(self, app: Flask) -> None:
        state = app.extensions["hotplate"]
        self.targets, self.ledger = builtin_targets(state.starting, ""), state.starting.engine().ledger

    def ask(self, name: str, by: Caller = OPEN, /, **params: Any) -> Any:
        return msgspec.json.decode(self.targets[name].answer(msgspec.json.encode(params), by))

    def start(self, caller: Caller = OPEN, **params: Any) -> str:
        return str(self.ask("run.start", caller, job="weigh", params=params)["id"])

    def fail(self) -> None:
        """The next run fails."""
        ledger: Ledger = self.ledger
        ledger.enlist(NodeInfo(id="n", host="here", pid=1, concurrency=1), [Known(name="weigh")])
        _, (got,) = ledger.settle([], Want(node="n", jobs=["weigh"], slots=1))
        facts: dict[str, Any] = {"queue": got.queue, "job": got.job, "error": b'{"code":-32010,"message":"No"}'}
        failed = Outcome(id=got.id, attempt=1, move="fail", at=got.attempt, traceback="Traceback: why", **facts)
        assert ledger.settle([failed], None)[0] == [True]


@pytest.fixture
def asking(tmp_path: Path) -> Iterator[Asking]:
    app = Flask("scales")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)

    @hp.job
    def weigh(fruit: str = "") -> int:
        return len(fruit)

    yield Asking(app)
    app.extensions["hotplate"].close()


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"sort": "size"}, "parameter 'sort': invalid enum value 'size'; expected one of"),
    ({"state": "lost"}, "parameter 'state': invalid enum value 'lost'; expected one of"),
    ({"state": ["queued", "lost"]}, r"invalid enum value 'lost' at `state\[1\]`"),
    ({"state": []}, "parameter 'state': expected `array` of length >= 1"),
    ({"skip": -1}, "parameter 'skip': expected `int` >= 0"),
    ({"skip": 10**30}, "parameter 'skip': expected `int` <="),
    ({"before": -1}, "parameter 'before': expected `int` >= 0"),
    ({"before": 10**30}, "parameter 'before': expected `int` <="),
    ({"before": 7, "sort": "-duration"}, "parameter 'before': not with the sort '-duration'"),
    ({"limit": 501}, "parameter 'limit': expected `int` <= 500"),
    ({"since": "yesterday"}, "parameter 'since': invalid RFC3339 encoded datetime"),
    ({"since": "2026-11-21T03:20:45"}, "parameter 'since': expected `datetime` with a timezone"),
    (
        {"since": "2026-11-21T03:00:00Z", "until": "2026-11-21T03:59:59+01:00"},
        "parameter 'until': a time that is not before 'since'",
    ),
    ({"text": "x" * 201}, "parameter 'text': expected `str` of length <= 200"),
]


@pytest.mark.parametrize(("params", "why"), WRONG, ids=lambda value: str(value)[:40])
def test_what_cannot_be_asked_for_is_said(asking: Asking, params: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidParams, match=why):
        asking.ask("run.list", **params)
    if params.keys() <= {"since", "until", "text"}:
        with pytest.raises(InvalidParams, match=why):
            asking.ask("run.count", **params)


@pytest.mark.parametrize("text", ["", "x" * 201, "a\0b"])
def test_a_key_and_a_queue_are_short_texts(asking: Asking, text: str) -> None:
    for name in ("key", "queue"):
        with pytest.raises(InvalidParams, match=f"parameter '{name}': a text of 1 to .* characters"):
            asking.ask("run.start", job="weigh", **{name: text})


def test_parameters_by_position_are_in_the_order_of_the_wire(asking: Asking) -> None:
    first, second = asking.start(), asking.start()
    by_position = msgspec.json.encode(["weigh", "queued", None, 1, None, "anonymous", None, None, None, "created", 1])
    page = msgspec.json.decode(asking.targets["run.list"].answer(by_position, OPEN))
    assert [run["id"] for run in page["runs"]] == [second]
    assert first != second


def test_runs_are_listed_and_counted_by_the_same_filters(asking: Asking) -> None:
    apple, pear = asking.start(ADA, fruit="apple"), asking.start(BOB, fruit="pear")
    created = datetime.fromisoformat(asking.ask("run.get", id=pear)["created_at"])
    for params, ids in [
        ({}, [pear, apple]),
        ({"caller": "ada"}, [apple]),
        ({"text": "PEAR"}, [pear]),
        ({"text": ""}, [pear, apple]),
        ({"text": "a\0b"}, []),
        ({"since": created}, [pear]),
        ({"until": created}, [apple]),
        ({"since": created + timedelta(hours=1)}, []),
        ({"job": "weigh", "parent_id": "nobody"}, []),
    ]:
        found = asking.ask("run.list", **params)
        assert ([run["id"] for run in found["runs"]], found["next"]) == (ids, None), params
        assert asking.ask("run.count", **params) == {**NONE, "queued": len(ids)}, params
    assert [run["id"] for run in asking.ask("run.list", state=["failed", "queued"], sort="created")["runs"]] == [
        apple,
        pear,
    ]
    assert asking.ask("run.list", state=["failed"])["runs"] == []


def test_callers_see_their_own_runs_whomever_they_ask_for(asking: Asking) -> None:
    apple, pear = asking.start(ADA), asking.start(BOB)
    for params, ids in [({}, [apple]), ({"caller": "ada"}, [apple]), ({"caller": "bob"}, []), ({"text": pear}, [])]:
        assert [run["id"] for run in asking.ask("run.list", ADA, **params)["runs"]] == ids
        assert asking.ask("run.count", ADA, **params) == {**NONE, "queued": len(ids)}
    for name in ("run.list", "run.count"):
        with pytest.raises(Forbidden):
            asking.ask(name, ANONYMOUS)


def test_a_run_that_waits_has_a_place_among_all(asking: Asking) -> None:
    theirs, mine = [asking.start(BOB) for _ in range(3)], asking.start(ADA)
    assert asking.ask("run.get", ADA, id=mine)["place"] == 2, "after the first one of another caller"
    assert [asking.ask("run.get", id=id_)["place"] for id_ in theirs] == [1, 3, 4]
    delayed = asking.ask("run.start", job="weigh", delay=60)["id"]
    assert asking.ask("run.get", id=delayed)["place"] is None


def test_operators_alone_see_tracebacks(asking: Asking) -> None:
    failed = asking.start(ADA)
    assert asking.ask("run.get", id=failed)["traceback"] is None
    asking.fail()
    assert asking.ask("run.get", id=failed)["traceback"] == "Traceback: why"
    mine = asking.ask("run.get", ADA, id=failed)
    assert (mine["state"], mine["place"], mine["traceback"]) == ("failed", None, None)
    assert "Traceback" not in str(asking.ask("run.list"))
