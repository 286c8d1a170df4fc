"""The shape of a wire type: its parts, and which of them may stand where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from msgspec import inspect as mi

from .fields import is_pydantic
from .standin import Choice, Record, Validated

CLASSES = (mi.StructType, mi.DataclassType, mi.TypedDictType, mi.NamedTupleType)
"""What msgspec says of classes with fields."""


def parts(kind: Any) -> Iterator[mi.Type]:
    """Every part of a type, itself included, each once; what is inside a stand-in is not looked into."""
    root = mi.type_info(kind)
    seen, waiting = {id(root)}, [root]
    while waiting:
        part = waiting.pop()
        yield part
        for inner in _inside(part):
            if id(inner) not in seen:
                seen.add(id(inner))
                waiting.append(inner)


def _inside(part: mi.Type) -> Iterable[mi.Type]:
    match part:
        case mi.Metadata(type=inner):
            return (inner,)
        case mi.CollectionType(item_type=item):
            return (item,)
        case mi.TupleType(item_types=items) | mi.UnionType(types=items):
            return items
        case mi.DictType(key_type=key, value_type=value) | mi.FrozenDictType(key_type=key, value_type=value):
            return (key, value)
        case mi.StructType() | mi.DataclassType() | mi.TypedDictType() | mi.NamedTupleType():
            return [field.type for field in part.fields]
    return ()


def alternatives(part: mi.Type) -> Iterator[mi.Type]:
    """What may stand in a place: the branches of unions, the struct in the place of a record."""
    match part:
        case mi.Metadata(type=inner):
            yield from alternatives(inner)
        case mi.UnionType(types=branches):
            for branch in branches:
                yield from alternatives(branch)
        case mi.CustomType(cls=Choice() as choice):
            for branch in choice.branches:
                yield from alternatives(mi.type_info(branch))
        case mi.CustomType(cls=Record() as record):
            yield mi.type_info(record.struct)
        case _:
            yield part


def members(places: Iterable[mi.Type], key: str | int) -> list[mi.Type]:
    """What may stand at `key` (the name in a JSON object, the index in an array) of any of the places."""
    found: list[mi.Type] = []
    for place in places:
        for part in alternatives(place):
            found.extend(_member(part, key))
    return found


def _member(part: mi.Type, key: str | int) -> Iterable[mi.Type]:
    match part:
        case mi.CollectionType(item_type=item) if isinstance(key, int):
            return (item,)
        case mi.TupleType(item_types=items) if isinstance(key, int):
            return items[key : key + 1]
        case mi.DictType(value_type=value) | mi.FrozenDictType(value_type=value) if isinstance(key, str):
            return (value,)
        case mi.StructType(array_like=True) | mi.NamedTupleType() if isinstance(key, int):
            return [field.type for field in part.fields[key : key + 1]]
        case mi.StructType() | mi.DataclassType() | mi.TypedDictType():
            return [field.type for field in part.fields if field.encode_name == key]
        case mi.CustomType(cls=cls):
            return _of_model(cls.described if isinstance(cls, Validated) else cls, key)
    return ()


def _of_model(model: Any, key: str | int) -> Iterable[mi.Type]:
    fields = getattr(model, "model_fields", {}) if is_pydantic(model) else {}
    try:
        return [mi.type_info(f.annotation) for name, f in fields.items() if key in (name, f.alias)]
    except TypeError:
        return ()


def is_listed(places: Iterable[mi.Type]) -> bool:
    """Whether an array with members of a known type may stand there."""
    listed = mi.CollectionType | mi.TupleType
    return any(isinstance(part, listed) for place in places for part in alternatives(place))


def may_be_null(places: Iterable[mi.Type]) -> bool:
    return any(isinstance(part, mi.NoneType) for place in places for part in alternatives(place))
