"""What a signature takes: the types, the traps, and the words in which it refuses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict
from uuid import UUID

import annotated_types
import attrs
import msgspec
import pydantic
import pytest

from hotplate.errors import InvalidParams, InvalidRequest, ParseError
from hotplate.signature import Signature


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1
    LARGE = 2


@dataclass
class Item:
    sku: str
    qty: int = 1


class Order(msgspec.Struct):
    customer: str
    items: list[Item] = []


class Address(TypedDict):
    street: str
    zip: NotRequired[str]


@attrs.define
class Point:
    x: float
    y: float = 0.0


class Model(pydantic.BaseModel):
    name: str
    born: date | None = None
    size: int = pydantic.Field(default=1, gt=0)


class Pair(NamedTuple):
    first: int
    second: str


class Category(msgspec.Struct):
    name: str
    children: list[Category] = []


UserId = NewType("UserId", int)
Positive = Annotated[int, msgspec.Meta(ge=1)]

UUID_TEXT = "6f1c3a52-0d1f-4d8e-9a53-0f9c2d9b1c11"

FITTING: list[tuple[Any, str, Any]] = [
    (str, '"é😀"', "é😀"),
    (int, "3", 3),
    (int, str(2**70), 2**70),
    (int, "-0", 0),
    (float, "3", 3.0),
    (float, "1e3", 1000.0),
    (bool, "true", True),
    (None, "null", None),
    (Any, '{"a":[1,null]}', {"a": [1, None]}),
    (object, "1", 1),
    (list, "[1]", [1]),
    (list[int], "[1,2]", [1, 2]),
    (dict[str, int], '{"a":1}', {"a": 1}),
    (dict[int, str], '{"1":"a"}', {1: "a"}),
    (set[int], "[1,1]", {1}),
    (frozenset[str], '["a"]', frozenset({"a"})),
    (tuple[int, str], '[1,"a"]', (1, "a")),
    (tuple[int, ...], "[1,2]", (1, 2)),
    (Sequence[int], "[1]", [1]),
    (Iterable[int], "[1]", [1]),
    (Mapping[str, int], '{"a":1}', {"a": 1}),
    (int | None, "null", None),
    (Optional[int], "1", 1),  # noqa: UP045 - the old spelling has to work too
    (int | str, '"a"', "a"),
    (datetime, '"2026-01-02T03:04:05Z"', datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    (date, '"2026-01-02"', date(2026, 1, 2)),
    (time, '"03:04:05"', time(3, 4, 5)),
    (timedelta, '"PT90S"', timedelta(seconds=90)),
    (Decimal, '"1.10"', Decimal("1.10")),
    (Decimal, "1.10", Decimal("1.10")),
    (UUID, f'"{UUID_TEXT}"', UUID(UUID_TEXT)),
    (bytes, '"aGk="', b"hi"),
    (Colour, '"red"', Colour.RED),
    (Size, "2", Size.LARGE),
    (Literal["a", 1, None], '"a"', "a"),
    (UserId, "7", 7),
    (Positive, "1", 1),
    (Annotated[list[int], msgspec.Meta(max_length=1)], "[1]", [1]),
    (Annotated[int, annotated_types.Gt(3)], "4", 4),
    (Annotated[int, "whatever others write here"], "4", 4),
    (Item, '{"sku":"a"}', Item("a")),
    (Order, '{"customer":"c","items":[{"sku":"a","qty":2}]}', Order("c", [Item("a", 2)])),
    (Address, '{"street":"s"}', {"street": "s"}),
    (Point, '{"x":1}', Point(1.0)),
    (Pair, '[1,"a"]', Pair(1, "a")),
    (Category, '{"name":"a","children":[{"name":"b"}]}', Category("a", [Category("b")])),
    (Model, '{"name":"n","born":"2026-01-02"}', Model(name="n", born=date(2026, 1, 2))),
    (list[Model], '[{"name":"n"}]', [Model(name="n")]),
    (Model | None, "null", None),
    (Annotated[int, pydantic.Field(gt=3)], "4", 4),
    (pydantic.PositiveInt, "1", 1),
    (pydantic.IPvAnyAddress, '"127.0.0.1"', __import__("ipaddress").ip_address("127.0.0.1")),
]


def taking(annotation: Any) -> Signature:
    def take(x: Any) -> Any:
        return x

    take.__annotations__["x"] = annotation
    return Signature(take, name="take")


def ids(value: Any) -> str | None:
    return value if isinstance(value, str) else getattr(value, "__name__", str(value))


@pytest.mark.parametrize(("annotation", "sent", "value"), FITTING, ids=ids)
def test_a_value_arrives_as_its_type_by_name_and_by_position(annotation: Any, sent: str, value: Any) -> None:
    signature = taking(annotation)

    for params in (f'{{"x":{sent}}}', f"[{sent}]"):
        received = signature.call(signature.decode(params.encode()))
        assert received == value
        assert type(received) is type(value)


MISFITS: list[tuple[Any, str, str]] = [
    (int, "true", "expected `int`, got `bool`"),
    (int, "1.0", "expected `int`, got `float`"),
    (int, '"1"', "expected `int`, got `str`"),
    (int, "null", "expected `int`, got `null`"),
    (int, "1" * 5000, "integer value out of range"),
    (float, "true", "expected `float`, got `bool`"),
    (float, "1e400", "number out of range"),
    (float, '"NaN"', "expected `float`, got `str`"),
    (bool, "1", "expected `bool`, got `int`"),
    (str, "1", "expected `str`, got `int`"),
    (list[int], '[1,"a"]', "expected `int`, got `str` at `x[1]`"),
    (dict[str, list[int]], '{"a":["b"]}', "expected `int`, got `str` at `x[...][0]`"),
    (date, '"2026-02-30"', "invalid RFC3339 encoded date"),
    (datetime, "1", "expected `datetime`, got `int`"),
    (bytes, '"?"', "invalid base64 encoded string"),
    (Positive, "0", "expected `int` >= 1"),
    (Annotated[int, annotated_types.Interval(gt=1, le=3)], "4", "expected `int` <= 3"),
    (Colour, '"green"', 'invalid enum value \'green\'; expected one of "red", "blue"'),
    (Literal["a", "b"], '"c"', 'invalid enum value \'c\'; expected one of "a", "b"'),
    (list[Colour], '["red","x"]', 'invalid enum value \'x\' at `x[1]`; expected one of "red", "blue"'),
    (Item, "[]", "expected `object`, got `array`"),
    (Item, "{}", "object missing required field `sku`"),
    (Order, '{"customer":"c","items":[{"sku":1}]}', "expected `str`, got `int` at `x.items[0].sku`"),
    (Address, '{"street":1}', "expected `str`, got `int` at `x.street`"),
    (Point, '{"x":"a"}', "expected `float`, got `str` at `x.x`"),
    (Model, '{"name":"n","size":true}', "input should be a valid integer at `x.size`"),
    (Model, '{"name":"n","size":"1"}', "input should be a valid integer at `x.size`"),
    (Model, '{"name":"n","size":0}', "input should be greater than 0 at `x.size`"),
    (Model, "null", "input should be an object"),
    (list[Model], '[{"name":"n"},{"name":1}]', "input should be a valid string at `x[1].name`"),
    (Annotated[int, pydantic.Field(gt=3)], "3", "input should be greater than 3"),
    (Annotated[int, pydantic.Field(gt=3)], "true", "input should be a valid integer"),
]


@pytest.mark.parametrize(("annotation", "sent", "text"), MISFITS, ids=ids)
def test_a_misfit_is_told_by_parameter_and_expectation(annotation: Any, sent: str, text: str) -> None:
    signature = taking(annotation)

    for params in (f'{{"x":{sent}}}', f"[{sent}]"):
        with pytest.raises(InvalidParams) as caught:
            signature.decode(params.encode())
        assert caught.value.data == f"parameter 'x': {text}"


@pytest.mark.parametrize("params", [b"1", b"null", b"true", b'"a"', b"-1"])
def test_params_are_an_object_or_an_array(params: bytes) -> None:
    with pytest.raises(InvalidRequest, match="must be an array or an object"):
        taking(int).decode(params)


@pytest.mark.parametrize(
    "value",
    [
        b"\xff",
        b'"\xff"',
        b'"\\ud800"',
        b"[" * 5000,
        b"[" * 100_000 + b"]" * 100_000,
        b"NaN",
        b"-Infinity",
        b"01",
        b'"\x00"',
    ],
    ids=lambda value: value[:12].decode("latin-1"),
)
def test_what_is_no_json_is_a_parse_error(value: bytes) -> None:
    for params in (b'{"x":%s}' % value, b"[%s]" % value):
        with pytest.raises(ParseError):
            taking(Any).decode(params)


def test_the_last_of_two_members_of_the_same_name_counts() -> None:
    assert taking(int).decode(b'{"x":1,"x":2}').x == 2


def test_messages_are_short_whatever_was_sent() -> None:
    with pytest.raises(InvalidParams) as caught:
        taking(Colour).decode(b'["' + b"x" * 100_000 + b'"]')

    assert len(caught.value.data) <= 1000


@dataclass
class Interval:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("low is above high")
        if self.low < 0:
            raise LookupError("an accident")
        self.width = self.high / self.low if self.low else None + self.high  # type: ignore[operator]


def test_what_a_class_says_about_its_own_values_reaches_the_caller() -> None:
    with pytest.raises(InvalidParams) as caught:
        taking(list[Interval]).decode(b'[[{"low":2,"high":1}]]')

    assert caught.value.data == "parameter 'x': low is above high at `x[0]`"


def test_an_accident_inside_a_class_does_not_reach_the_caller() -> None:
    with pytest.raises(InvalidParams) as caught:
        taking(Interval).decode(b'[{"low":0,"high":1}]')
    assert caught.value.data == "parameter 'x': cannot be built from this value"

    with pytest.raises(LookupError):
        taking(Interval).decode(b'[{"low":-1,"high":1}]')
