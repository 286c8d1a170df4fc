"""Live values as they are declared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from hotplate import Hotplate, Namespace
from hotplate.caller import ANONYMOUS, OPEN
from hotplate.errors import DeclarationError, HotplateError, NotFound, ResultUnusable
from hotplate.rpc.builtin import builtin_targets


def good() -> int:
    """How many."""
    return 3


def with_a_parameter(n: int) -> int:
    return n


def generator() -> Iterator[int]:
    yield 1


async def asynchronous() -> int:
    return 1


@pytest.mark.parametrize(
    ("fn", "options", "message"),
    [
        (with_a_parameter, {}, "has parameters"),
        (generator, {}, "no plain function"),
        (asynchronous, {}, "no plain function"),
        (good, {"every": 0}, "every is 0"),
        (good, {"every": True}, "every is True"),
        (good, {"every": "often"}, "every is 'often'"),
        (good, {"every": float("nan")}, "every is nan"),
        (good, {"alway": True}, "'good': unknown option 'alway'; the options are every, always, allow"),
        (good, {"allow": "all"}, "allow is 'all'"),
    ],
)
def test_what_cannot_be_a_live_value_is_refused_when_it_is_declared(fn: Any, options: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Hotplate().live(**options)(fn)


def test_a_name_is_given_once() -> None:
    hp = Hotplate()
    hp.value("load", float)
    with pytest.raises(DeclarationError, match="'load' is declared twice"):
        hp.value("load", int)


def test_one_that_is_set_by_hand_has_a_type() -> None:
    with pytest.raises(DeclarationError, match=r"live value 'v' has no type; give it one: hp\.value\('v', float\)"):
        Hotplate().value("v")


def test_it_stays_a_plain_function_and_goes_by_its_full_name() -> None:
    hp, company = Hotplate(), Namespace("company")
    assert company.live(every=0.5)(good)() == 3
    hp.include(company)
    assert list(hp.registry.lives) == ["company.good"]


def test_one_that_is_set_by_hand_has_no_function_to_call() -> None:
    with pytest.raises(HotplateError, match="set by hand"):
        Hotplate().value("load", float)()


def test_values_are_checked_by_their_type_and_kept_for_whoever_asks(tmp_path: Path) -> None:
    app = Flask("lively")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)
    tags = hp.value("tags", list[str])
    with app.app_context():
        assert tags.get() is None
        tags.set(["a", "b"])
        assert tags.get() == ["a", "b"]
        with pytest.raises(ResultUnusable):
            tags.set([float("nan")])  # type: ignore[list-item]
        assert tags.get() == ["a", "b"]
    app.extensions["hotplate"].close()


@dataclass
class Reading:
    at: datetime
    degrees: float | None


def test_a_value_of_another_type_is_refused_where_it_is_set_and_the_last_one_stays(tmp_path: Path) -> None:
    app = Flask("lively")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)
    load, reading = hp.value("load", float), hp.value("reading", Reading)
    with app.app_context():
        load.set(0.5)
        with pytest.raises(ResultUnusable, match=r"Value does not fit its type: \$: expected `float`, got `str`"):
            load.set("no")  # type: ignore[arg-type]
        assert load.get() == 0.5
        at = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        reading.set(Reading(at, float("nan")))
        assert reading.get() == Reading(at, None)
        with pytest.raises(ResultUnusable, match=r"\$\.degrees: expected `float \| null`, got `str`"):
            reading.set(Reading(at, "warm"))  # type: ignore[arg-type]
        assert reading.get() == Reading(at, None)
    app.extensions["hotplate"].close()


def test_one_that_was_set_under_another_type_says_so_when_it_is_read(tmp_path: Path) -> None:
    for kind in (str, float):
        app = Flask("lively")
        app.config["HOTPLATE_DATA"] = str(tmp_path)
        load = Hotplate(app).value("load", kind)
        with app.app_context():
            if kind is str:
                load.set("high")
            else:
                with pytest.raises(ResultUnusable, match=r"Value does not fit its type: \$: expected `float`"):
                    load.get()
        app.extensions["hotplate"].close()


def test_a_name_that_there_is_not_is_answered_with_those_that_the_caller_may_see() -> None:
    app = Flask("lively")
    hp = Hotplate(app)
    hp.value("set", int)
    hp.value("bets", int, allow="public")
    target = builtin_targets(app.extensions["hotplate"].starting, "")["live.get"]
    for caller, meant in ((OPEN, "set or bets"), (ANONYMOUS, "bets")):
        with pytest.raises(NotFound, match=rf"there is no live value 'bset'; did you mean {meant}\?"):
            target.answer(b'{"name": "bset"}', caller)
