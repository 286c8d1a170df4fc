"""What a signature says of itself as JSON Schema: valid, true to what is taken and given, and without mix-ups."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum, IntEnum
from math import inf
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt
import pydantic
import pytest
from jsonschema import Draft202012Validator, FormatChecker

from hotplate.signature import Schemas, Signature
from tests.unit.test_signature_params import FITTING, MISFITS
from tests.unit.test_signature_results import NUMPY, WRITTEN
from tests.unit.test_signature_unions import FITTING as FITTING_UNIONS, MISFITS as MISFITS_OF_UNIONS

FORMATS = FormatChecker(["date", "uuid"])

NOT_IN_SCHEMA = ("out of range", "base64", "RFC3339", "got `float`")
"""Misfits that a schema does not tell: for it, 1.0 is an integer."""


def taking(annotation: Any, result: Any = Any) -> Signature:
    def take(x: Any) -> Any: ...

    take.__annotations__.update({"x": annotation, "return": result})
    return Signature(take, name="take")


def is_valid(schema: dict[str, Any], raw: bytes) -> bool:
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema, format_checker=FORMATS).is_valid(msgspec.json.decode(raw))


@pytest.mark.parametrize(("annotation", "sent", "value"), [*FITTING, *FITTING_UNIONS], ids=str)
def test_what_is_taken_is_valid(annotation: Any, sent: str, value: Any) -> None:
    assert is_valid(taking(annotation).params_schema(), f'{{"x":{sent}}}'.encode())


@pytest.mark.parametrize(
    ("annotation", "sent"),
    [case[:2] for case in [*MISFITS, *MISFITS_OF_UNIONS] if not any(text in case[2] for text in NOT_IN_SCHEMA)],
    ids=str,
)
def test_what_is_refused_is_not_valid(annotation: Any, sent: str) -> None:
    assert not is_valid(taking(annotation).params_schema(), f'{{"x":{sent}}}'.encode())


@pytest.mark.parametrize(("annotation", "result", "written"), [*WRITTEN, *NUMPY], ids=str)
def test_what_is_given_is_valid(annotation: Any, result: Any, written: bytes) -> None:
    assert is_valid(taking(Any, annotation).result_schema(), written)


class Colour(Enum):
    """Of the light."""

    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    SMALL = 1


@dataclass
class Item:
    """One line of an order."""

    sku: str
    qty: Annotated[int, msgspec.Meta(ge=1, description="How many")] = 1


class Category(msgspec.Struct, rename="camel", forbid_unknown_fields=True):
    full_name: str
    children: list[Category] = []


class Cat(msgspec.Struct, tag=True):
    name: str


class Dog(msgspec.Struct, tag=True):
    name: str


class Pair(NamedTuple):
    first: int
    second: str = "b"


class Node(pydantic.BaseModel):
    kids: list[Node] = []


@dataclass
class Choice:
    kind: Literal["b", "a"]
    when: date | str = "now"


T = TypeVar("T")


class Page(msgspec.Struct, Generic[T]):
    items: list[T]


SAID: list[tuple[Any, dict[str, Any]]] = [
    (Any, {}),
    (str, {"type": "string"}),
    (
        Annotated[str, msgspec.Meta(min_length=1, max_length=3, pattern="^a", title="T", examples=["a"])],
        {"type": "string", "minLength": 1, "maxLength": 3, "pattern": "^a", "title": "T", "examples": ["a"]},
    ),
    (Annotated[float, msgspec.Meta(gt=0, lt=1)], {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
    (Annotated[int, msgspec.Meta(ge=0, le=9, multiple_of=3)], {"type": "integer", "minimum": 0, "maximum": 9}),
    (Annotated[bytes, msgspec.Meta(max_length=4)], {"type": "string", "contentEncoding": "base64", "maxLength": 8}),
    (Annotated[list[int], msgspec.Meta(min_length=1)], {"type": "array", "items": {"type": "integer"}, "minItems": 1}),
    (dict[str, int], {"type": "object", "additionalProperties": {"type": "integer"}}),
    (dict[int, Any], {"type": "object", "propertyNames": {"pattern": "^-?[0-9]+$"}}),
    (dict[date, Any], {"type": "object", "propertyNames": {"type": "string", "format": "date"}}),
    (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
    (Decimal, {"type": ["string", "number"], "format": "decimal"}),
    (Literal["south", "east", 2, 1], {"enum": ["south", "east", 2, 1]}),
    (Literal["b", "a"] | None, {"anyOf": [{"enum": ["b", "a"]}, {"type": "null"}]}),
    (list[Literal["b", "a"]], {"type": "array", "items": {"enum": ["b", "a"]}}),
    (str | date, {"oneOf": [{"type": "string", "not": {"type": "string", "format": "date"}}, {"type": "string"}]}),
    (Annotated[int, pydantic.Field(gt=3)], {"type": "integer", "exclusiveMinimum": 3}),
]


@pytest.mark.parametrize(("annotation", "said"), SAID, ids=str)
def test_a_type_is_said_in_keywords(annotation: Any, said: dict[str, Any]) -> None:
    schema = taking(annotation).params_schema()["properties"]["x"]

    assert {key: schema[key] for key in said if key != "oneOf"} == {k: v for k, v in said.items() if k != "oneOf"}
    assert len(schema.get("oneOf", [])) == len(said.get("oneOf", []))


COMPONENTS: list[tuple[Any, dict[str, Any]]] = [
    (
        Colour,
        {"Colour": {"title": "Colour", "description": "Of the light.", "type": "string", "enum": ["red", "blue"]}},
    ),
    (Size, {"Size": {"title": "Size", "enum": [1], "description": None}}),
    (
        Item,
        {
            "Item": {
                "title": "Item",
                "description": "One line of an order.",
                "type": "object",
                "properties": {
                    "sku": {"type": "string"},
                    "qty": {"type": "integer", "minimum": 1, "description": "How many", "default": 1},
                },
                "required": ["sku"],
            }
        },
    ),
    (
        Category,
        {
            "Category": {
                "title": "Category",
                "type": "object",
                "properties": {
                    "fullName": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Category"}, "default": []},
                },
                "required": ["fullName"],
                "additionalProperties": False,
            }
        },
    ),
    (
        Pair,
        {
            "Pair": {
                "title": "Pair",
                "type": "array",
                "prefixItems": [{"type": "integer"}, {"type": "string", "default": "b"}],
                "items": False,
                "minItems": 1,
                "maxItems": 2,
            }
        },
    ),
    (
        Page[int],
        {
            "Page_int": {
                "title": "Page[int]",
                "type": "object",
                "properties": {"items": {"type": "array", "items": {"type": "integer"}}},
                "required": ["items"],
            }
        },
    ),
]


@pytest.mark.parametrize(("annotation", "components"), COMPONENTS, ids=str)
def test_a_class_becomes_a_component(annotation: Any, components: dict[str, Any]) -> None:
    schema = taking(list[annotation]).params_schema()

    (name,) = components
    assert schema["properties"]["x"] == {"type": "array", "items": {"$ref": f"#/$defs/{name}"}}
    expected = {key: value for key, value in components[name].items() if value is not None}
    assert {key: schema["$defs"][name].get(key) for key in expected} == expected


def test_params_are_an_object_without_surplus() -> None:
    def quote(item: Item, discount: float = 0.5, limit: float = inf, *, note: str | None = None) -> None: ...

    assert Signature(quote, name="quote").params_schema() | {"$defs": 0} == {
        "type": "object",
        "properties": {
            "item": {"$ref": "#/$defs/Item"},
            "discount": {"type": "number", "default": 0.5},
            "limit": {"type": "number"},
            "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        },
        "required": ["item"],
        "additionalProperties": False,
        "$defs": 0,
    }


def test_a_signature_is_described_as_openrpc_wants_it() -> None:
    def quote(item: Item, count: int = 2) -> list[Item]: ...

    schemas = Schemas()
    described = Signature(quote, name="quote").describe(schemas)

    assert described.params == [
        {"name": "item", "required": True, "schema": {"$ref": "#/components/schemas/Item"}},
        {"name": "count", "required": False, "schema": {"type": "integer", "default": 2}},
    ]
    assert described.result == {"type": "array", "items": {"$ref": "#/components/schemas/Item"}}
    assert list(schemas.components) == ["Item"]


def shop() -> tuple[type, type]:
    class Price(msgspec.Struct):
        euros: int

    class Order(pydantic.BaseModel):
        euros: int

    return Price, Order


def bank() -> tuple[type, type]:
    class Price(msgspec.Struct):
        dollars: str

    class Order(pydantic.BaseModel):
        dollars: str

    return Price, Order


@pytest.mark.parametrize("which", [0, 1], ids=["msgspec", "pydantic"])
def test_classes_of_the_same_name_stay_apart(which: int) -> None:
    schemas = Schemas()

    first, second, again = (taking(kind[which]).describe(schemas).params[0] for kind in (shop(), bank(), bank()))

    names = [p["schema"]["$ref"].rpartition("/")[2] for p in (first, second, again)]
    assert names[0] != names[1]
    assert [list(schemas.components[name]["properties"]) for name in names] == [["euros"], ["dollars"], ["dollars"]]


def test_models_of_the_same_name_stay_apart_when_only_what_they_refer_to_differs() -> None:
    def made(kind: Any) -> type[pydantic.BaseModel]:
        part = pydantic.create_model("Part", value=(kind, ...))
        return pydantic.create_model("Whole", part=(part, ...))

    schemas = Schemas()
    refs = [taking(made(kind)).describe(schemas).params[0]["schema"]["$ref"] for kind in (int, str, int)]

    assert refs[0] == refs[2] != refs[1]
    assert len(schemas.components) == 4


def test_a_model_is_one_component_however_often_it_is_used() -> None:
    schemas = Schemas()

    for kind in (Node, list[Node], dict[str, Node], Node | None, int | Node):
        taking(kind).describe(schemas)

    assert list(schemas.components) == ["Node"]
    assert schemas.components["Node"]["properties"]["kids"]["items"] == {"$ref": "#/components/schemas/Node"}


def test_the_branches_of_a_union_are_told_apart() -> None:
    def branches(kind: Any) -> Any:
        return taking(kind).params_schema()["properties"]["x"]

    cats_and_dogs = branches(Cat | Dog)
    assert cats_and_dogs == {"anyOf": [{"$ref": "#/$defs/Cat"}, {"$ref": "#/$defs/Dog"}]}
    assert branches(Item | Choice) == {"oneOf": [{"$ref": "#/$defs/Item"}, {"$ref": "#/$defs/Choice"}]}
    assert branches(list[int] | list[str])["oneOf"][1]["not"] == {"type": "array", "items": {"type": "integer"}}


def test_numpy_types_are_said_as_what_they_become() -> None:
    assert taking(Any, npt.NDArray[np.float64]).result_schema()["type"] == "array"
    assert taking(Any, np.float32).result_schema() == {"type": "number"}
    assert taking(Any, np.int64 | None).result_schema() == {"anyOf": [{"type": "integer"}, {"type": "null"}]}


def test_a_default_that_json_cannot_hold_is_left_out() -> None:
    def find(a: Any = object(), b: Any = print, c: list[float] = [inf], d: Any = {1: {2}}) -> None: ...  # noqa: B006, B008

    properties = Signature(find, name="find").params_schema()["properties"]

    assert [p.get("default", "none") for p in properties.values()] == ["none", "none", "none", {"1": [2]}]
