"""Unions that msgspec cannot tell apart, and classes that have them in a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NotRequired, TypedDict, TypeVar
from uuid import UUID

import annotated_types
import attrs
import msgspec
import pydantic
import pytest
from typing_extensions import TypeAliasType

from hotplate.errors import DeclarationError, InvalidParams, ParseError
from hotplate.signature import Signature


@dataclass
class Circle:
    radius: float


@dataclass
class Square:
    side: float


@dataclass
class Cube:
    side: float
    depth: float


class Disc(msgspec.Struct):
    radius: float
    thick: float = 1.0


class Blob(pydantic.BaseModel):
    seed: int = pydantic.Field(gt=0)


class Mode(Enum):
    AUTO = "auto"


@dataclass
class Drawing:
    title: str
    shapes: list[Circle | Square | Blob] = field(default_factory=list)
    when: date | str = "today"


@attrs.define
class Frame:
    inner: Circle | Square
    margin: int | Blob = 3


class Row(TypedDict):
    when: date | str
    mode: NotRequired[Mode | str]


class Event(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    happened_at: date | str
    note: str = "-"


@dataclass
class Number:
    value: float


@dataclass
class Add:
    left: Expression
    right: Expression


@dataclass
class Multiply:
    left: Expression
    right: Expression
    op: Literal["*"] = "*"


Expression = Number | Multiply | Add

SOME_ID = "6f1c3a52-0d1f-4d8e-9a53-0f9c2d9b1c11"

FITTING: list[tuple[Any, str, Any]] = [
    (Circle | Square, '{"side":1}', Square(1)),
    (Circle | Square | None, "null", None),
    (Square | Cube, '{"side":1,"depth":2}', Cube(1, 2)),
    (Square | Cube, '{"side":1,"colour":2}', Square(1)),
    (Circle | Disc, '{"radius":1}', Circle(1)),
    (Circle | Disc, '{"radius":1,"thick":2}', Disc(1, 2)),
    (dict[str, float] | Circle, '{"radius":1}', Circle(1)),
    (Circle | dict[str, float], '{"radius":1,"x":2}', {"radius": 1.0, "x": 2.0}),
    (dict | Circle, '{"x":[1]}', {"x": [1]}),
    (int | Blob, "3", 3),
    (int | Blob, '{"seed":3}', Blob(seed=3)),
    (Blob | Circle | None, '{"radius":3}', Circle(3)),
    (str | date, '"2026-01-02"', date(2026, 1, 2)),
    (str | date, '"tomorrow"', "tomorrow"),
    (date | datetime, '"2026-01-02T03:04:05"', datetime(2026, 1, 2, 3, 4, 5)),
    (str | UUID, f'"{SOME_ID}"', UUID(SOME_ID)),
    (str | Mode, '"auto"', Mode.AUTO),
    (Literal["auto"] | date, '"2026-01-02"', date(2026, 1, 2)),
    (str | bytes, '"aGk="', "aGk="),
    (bytes | str, '"no base64"', "no base64"),
    (str | Decimal, '"1.5"', "1.5"),
    (str | Decimal, "1.5", Decimal("1.5")),
    (float | int | Blob, "3", 3),
    (float | int | Blob, "3.0", 3.0),
    (list[int] | list[str], '["a"]', ["a"]),
    (set[int] | list[str], "[1]", {1}),
    (list[str | date], '["a","2026-01-02"]', ["a", date(2026, 1, 2)]),
    (dict[str, Circle | Square], '{"a":{"side":1}}', {"a": Square(1)}),
    (dict[date | str, int], '{"2026-01-02":1,"a":2}', {date(2026, 1, 2): 1, "a": 2}),
    (tuple[Circle | Square, ...], '[{"side":1}]', (Square(1),)),
    (Drawing, '{"title":"t","shapes":[{"seed":1},{"side":1}]}', Drawing("t", [Blob(seed=1), Square(1)])),
    (Drawing, '{"title":"t","when":"2026-01-02"}', Drawing("t", [], date(2026, 1, 2))),
    (list[Drawing], '[{"title":"t"}]', [Drawing("t")]),
    (Frame, '{"inner":{"side":1},"margin":{"seed":1}}', Frame(Square(1), Blob(seed=1))),
    (Frame, '{"inner":{"side":1}}', Frame(Square(1))),
    (Row, '{"when":"2026-01-02"}', {"when": date(2026, 1, 2)}),
    (Row, '{"when":"x","mode":"auto"}', {"when": "x", "mode": Mode.AUTO}),
    (Event, '{"happenedAt":"2026-01-02"}', Event(date(2026, 1, 2))),
    (Expression, '{"left":{"value":1},"right":{"value":2},"op":"*"}', Multiply(Number(1), Number(2))),
    (Add, '{"left":{"value":1},"right":{"left":{"value":1},"right":{"value":2},"op":"*"}}', None),
]


def taking(annotation: Any) -> Signature:
    def take(x: Any) -> Any:
        return x

    take.__annotations__.update({"x": annotation, "return": annotation})
    return Signature(take, name="take")


@pytest.mark.parametrize(("annotation", "sent", "value"), FITTING, ids=str)
def test_the_branch_that_fits_is_taken(annotation: Any, sent: str, value: Any) -> None:
    signature = taking(annotation)
    value = value or (Add(Number(1), Multiply(Number(1), Number(2))) if annotation is Add else value)

    received = signature.call(signature.decode(f'{{"x":{sent}}}'.encode()))

    assert received == value
    assert type(received) is type(value)


@pytest.mark.parametrize(
    ("annotation", "sent", "value"), [case for case in FITTING if case[2] != Decimal("1.5")], ids=str
)
def test_a_result_comes_back_as_it_was(annotation: Any, sent: str, value: Any) -> None:
    signature = taking(annotation)
    received = signature.call(signature.decode(f"[{sent}]".encode()))

    assert signature.decode_result(signature.encode(received)) == received


MISFITS: list[tuple[Any, str, str]] = [
    (str | date, "1", "expected `str | date`, got `int`"),
    (Circle | Square, "1", "expected `Circle | Square`, got `int`"),
    (Circle | Square, "null", "expected `Circle | Square`, got `null`"),
    (Circle | Square, "[]", "expected `Circle | Square`, got `array`"),
    (Circle | Square, '{"x":1}', "expected `Circle | Square`, got `object`"),
    (Circle | Square, '{"side":"a"}', "expected `float`, got `str` at `x.side`"),
    (
        Circle | Square,
        "{}",
        "expected `Circle | Square`, got `object`; object missing required field `radius`; "
        "object missing required field `side`",
    ),
    (int | Blob, "true", "expected `int | Blob`, got `bool`"),
    (int | Blob, '{"seed":0}', "input should be greater than 0 at `x.seed`"),
    (list[int] | list[str], '[1,"a"]', "expected `list[int] | list[str]`, got `array`"),
    (Drawing, '{"title":"t","shapes":[{"side":1},{"side":"a"}]}', "expected `float`, got `str` at `x.shapes[1].side`"),
    (Drawing, '{"shapes":[]}', "object missing required field `title`"),
    (Drawing, '{"title":"t","when":3}', "expected `date | str`, got `int` at `x.when`"),
    (list[Drawing], '[{"title":"t"},{"title":1}]', "expected `str`, got `int` at `x[1].title`"),
    (Event, '{"happened_at":"x"}', "object contains unknown field `happened_at`"),
    (Add, '{"left":{"value":1},"right":{"value":"a"}}', "expected `float`, got `str` at `x.right.value`"),
]


@pytest.mark.parametrize(("annotation", "sent", "text"), MISFITS, ids=str)
def test_the_misfit_of_the_closest_branch_is_told(annotation: Any, sent: str, text: str) -> None:
    for params in (f'{{"x":{sent}}}', f"[{sent}]"):
        with pytest.raises(InvalidParams) as caught:
            taking(annotation).decode(params.encode())

        assert caught.value.data == f"parameter 'x': {text}"


def nested(depth: int, innermost: str) -> bytes:
    # The last member tells the branches apart, so that each is tried with all that is inside.
    opening, closing = '{"left":{"value":1},"right":' * depth, ',"op":"+"}' * depth
    return f"[{opening}{innermost}{closing}]".encode()


@pytest.mark.timeout(20)
def test_the_time_for_nested_unions_does_not_double_with_each_level() -> None:
    signature = taking(Expression)

    received = signature.decode(nested(60, '{"value":1}')).x

    for _ in range(60):
        assert isinstance(received, Add)
        received = received.right
    with pytest.raises(InvalidParams):
        signature.decode(nested(60, '{"value":"a"}'))


def test_unions_nested_beyond_the_stack_are_a_parse_error() -> None:
    with pytest.raises(ParseError):
        taking(Expression).decode(nested(900, '{"value":1}'))


def test_a_decoder_works_after_a_misfit_as_before() -> None:
    signature = taking(list[Expression])
    for _ in range(3):
        with pytest.raises(InvalidParams):
            signature.decode(b'[[{"left":{"value":1},"right":{}}]]')

        assert signature.decode(b'[[{"value":1}]]').x == [Number(1)]


@dataclass
class Odd:
    part: Circle | complex


def test_what_no_branch_can_be_made_of_is_refused_by_its_field() -> None:
    with pytest.raises(DeclarationError, match="parameter 'x': field 'part' of Odd: complex cannot be read from JSON"):
        taking(Odd)


def test_a_class_with_a_union_keeps_its_own_checks() -> None:
    @dataclass
    class Checked:
        when: date | str

        def __post_init__(self) -> None:
            if self.when == "never":
                raise ValueError("never is too late")

    with pytest.raises(InvalidParams, match="parameter 'x': never is too late"):
        taking(Checked).decode(b'[{"when":"never"}]')


Shape = TypeAliasType("Shape", Circle | Square)
Item = TypeVar("Item")
Several = TypeAliasType("Several", list[Item], type_params=(Item,))


def test_an_alias_stands_for_its_type() -> None:
    assert taking(dict[str, Shape]).decode(b'[{"a":{"side":1}}]').x == {"a": Square(1)}
    assert taking(Several[str | date]).decode(b'[["2026-01-02"]]').x == [date(2026, 1, 2)]


def test_a_constraint_that_would_go_unchecked_is_refused() -> None:
    with pytest.raises(DeclarationError, match="the constraint Predicate is one that only pydantic checks"):
        taking(Annotated[str, annotated_types.Predicate(str.islower)])
