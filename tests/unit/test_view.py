"""Views of results and parameters: where they stand in a schema, and which do not fit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Generic, NamedTuple, NotRequired, TypedDict, TypeVar, get_type_hints

import attrs
import msgspec
import numpy as np
import numpy.typing as npt
import pydantic
import pytest
from msgspec import Meta

from hotplate import Chart, DeclarationError, File, Image, LongText, Markdown, Table
from hotplate.cli.typescript import spelled
from hotplate.signature import Signature
from hotplate.view import KEYWORD


@dataclass
class Point:
    n: int
    error: float
    label: str


class Renamed(msgspec.Struct, rename="camel"):
    step_size: float
    mean_error: float


class Reading(pydantic.BaseModel):
    at: date
    value: float = pydantic.Field(alias="v")


class Pair(NamedTuple):
    x: float
    y: float


CONVERGENCE = Chart(x="n", y="error", y_log=True)
SAID = {"type": "chart", "kind": "line", "x": "n", "y": ["error"], "y_log": True}


def giving(annotation: Any) -> Signature:
    def give() -> Any: ...

    give.__annotations__["return"] = annotation
    return Signature(give, name="give")


def taking(annotation: Any) -> Signature:
    def take(x: Any) -> None: ...

    take.__annotations__["x"] = annotation
    return Signature(take, name="take")


def views(schema: Any, path: str = "") -> dict[str, Any]:
    """All views in a schema, by where they stand."""
    found = {path: schema[KEYWORD]} if isinstance(schema, dict) and KEYWORD in schema else {}
    inside = schema.items() if isinstance(schema, dict) else enumerate(schema) if isinstance(schema, list) else ()
    for key, value in inside:
        if key != KEYWORD:
            found |= views(value, f"{path}/{key}")
    return found


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (Chart(), {"type": "chart", "kind": "line"}),
        (CONVERGENCE, SAID),
        (
            Chart(kind="scatter", y=["a", "b"], title="T", x_label="X", y_label="Y", x_log=True),
            {
                "type": "chart",
                "kind": "scatter",
                "y": ["a", "b"],
                "title": "T",
                "x_label": "X",
                "y_label": "Y",
                "x_log": True,
            },
        ),
        (Table(), {"type": "table"}),
        (Table(columns=["b", "a"]), {"type": "table", "columns": ["b", "a"]}),
        (Image(), {"type": "image"}),
        (Image("image/png"), {"type": "image", "media_type": "image/png"}),
        (Markdown(), {"type": "markdown"}),
        (LongText(), {"type": "longtext"}),
    ],
    ids=str,
)
def test_a_view_says_what_was_said_and_no_more(view: Any, said: dict[str, Any]) -> None:
    assert msgspec.json.decode(msgspec.json.encode(view.wire())) == said


def test_a_view_is_a_value() -> None:
    assert Chart(y=["error"]) == Chart(y="error")
    assert {Chart(y=["a"]), Chart(y=("a",))} == {Chart(y="a")}
    with pytest.raises(AttributeError):
        Chart().kind = "bar"  # type: ignore[misc]


T = TypeVar("T")


@dataclass
class AsDataclass:
    curve: Annotated[list[Point], CONVERGENCE]


class AsTypedDict(TypedDict):
    curve: NotRequired[Annotated[list[Point], CONVERGENCE]]


@attrs.define
class AsAttrs:
    curve: Annotated[list[Point], CONVERGENCE] = attrs.field(factory=list)


class AsStruct(msgspec.Struct):
    curve: Annotated[list[Point], CONVERGENCE]


class AsNamedTuple(NamedTuple):
    curve: Annotated[list[Point], CONVERGENCE]


class AsModel(pydantic.BaseModel):
    curve: Annotated[list[Point], CONVERGENCE]


class AsGeneric(msgspec.Struct, Generic[T]):
    curve: Annotated[list[T], Chart(x="n", y="error", y_log=True)]


@dataclass
class WithUnion:
    curve: Annotated[list[Point], CONVERGENCE]
    when: date | str = ""


CLASSES = [AsDataclass, AsTypedDict, AsAttrs, AsStruct, AsModel, AsGeneric[Point], WithUnion]


@pytest.mark.parametrize("cls", CLASSES, ids=str)
@pytest.mark.parametrize("make", [giving, taking])
def test_a_view_stands_at_the_field_of_a_class_of_any_make(cls: Any, make: Any) -> None:
    signature = make(list[cls])
    schema = signature.result_schema() if make is giving else signature.params_schema()
    assert [(path.rpartition("/")[2], said) for path, said in views(schema).items()] == [("curve", SAID)]


def test_a_view_stands_at_the_member_of_a_tuple_with_names() -> None:
    assert views(giving(AsNamedTuple).result_schema()) == {"/$defs/AsNamedTuple/prefixItems/0": SAID}


CURVE = Annotated[list[Point], CONVERGENCE]


@dataclass
class Everywhere:
    one: CURVE | None
    many: list[CURVE]
    named: dict[str, CURVE]
    both: tuple[CURVE, Annotated[str, Markdown()]]
    limited: Annotated[list[Point], Meta(min_length=1, title="T"), CONVERGENCE]
    limited_after: Annotated[list[Point], CONVERGENCE, Meta(min_length=1, title="T")]


EVERYWHERE = {
    "one": {"/anyOf/0": SAID},
    "many": {"/items": SAID},
    "named": {"/additionalProperties": SAID},
    "both": {"/prefixItems/0": SAID, "/prefixItems/1": {"type": "markdown"}},
    "limited": {"": SAID},
    "limited_after": {"": SAID},
}


@pytest.mark.parametrize("name", EVERYWHERE)
def test_a_view_may_stand_anywhere_in_a_type(name: str) -> None:
    whole = giving(Everywhere).result_schema()["$defs"]["Everywhere"]["properties"][name]
    alone = giving(get_type_hints(Everywhere, include_extras=True)[name]).result_schema()
    for schema in (whole, {key: value for key, value in alone.items() if key != "$defs"}):
        assert views(schema) == EVERYWHERE[name]
        assert name[:7] != "limited" or (schema["minItems"], schema["title"]) == (1, "T")


def test_the_list_of_what_a_generator_yields_has_a_view() -> None:
    for iterator in (Iterator[Point], AsyncIterator[Point]):
        signature = giving(Annotated[iterator, CONVERGENCE])
        assert (signature.is_generator, signature.partial_type) == (True, Point)
        assert views(signature.result_schema()) == {"": SAID}
        assert signature.encode([Point(1, 0.5, "a")]) == b'[{"n":1,"error":0.5,"label":"a"}]'


def test_what_is_yielded_has_a_view_of_its_own() -> None:
    schema = giving(Iterator[Annotated[str, Markdown()]]).result_schema()
    assert views(schema) == {"/items": {"type": "markdown"}}


def test_a_union_with_views_takes_and_gives_the_same_as_without() -> None:
    kind = Annotated[str, Markdown()] | date
    assert taking(kind).decode(b'{"x": "2026-01-31"}').x == date(2026, 1, 31)
    branches = giving(kind).result_schema()["oneOf"]
    assert branches[0]["not"] == {"type": "string", "format": "date"}
    assert branches[1] == {"type": "string", "format": "date"}


def test_views_change_neither_values_nor_types_for_clients() -> None:
    seen, plain = giving(AsDataclass), giving(list[Point])
    assert seen.encode(AsDataclass([Point(1, 0.5, "a")])) == b'{"curve":[{"n":1,"error":0.5,"label":"a"}]}'
    assert seen.decode_result(b'{"curve":[]}') == AsDataclass([])
    assert spelled(giving(CURVE).result_schema()) == spelled(plain.result_schema())
    assert taking(Annotated[str, LongText(), Meta(max_length=3)]).decode(b'["abc"]').x == "abc"


FITTING: list[tuple[Any, Any]] = [
    (list[int], Chart()),
    (list[float | None], Chart(kind="bar")),
    (list[Any], Chart(x="a", y="b")),
    (Any, Chart(x="a")),
    (tuple[float, ...], Chart()),
    (list[tuple[float, float]], Chart(kind="scatter")),
    (list[list[float]], Chart()),
    (list[Pair], Chart()),
    (list[Point] | None, Chart(x="label", y="error")),
    (list[Point], Chart()),
    (list[Renamed], Chart(x="stepSize", y="meanError")),
    (list[Reading], Chart(x="at", y="v")),
    (list[dict[str, float]], Chart(x="a", y="b")),
    (dict[str, list[float]], Chart(x="x", y=["a", "b"])),
    (dict[str, int], Chart(kind="bar")),
    (dict[str, npt.NDArray[np.float64]], Chart(x="x", y="a")),
    (npt.NDArray[np.float64], Chart()),
    (list[np.float64], Chart()),
    (list[Point], Table(columns=["label", "n"])),
    (list[Pair], Table(columns=["easting", "northing"])),
    (npt.NDArray[np.float64], Table(columns=["a", "b"])),
    (dict[str, Any], Table()),
    (Point, Table()),
    (bytes, Image("image/png")),
    (str, Image("image/svg+xml")),
    (File, Image()),
    (File | None, Image("image/png")),
    (str | None, Markdown()),
    (str, LongText()),
]


@pytest.mark.parametrize(("kind", "view"), FITTING, ids=str)
def test_a_view_that_fits_stands_beside_the_schema(kind: Any, view: Any) -> None:
    plain, seen = giving(kind).result_schema(), giving(Annotated[kind, view]).result_schema()
    assert seen == plain | {KEYWORD: view.wire()}


@dataclass
class Words:
    word: str
    kind: str


@dataclass
class Columns:
    n: list[int]
    error: npt.NDArray[np.float64]
    name: list[str]
    title: str


def test_an_object_of_columns_is_a_chart() -> None:
    assert giving(Annotated[Columns, Chart(x="n", y="error")]).result_schema()[KEYWORD]["y"] == ["error"]


MISFITS: list[tuple[Any, Any, str]] = [
    (list[Point], Chart(x="m", y="error"), "Chart does not fit list[Point]: there is no field 'm'; the fields are n,"),
    (list[Point], Chart(x="n", y=["error", "mistake"]), "there is no field 'mistake'; the fields are n, error, label"),
    (list[Point], Chart(x="n", y="label"), "field 'label' has no numbers"),
    (list[Renamed], Chart(y="mean_error"), "the fields are stepSize, meanError"),
    (list[Reading], Chart(x="at", y="volume"), "there is no field 'volume'"),
    (list[Words], Chart(x="word"), "none of its fields has numbers"),
    (list[str], Chart(), "rows are objects, numbers, or arrays of numbers"),
    (list[int], Chart(x="n"), "its rows are numbers, without fields; leave 'n' out"),
    (list[Pair], Chart(x="x", y="y"), "the first column is x, the others are y; leave 'x' and 'y' out"),
    (npt.NDArray[np.float64], Chart(y="error"), "a NumPy array has no fields"),
    (dict[str, int], Chart(x="word", y="count"), "each drawn over its key; leave"),
    (dict[str, str], Chart(), "values of an object are numbers, or lists of them"),
    (Columns, Chart(x="n", y="name"), "field 'name' has no numbers"),
    (Columns, Chart(x="n", y="title"), "field 'title' has no numbers"),
    (Words, Chart(), "none of its fields has numbers"),
    (str, Chart(), "Chart does not fit str: a chart is of a list, an object of lists or numbers, or a NumPy array"),
    (list[Point], Table(columns=["n", "mistake"]), "there is no field 'mistake'"),
    (Point, Table(columns="mistake"), "there is no field 'mistake'"),
    (int, Table(), "Table does not fit int: a table is of a list, an object or a NumPy array"),
    (bytes, Image(), "say what the bytes are: Image('image/png')"),
    (str, Image("image/png"), "only an SVG is text: Image('image/svg+xml'); give bytes or a File"),
    (list[int], Image("image/png"), "an image is bytes, a File, or text that is an SVG"),
    (int | str, Markdown(), "Markdown does not fit int | str: it is for text"),
    (bytes, LongText(), "LongText does not fit bytes: it is for text"),
    (str, Markdown, "Markdown is a class; write Markdown()"),
]


@pytest.mark.parametrize(("kind", "view", "why"), MISFITS, ids=str)
def test_a_view_that_does_not_fit_is_refused_when_it_is_declared(kind: Any, view: Any, why: str) -> None:
    with pytest.raises(DeclarationError) as told:
        giving(Annotated[kind, view])
    assert "'give': result: " in str(told.value)
    assert why in str(told.value)


def test_a_view_of_a_parameter_that_does_not_fit_names_it() -> None:
    with pytest.raises(DeclarationError, match="'take': parameter 'x': LongText does not fit int"):
        taking(Annotated[int, LongText()])


def test_two_views_of_one_value_are_refused() -> None:
    with pytest.raises(DeclarationError, match="has two views, Chart and Table; leave one out"):
        giving(Annotated[list[Point], Chart(), Table()])


@dataclass
class WrongDataclass:
    curve: list[Annotated[list[Point], Chart(x="m")]]


class WrongTypedDict(TypedDict):
    curve: Annotated[list[Point], Chart(x="m")]


class WrongModel(pydantic.BaseModel):
    curve: Annotated[list[Point], Chart(x="m")]


class WrongTuple(NamedTuple):
    curve: Annotated[list[Point], Chart(x="m")]


@pytest.mark.parametrize("cls", [WrongDataclass, WrongTypedDict, WrongModel, WrongTuple])
def test_the_field_is_named_whose_view_does_not_fit(cls: Any) -> None:
    with pytest.raises(DeclarationError, match=f"field 'curve' of {cls.__name__}: Chart .* no field 'm'"):
        giving(dict[str, cls])


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: Chart(kind="pie"), "Chart: kind is 'pie'; allowed: line, bar, scatter"),
        (lambda: Chart(x=["n"]), "Chart: x is ['n']; it is a text"),
        (lambda: Chart(y=[]), "Chart: y is []; it has names of fields"),
        (lambda: Chart(y=[1]), "Chart: y is [1]; it has names of fields"),
        (lambda: Table(columns=[]), "Table: columns is []"),
        (lambda: Image("png"), "Image: media_type is 'png'; it begins with image/"),
    ],
)
def test_a_view_that_cannot_be_is_refused_at_once(make: Any, why: str) -> None:
    with pytest.raises(DeclarationError) as told:
        make()
    assert why in str(told.value)
