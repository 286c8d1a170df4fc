"""What a signature makes of results: what it writes, what it refuses to write, and what comes back."""

from __future__ import annotations

import json
import math
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TypedDict

import attrs
import msgspec
import numpy as np
import numpy.typing as npt
import pydantic
import pytest
from hypothesis import given, strategies as st

from hotplate.errors import ResultUnusable
from hotplate.signature import Signature

NAN, INF = math.nan, math.inf


class Line(msgspec.Struct):
    amount: float
    share: float | None = None


@dataclass
class Quote:
    lines: list[Line]
    total: float = 0.0
    extra: Any = None


class Row(TypedDict):
    value: float


class Pair(NamedTuple):
    first: float
    second: float | None


@attrs.define
class Point:
    x: float
    _cache: Any = None


class Model(pydantic.BaseModel):
    value: float | None = None
    parts: list[float] = []
    shown: str = pydantic.Field(default="s", alias="Shown")


class Renamed(msgspec.Struct, rename="camel"):
    some_value: float
    left_out: float | msgspec.UnsetType = msgspec.UNSET


class Kind(Enum):
    A = "a"


class Text(str):
    __slots__ = ()


def giving(annotation: Any) -> Signature:
    def give() -> Any: ...

    give.__annotations__["return"] = annotation
    return Signature(give, name="give")


WRITTEN: list[tuple[Any, Any, bytes]] = [
    (None, None, b"null"),
    (float | None, NAN, b"null"),
    (dict[str, float | None], {"a": INF}, b'{"a":null}'),
    (tuple[int, float | None], (1, NAN), b"[1,null]"),
    (Line, Line(1.0, NAN), b'{"amount":1.0,"share":null}'),
    (Pair, Pair(1.0, NAN), b"[1.0,null]"),
    (list[Line | date], [Line(1.0, NAN)], b'[{"amount":1.0,"share":null}]'),
    (str, "null", b'"null"'),
    (Any, {"null": None}, b'{"null":null}'),
    (Point, Point(1.0, cache=NAN), b'{"x":1.0}'),
    (Point | None, Point(1.0, cache=object()), b'{"x":1.0}'),
    (Renamed, Renamed(1.0), b'{"someValue":1.0}'),
    (Model, Model(Shown="t"), b'{"value":null,"parts":[],"Shown":"t"}'),
    (Model, Model.model_construct(value=NAN), b'{"value":null,"parts":[],"Shown":"s"}'),
    (Any, {"m": Model()}, b'{"m":{"value":null,"parts":[],"Shown":"s"}}'),
    (Any, pydantic.AnyUrl("http://example.org/"), b'"http://example.org/"'),
    (int, 2**70, str(2**70).encode()),
    (Any, {1: 2, 1.5: 3, Kind.A: 4}, b'{"1":2,"1.5":3,"a":4}'),
    (Any, Text("é"), '"é"'.encode()),
    (Any, deque([1, 2]), b"[1,2]"),
    (Any, range(3), b"[0,1,2]"),
    (Any, {"a": 1}.keys(), b'["a"]'),
    (Any, OrderedDict(a=1), b'{"a":1}'),
    (Any, MappingProxyType({"a": 1}), b'{"a":1}'),
    (Any, [date(2026, 1, 2), timedelta(seconds=1), Decimal("1.0"), b"hi"], b'["2026-01-02","PT1S","1.0","aGk="]'),
]

NUMPY: list[tuple[Any, Any, bytes]] = [
    (float, np.float64(1.5), b"1.5"),
    (float, np.float32(1.5), b"1.5"),
    (float, np.longdouble(1.5), b"1.5"),
    (float | None, np.float32(NAN), b"null"),
    (int, np.int64(3), b"3"),
    (int, np.uint64(2**64 - 1), b"18446744073709551615"),
    (bool, np.bool_(True), b"true"),
    (str, np.str_("a"), b'"a"'),
    (Any, {np.int64(1): np.float64(2)}, b'{"1":2.0}'),
    (list[float], np.arange(3.0), b"[0.0,1.0,2.0]"),
    (list[float | None], np.array([NAN]), b"[null]"),
    (npt.NDArray[np.float64], np.array([1.0, NAN, INF]), b"[1.0,null,null]"),
    (npt.NDArray[np.float64] | None, None, b"null"),
    (np.ndarray, np.eye(2, dtype=int), b"[[1,0],[0,1]]"),
    (Any, np.array([NAN]), b"[null]"),
    (Any, [np.array([[NAN]])], b"[[[null]]]"),
    (Any, np.array(5), b"5"),
    (Any, np.array([], dtype=float), b"[]"),
    (Any, np.ma.array([1, 2], mask=[False, True]), b"[1,null]"),
    (Any, np.array(["2026-01-02"], dtype="datetime64[D]"), b'["2026-01-02"]'),
    (Any, np.array(["2026-01-02T03:04:05", "NaT"], dtype="datetime64[ns]"), b'["2026-01-02T03:04:05",null]'),
    (Any, np.datetime64("2026-01-02T03:04:05.5", "ns"), b'"2026-01-02T03:04:05.500000"'),
    (Any, np.timedelta64(1500, "ms"), b'"PT1.5S"'),
]


@pytest.mark.parametrize(("annotation", "result", "written"), [*WRITTEN, *NUMPY], ids=str)
def test_a_result_is_written(annotation: Any, result: Any, written: bytes) -> None:
    assert giving(annotation).encode(result) == written


REFUSED: list[tuple[Any, Any, str]] = [
    (float, NAN, "$ is not finite"),
    (float, -INF, "$ is not finite"),
    (Any, NAN, "$ is not finite"),
    (int, NAN, "$ is not finite"),
    (list[float], [1.0, NAN], "$[1] is not finite"),
    (set[float], {NAN}, "$[0] is not finite"),
    (dict[str, Any], {"a": None, "b": [INF]}, "$.b[0] is not finite"),
    (dict[int, float], {1: NAN}, "$.1 is not finite"),
    (tuple[float | None, float], (NAN, NAN), "$[1] is not finite"),
    (Row, {"value": NAN}, "$.value is not finite"),
    (Pair, Pair(NAN, NAN), "$[0] is not finite"),
    (Point, Point(NAN), "$.x is not finite"),
    (Renamed, Renamed(NAN), "$.someValue is not finite"),
    (Line, Line(NAN, None), "$.amount is not finite"),
    (Quote, Quote([Line(1.0), Line(NAN)]), "$.lines[1].amount is not finite"),
    (Quote, Quote([], extra={"deep": [NAN]}), "$.extra.deep[0] is not finite"),
    (Quote | None, Quote([], INF), "$.total is not finite"),
    (list[Line | date], [Line(NAN)], "$[0].amount is not finite"),
    (Model, Model.model_construct(value=None, parts=[NAN]), "$.parts[0] is not finite"),
    (Any, Model.model_construct(parts=[NAN]), "$.parts[0] is not finite"),
    (Any, deque([NAN]), "$[0] is not finite"),
    (float, np.float64(NAN), "$ is not finite"),
    (float, np.float32(INF), "$ is not finite"),
    (list[float], np.array([1.0, NAN]), "$[1] is not finite"),
    (list[list[float]], np.array([[1.0, NAN]]), "$[0][1] is not finite"),
    (Any, [1j], "$[0] is of type complex, which cannot be written as JSON"),
    (Any, {"a": object()}, "$.a is of type object, which cannot be written as JSON"),
    (Any, np.array([1j]), "$ is complex, which cannot be written as JSON"),
    (Any, np.complex128(1j), "$ is complex, which cannot be written as JSON"),
    (Any, Path("/"), "$ is of type PosixPath, which cannot be written as JSON"),
    (Any, iter([1]), "$ is of type list_iterator, which cannot be written as JSON"),
    (Any, {(1, 2): 3}, "$ has a key that JSON cannot hold"),
    (Any, [{"a": {None: 3}}], "$[0].a has a key that JSON cannot hold"),
    (Any, {True: 3}, "$ has a key that JSON cannot hold"),
    (Any, {"a": {"\ud800": 1}}, "$.a has a key that JSON cannot hold"),
    (Any, ["\ud800"], "$[0] is text with a lone surrogate"),
    (Any, [10**5000], "$[0] is a number with too many digits"),
    (Quote, Quote([], extra=print), "$.extra is of type builtin_function_or_method"),
]


@pytest.mark.parametrize(("annotation", "result", "text"), REFUSED, ids=[case[2] for case in REFUSED])
def test_what_json_cannot_hold_is_refused_with_its_place(annotation: Any, result: Any, text: str) -> None:
    for encode in (giving(annotation).encode, as_answered(annotation)):
        with pytest.raises(ResultUnusable) as caught:
            encode(result)

        assert caught.value.data.startswith(text)


def as_answered(annotation: Any) -> Any:
    """How a method's answer writes the result it is given."""

    def encode(result: Any) -> bytes:
        def give() -> Any:
            return result

        give.__annotations__["return"] = annotation
        return Signature(give, name="give").answering()(b"", None)

    return encode


@pytest.mark.parametrize(("annotation", "result", "written"), [*WRITTEN, *NUMPY], ids=str)
def test_a_method_answers_what_encode_writes(annotation: Any, result: Any, written: bytes) -> None:
    assert as_answered(annotation)(result) == written


def test_a_result_that_contains_itself_is_refused() -> None:
    loop: list[Any] = [None]
    loop.append(loop)

    with pytest.raises(ResultUnusable, match="contains itself"):
        giving(Any).encode(loop)


def test_a_deep_result_with_a_null_is_written_or_refused() -> None:
    deep: Any = None
    for _ in range(900):
        deep = [deep]

    with suppress(ResultUnusable):
        assert giving(Any).encode(deep).count(b"[") == 900


BACK: list[tuple[Any, bytes, Any]] = [
    (Quote, b'{"lines":[{"amount":1}]}', Quote([Line(1.0)])),
    (Model, b'{"Shown":"t","parts":[1]}', Model(Shown="t", parts=[1.0])),
    (Any, b'{"a":[1]}', {"a": [1]}),
    (np.float64, b"1.5", np.float64(1.5)),
    (np.int32, b"3", np.int32(3)),
    (np.datetime64, b'"2026-01-02"', np.datetime64("2026-01-02")),
]


@pytest.mark.parametrize(("annotation", "raw", "value"), BACK, ids=str)
def test_a_result_is_read_into_its_type(annotation: Any, raw: bytes, value: Any) -> None:
    read = giving(annotation).decode_result(raw)

    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("annotation", "raw", "dtype", "value"),
    [
        (npt.NDArray[np.float64], b"[1,null]", "float64", [1.0, NAN]),
        (npt.NDArray[np.float32], b"[1.5]", "float32", [1.5]),
        (npt.NDArray[np.int8], b"[[1],[2]]", "int8", [[1], [2]]),
        (npt.NDArray[np.floating], b"[1.5,null]", "float64", [1.5, NAN]),
        (np.ndarray, b"[1,null]", "float64", [1.0, NAN]),
        (npt.NDArray[Any], b"[true]", "bool", [True]),
    ],
    ids=str,
)
def test_an_array_is_read_into_an_array(annotation: Any, raw: bytes, dtype: str, value: Any) -> None:
    read = giving(annotation).decode_result(raw)

    assert read.dtype == dtype
    np.testing.assert_array_equal(read, value)


@pytest.mark.parametrize(
    ("annotation", "raw", "text"),
    [
        (Quote, b'{"lines":[{"amount":"a"}]}', "$.lines[0].amount: expected `float`, got `str`"),
        (int, b'"a"', "$: expected `int`, got `str`"),
        (int, b"", "it is no JSON text"),
    ],
)
def test_a_result_that_no_longer_fits_is_unusable(annotation: Any, raw: bytes, text: str) -> None:
    with pytest.raises(ResultUnusable) as caught:
        giving(annotation).decode_result(raw)

    assert caught.value.data == text


def test_what_a_generator_yields_is_written_one_by_one_and_as_a_list() -> None:
    def lines(n: int) -> Iterator[Line]:
        yield from (Line(float(i)) for i in range(n))

    signature = Signature(lines, name="lines")

    assert signature.encode_partial(Line(1.0)) == b'{"amount":1.0,"share":null}'
    assert signature.encode(signature.call(signature.decode(b"[1]"))) == b'[{"amount":0.0,"share":null}]'
    assert signature.encode([Line(1.0)]) == b'[{"amount":1.0,"share":null}]'
    assert signature.decode_result(b'[{"amount":1}]') == [Line(1.0)]
    with pytest.raises(ResultUnusable, match=r"\$\.amount is not finite"):
        signature.encode_partial(Line(NAN))


def test_an_error_inside_a_generator_is_left_alone() -> None:
    def failing() -> Iterator[int]:
        yield 1
        raise ValueError("mine")

    signature = Signature(failing, name="failing")

    with pytest.raises(ValueError, match="mine"):
        signature.encode(signature.call(signature.decode(b"")))


@dataclass
class Everything:
    text: str
    whole: int
    number: float | None
    flag: bool
    when: date | str
    pairs: list[tuple[int, str]]
    table: dict[str, list[float]]
    lines: list[Line | Pair]
    kind: Kind
    raw: bytes
    exact: Decimal
    more: list[Everything] = field(default_factory=list)


def everything(more: st.SearchStrategy[list[Everything]]) -> st.SearchStrategy[Everything]:
    finite = st.floats(allow_nan=False, allow_infinity=False)
    text = st.text(st.characters(codec="utf-8"))
    return st.builds(
        Everything,
        text=text,
        whole=st.integers(),
        number=st.none() | finite,
        flag=st.booleans(),
        when=st.dates() | text.filter(lambda t: not t[:1].isdigit()),
        pairs=st.lists(st.tuples(st.integers(), text), max_size=3),
        table=st.dictionaries(text, st.lists(finite, max_size=3), max_size=3),
        lines=st.lists(st.builds(Line, finite, st.none() | finite) | st.builds(Pair, finite, st.none()), max_size=3),
        kind=st.sampled_from(Kind),
        raw=st.binary(),
        exact=st.decimals(allow_nan=False, allow_infinity=False),
        more=more,
    )


def mirror(value: Everything) -> Everything:
    return value


SIGNATURE = Signature(mirror, name="mirror")


@given(everything(st.lists(everything(st.just([])), max_size=2)))
def test_any_value_survives_the_way_there_and_back(value: Everything) -> None:
    params = SIGNATURE.bind(value)
    received = SIGNATURE.call(SIGNATURE.decode(params))

    assert received == value
    assert SIGNATURE.decode_result(SIGNATURE.encode(received)) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=20,
)


def has_no_json(value: Any) -> bool:
    if isinstance(value, float):
        return not math.isfinite(value)
    if isinstance(value, str):
        return any("\ud800" <= c <= "\udfff" for c in value)
    if isinstance(value, dict):
        return any(has_no_json(k) or has_no_json(v) for k, v in value.items())
    return isinstance(value, list) and any(map(has_no_json, value))


@given(json_values)
def test_any_plain_value_is_written_faithfully_or_refused(value: Any) -> None:
    signature = giving(Any)

    if has_no_json(value):
        with pytest.raises(ResultUnusable):
            signature.encode(value)
    else:
        assert signature.decode_result(signature.encode(value)) == value


@dataclass
class Sample:
    name: str
    tags: list[str] = field(default_factory=list)
    kind: str = "gas"
    source: Sample | None = None


def test_a_dataclass_that_was_read_is_written_with_its_defaults() -> None:
    def same(samples: list[Sample]) -> list[Sample]:
        return samples

    signature = Signature(same, name="same")
    arguments = signature.decode(b'[[{"name": "a", "source": {"name": "b"}}]]')
    inner = {"name": "b", "tags": [], "kind": "gas", "source": None}
    assert json.loads(signature.encode(signature.call(arguments))) == [
        {"name": "a", "tags": [], "kind": "gas", "source": inner}
    ]
