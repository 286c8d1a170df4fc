"""Of all who watch a live function one looks, however long a look takes."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Lock
from typing import Any

import msgspec
import pytest
from flask import Flask

from hotplate import Error, Hotplate
from hotplate.rpc import watching
from hotplate.rpc.watching import Watching
from tests.processes import until


def test_nobody_else_looks_while_a_look_takes_longer_than_the_lease_of_a_quick_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("slow")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)
    begun: list[float] = []
    at_once: list[bool] = []
    looking = Lock()

    @hp.live(every=0.05)
    def slow() -> int:
        at_once.append(not looking.acquire(blocking=False))
        begun.append(time.monotonic())
        time.sleep(0.3)
        looking.release()
        return len(begun)

    for name, seconds in (("LEASE_S", 0.1), ("FIRST_LOOK_S", 0.4), ("LOOK_S", 0.02)):
        monkeypatch.setattr(watching, name, seconds)
    state = app.extensions["hotplate"]
    watchers = [Watching(state.engine, hp.registry.lives, nullcontext) for _ in range(3)]
    for watcher in watchers:
        watcher.begin("slow")
    until(lambda: len(begun) > 5, "several looks")
    for watcher in watchers:
        watcher.close()
    until(lambda: looking.acquire(blocking=False), "the end of the last look")
    assert not any(at_once)
    state.close()


@contextmanager
def looked_at(tmp_path: Path, fn: Callable[[], Any]) -> Iterator[tuple[Callable[[], Any], Callable[[], None]]]:
    """A live function: what is on record of it, and what has it looked at anew."""
    app = Flask("looked")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)
    hp.live("it", every=0.05)(fn)
    state = app.extensions["hotplate"]
    watching = Watching(state.engine, hp.registry.lives, nullcontext)

    def on_record() -> Any:
        return next(iter(state.engine().values.read(["it"])), None)

    def again() -> None:
        watching.end("it")
        watching.begin("it")

    watching.begin("it")
    try:
        yield on_record, again
    finally:
        watching.close()
        state.close()


def test_a_live_function_that_gives_another_type_fails_with_what_does_not_fit(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    values: list[Any] = [3]

    def count() -> int:
        return values[-1]  # type: ignore[no-any-return]

    with looked_at(tmp_path, count) as (on_record, _):
        until(lambda: on_record() and on_record().data == b"3", "the value")
        values.append("no")
        until(lambda: on_record().error is not None, "the error")
        error = msgspec.json.decode(on_record().error)
        assert on_record().data == b"3"
    assert error["code"] == -32016
    assert error["message"] == "Value does not fit its type"
    assert error["data"] == "$: expected `int`, got `str`"
    (line,) = [record for record in caplog.records if "'it'" in record.getMessage()]
    assert line.levelno == logging.WARNING
    assert "expected `int`" in line.getMessage()


@pytest.mark.parametrize("raised", [Error(4002, "the sensor is off"), ValueError("off")])
def test_an_error_is_told_to_the_log_once_however_often_looking_begins(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, raised: Exception
) -> None:
    looks: list[int] = []

    def sensor() -> int:
        looks.append(1)
        raise raised

    with looked_at(tmp_path, sensor) as (on_record, again):
        until(lambda: on_record() is not None, "the error")
        before, version = len(looks), on_record().version
        again()
        until(lambda: len(looks) > before + 2, "looks of another period")
        assert on_record().version == version
        error = msgspec.json.decode(on_record().error)
    (line,) = [record for record in caplog.records if "'it'" in record.getMessage()]
    if isinstance(raised, Error):
        assert (error["code"], error["message"]) == (4002, "the sensor is off")
        assert line.levelno == logging.WARNING
        assert "\n" not in line.getMessage()
    else:
        assert error["data"]["error_id"] in line.getMessage()


def test_an_error_that_comes_back_after_a_value_is_told_again(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    looks: list[int] = []

    def flaky() -> int:
        looks.append(1)
        if len(looks) in (1, 3):
            raise ValueError("off")
        return len(looks)

    with looked_at(tmp_path, flaky):
        until(lambda: len(looks) > 3, "four looks")
    assert len([record for record in caplog.records if "'it'" in record.getMessage()]) == 2


def test_an_error_whose_data_is_no_json_is_an_internal_error_told_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    looks: list[int] = []

    def sensor() -> int:
        looks.append(1)
        raise Error(4002, "the sensor is off", object())

    with looked_at(tmp_path, sensor) as (on_record, _):
        until(lambda: len(looks) > 3, "several looks")
        error = msgspec.json.decode(on_record().error)
    (line,) = [record.getMessage() for record in caplog.records if "'it'" in record.getMessage()]
    assert error["code"] == -32603
    assert error["data"]["error_id"] in line
