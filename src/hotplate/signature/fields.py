"""The fields of a class, whatever made it: dataclasses, attrs, TypedDict, msgspec or pydantic.

attrs and pydantic are used only where the application has imported them.
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from collections.abc import Hashable, Iterable
from functools import lru_cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, is_typeddict

import msgspec
from msgspec import NODEFAULT, UNSET

_SPECIFIERS = {
    ("attr", "_CountingAttr"),
    ("dataclasses", "Field"),
    ("msgspec", "Field"),
    ("pydantic", "FieldInfo"),
}

_STRUCT_OPTIONS = ("array_like", "forbid_unknown_fields", "tag", "tag_field")


class Field(NamedTuple):
    """A field: its `name` in the class, the `key` its constructor takes (None if it takes none), its name in JSON.

    default: NODEFAULT if it is required, UNSET if only the class can make it.
    """

    name: str
    key: str | None
    wire_name: str
    default: Any


def fields_of(cls: Any) -> tuple[Field, ...] | None:
    """The fields of `cls`; None if it is not a class made of fields that Hotplate knows."""
    if is_typeddict(cls):
        defaults = {True: NODEFAULT, False: UNSET}
        return tuple(Field(name, name, name, defaults[name in cls.__required_keys__]) for name in cls.__annotations__)
    if not isinstance(cls, type):
        return None
    if issubclass(cls, msgspec.Struct):
        return tuple(Field(f.name, f.name, f.encode_name, _of_struct(f)) for f in msgspec.structs.fields(cls))
    if dataclasses.is_dataclass(cls):
        members = dataclasses.fields(cls)
        return tuple(Field(f.name, f.name if f.init else None, f.name, _of_dataclass(f)) for f in members)
    if hasattr(cls, "__attrs_attrs__"):
        attributes: Any = cls.__attrs_attrs__
        return tuple(Field(a.name, a.alias if a.init else None, a.name, _of_attrs(a)) for a in attributes)
    return None


def _of_struct(f: msgspec.structs.FieldInfo) -> Any:
    return NODEFAULT if f.required else _fixed(f.default, f.default is not NODEFAULT)


def _of_dataclass(f: dataclasses.Field[Any]) -> Any:
    is_given = f.default is not dataclasses.MISSING
    required = not is_given and f.default_factory is dataclasses.MISSING
    return NODEFAULT if required else _fixed(f.default, is_given)


def _of_attrs(a: Any) -> Any:
    attr = sys.modules["attr"]
    return NODEFAULT if a.default is attr.NOTHING else _fixed(a.default, not isinstance(a.default, attr.Factory))


def _fixed(default: Any, is_given: bool) -> Any:
    """A default that can be shared; UNSET for one that is made anew for each instance."""
    return default if is_given and isinstance(default, Hashable) else UNSET


def struct_options(cls: type) -> dict[str, Any]:
    """How a class wants to be decoded beyond its fields: what a msgspec Struct was declared with."""
    if not issubclass(cls, msgspec.Struct):
        return {}
    return {option: getattr(cls.__struct_config__, option) for option in _STRUCT_OPTIONS}


@lru_cache(maxsize=1024)
def wire_names(cls: Any) -> frozenset[str] | None:
    """The members a JSON object for `cls` may have; None if it may have any."""
    described = getattr(cls, "described", cls)
    models = getattr(described, "model_fields", None)
    if is_pydantic(described) and models is not None:
        return frozenset(models) | {f.alias for f in models.values() if f.alias}
    found = fields_of(described)
    if found is None:
        return None
    tag_field = struct_options(described).get("tag_field")
    return frozenset(f.wire_name for f in found if f.key) | ({tag_field} if tag_field else set())


def is_pydantic(kind: Any) -> bool:
    """Whether pydantic says how values of this type are checked."""
    return "pydantic" in sys.modules and hasattr(kind, "__get_pydantic_core_schema__")


def is_specifier(kind: type) -> bool:
    """Whether it is of what describes a field within a class: `field()`, pydantic's `Field()`, …"""
    return (kind.__module__.partition(".")[0], kind.__name__) in _SPECIFIERS


def unaliased(annotation: Any) -> Any:
    """What another name for a type stands for."""
    while hasattr(annotation, "__supertype__"):  # typing.NewType
        annotation = annotation.__supertype__
    while type(annotation).__name__ == "TypeAliasType":  # `type X = …` of Python 3.12
        annotation = annotation.__value__
    generic = get_origin(annotation)
    if type(generic).__name__ == "TypeAliasType":
        return unaliased(generic.__value__[get_args(annotation)])
    if annotation in (Iterable, typing.Iterable):
        return list[Any]
    return Any if annotation is object else annotation


def type_name(kind: Any) -> str:
    """A type in a few words, for messages: no modules, no internals."""
    origin, args = get_origin(kind), get_args(kind)
    if kind is NoneType or kind is None:
        return "None"
    if kind is Ellipsis:
        return "..."
    if origin is Annotated:
        return type_name(args[0])
    if origin is Literal:
        return " | ".join(map(repr, args))
    if origin in (Union, UnionType):
        return " | ".join(map(type_name, args))
    name: str = getattr(origin or kind, "__name__", None) or str(kind).rpartition(".")[2]
    return f"{name}[{', '.join(map(type_name, args))}]" if args else name
