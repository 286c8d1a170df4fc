"""`schedule.*`: who may do what."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from hotplate import Caller, Hotplate
from hotplate.caller import ANONYMOUS, OPEN
from hotplate.errors import Error, Forbidden, NotFound
from hotplate.rpc.builtin import BuiltinTarget, builtin_targets

READER = Caller("ada", authenticated=True)


@pytest.fixture
def targets(tmp_path: Path) -> Iterator[Any]:
    app = Flask("clock")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)

    @hp.every(minutes=5)
    def work() -> int:
        return 1

    @hp.every(minutes=5, overlap="allow", params={"n": 3})
    def count(n: int) -> int:
        return n

    state = app.extensions["hotplate"]
    yield builtin_targets(state.starting, "")
    state.close()


def ask(targets: dict[str, BuiltinTarget], verb: str, name: str | None = None, caller: Caller = OPEN) -> Any:
    params = b"{}" if name is None else msgspec.json.encode({"name": name})
    return msgspec.json.decode(targets[f"schedule.{verb}"].answer(params, caller))


def test_whoever_is_signed_in_sees_them(targets: Any) -> None:
    found = ask(targets, "list", caller=READER)
    assert [(one["name"], one["every"], one["params"], one["version"]) for one in found] == [
        ("count", 300.0, {"n": 3}, 0),
        ("work", 300.0, {}, 0),
    ]
    with pytest.raises(Forbidden):
        ask(targets, "list", caller=ANONYMOUS)
    assert not any(target.public for name, target in targets.items() if name.startswith("schedule."))


@pytest.mark.parametrize("verb", ["pause", "resume", "fire"])
def test_operators_alone_change_them(targets: Any, verb: str) -> None:
    for caller in (READER, ANONYMOUS):
        with pytest.raises(Forbidden, match="operators"):
            ask(targets, verb, "work", caller)
    assert ask(targets, verb, "work")


@pytest.mark.parametrize("verb", ["pause", "resume", "fire"])
def test_there_must_be_one_of_that_name(targets: Any, verb: str) -> None:
    with pytest.raises(NotFound, match="there is no schedule 'nobody'"):
        ask(targets, verb, "nobody")
    with pytest.raises(NotFound, match=r"there is no schedule 'cuont'; did you mean count\?"):
        ask(targets, verb, "cuont")


def test_to_pause_twice_changes_nothing(targets: Any) -> None:
    paused = ask(targets, "pause", "work")
    assert (paused["paused_at"] is not None, paused["upcoming"]) == (True, [])
    assert ask(targets, "pause", "work") == paused
    resumed = ask(targets, "resume", "work")
    assert (resumed["paused_at"], resumed["next_at"] is not None) == (None, True)
    assert ask(targets, "resume", "work") == resumed


def test_it_is_fired_while_its_run_goes_on_only_if_it_allows_that(targets: Any) -> None:
    assert ask(targets, "fire", "count")["id"] != ask(targets, "fire", "count")["id"]
    run = ask(targets, "fire", "work")
    assert (run["job"], run["caller"], run["waiting_for"]) == ("work", "schedule", "no worker alive")
    with pytest.raises(Error, match=f"run {run['id']} of schedule 'work' is going on"):
        ask(targets, "fire", "work")
    ask(targets, "pause", "count")
    assert ask(targets, "fire", "count")["state"] == "queued"


def test_an_application_without_schedules_needs_no_engine() -> None:
    app = Flask("none")
    Hotplate(app)
    starting = app.extensions["hotplate"].starting
    assert ask(dict(builtin_targets(starting, "")), "list") == []
    assert app.extensions["hotplate"]._engine is None
