"""Stand-ins: what decodes the types that msgspec itself cannot, from plain JSON values.

A stand-in is a class that takes the place of such a type inside a type msgspec knows. msgspec hands each value that
stands there to `decode_hook`. Three kinds: `Choice` for unions msgspec cannot tell apart, `Record` for classes with
fields it cannot decode, `Validated` for everything pydantic checks.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from enum import Enum
from functools import lru_cache
from typing import Any, Literal, get_origin
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, convert, defstruct
from msgspec.json import encode

from . import array
from .fields import Field, is_pydantic, struct_options, type_name, wire_names
from .misfit import Misfit, json_type


class StandIn(type):
    """Metaclass of the stand-ins. Every value counts as an instance: msgspec checks what the hook gave back."""

    def __instancecheck__(cls, value: object) -> bool:
        return True

    def read(cls, value: Any) -> Any:
        """Build the value from plain JSON values. Raises `ValueError` or `TypeError` if it does not fit."""
        raise NotImplementedError


def decode_hook(kind: Any, value: Any) -> Any:
    """Build the value of a stand-in, a pydantic type or a NumPy type from plain JSON values."""
    if not isinstance(kind, StandIn):
        return _model(kind).read(value) if is_pydantic(kind) else array.build(kind, value)
    try:
        return kind.read(value)
    except msgspec.ValidationError as error:
        raise Misfit.of(error) from None  # msgspec adds the path that leads here to any error but its own


class Choice(StandIn):
    """A union: the first branch that fits.

    The branches are tried as written, but one that would take everything comes after those that would not: text
    after dates, UUIDs and enums, a number with a fraction after a whole one, an object whose members a branch does
    not know after one that knows them all.
    """

    branches: tuple[Any, ...]

    @classmethod
    def of(cls, branches: Sequence[Any]) -> Choice:
        choice = cls(" | ".join(map(type_name, branches)), (), {})
        choice.branches = tuple(branches)
        return choice

    def read(cls, value: Any) -> Any:
        if not isinstance(value, dict | list):
            return cls._first_fit(value)
        with _outcomes as outcomes:
            key = (id(value), cls)
            if key not in outcomes:
                outcomes[key] = _outcome(cls._first_fit, value)
            return outcomes[key]()

    def _first_fit(cls, value: Any) -> Any:
        ranked = sorted((_breadth(branch, value), i) for i, branch in enumerate(cls.branches))
        misfits = []
        for breadth, i in ranked:
            try:
                return convert(value, cls.branches[i], dec_hook=decode_hook, str_keys=True)
            except msgspec.ValidationError as error:
                misfits.append((breadth, Misfit.of(error)))
        raise cls._misfit(value, misfits)

    def _misfit(cls, value: Any, misfits: list[tuple[int, Misfit]]) -> Misfit:
        near = [misfit for breadth, misfit in misfits if breadth == 0 and not misfit.is_wrong_type]
        if len(near) == 1 and isinstance(value, dict | list):
            return near[0]
        reasons = "".join(f"; {misfit}" for misfit in near) if isinstance(value, dict) else ""
        return Misfit(f"expected `{cls.__name__}`, got `{json_type(value)}`{reasons}")


class _Outcomes(threading.local):
    """What has become of each value within the outermost choice that is being made.

    A value that several branches look into would else be decoded anew for each of them at every level of nesting,
    and the time would double with each level.
    """

    def __init__(self) -> None:
        self._depth, self._found = 0, dict[tuple[int, type], Callable[[], Any]]()

    def __enter__(self) -> dict[tuple[int, type], Callable[[], Any]]:
        self._depth += 1
        return self._found

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if not self._depth:
            self._found.clear()


_outcomes = _Outcomes()


def _outcome(step: Callable[[Any], Any], value: Any) -> Callable[[], Any]:
    """What `step(value)` returns or raises, to be had again."""
    try:
        result = step(value)
    except Misfit as error:
        misfit = error
        return lambda: _raise(misfit)
    return lambda: result


def _raise(misfit: Misfit) -> Any:
    raise Misfit(misfit.text, misfit.path)


_NARROW: dict[type, tuple[type, ...]] = {
    str: (datetime, date, time, timedelta, UUID, Enum),
    int: (int, Enum),
    float: (float,),
}


def _breadth(branch: Any, value: Any) -> int:
    """How much else a branch would take in the place of `value`: 0 if it is made for such values."""
    kind = get_origin(branch) or branch
    if kind is Any:
        return 3
    if isinstance(value, dict):
        known = wire_names(kind)
        return 1 if known is None else 0 if known.issuperset(value) else 2
    narrow = _NARROW.get(type(value))
    if narrow is None or kind is Literal:
        return 0
    return 0 if isinstance(kind, type) and issubclass(kind, narrow) else 1


class Record(StandIn):
    """A class with fields that msgspec cannot decode: they are decoded as a struct, and the class is called."""

    described: type
    struct: type[Struct]
    keys: tuple[str, ...]

    def fill(cls, described: type, fields: Sequence[Field], types: Sequence[Any]) -> None:
        """Say which class it is for, and the wire type of each of its fields."""
        cls.described, cls.keys = described, tuple(f.key or f.name for f in fields)
        names = [f"f{i}" for i in range(len(fields))]
        cls.struct = defstruct(
            described.__name__,
            [(name, kind, f.default) for name, kind, f in zip(names, types, fields, strict=True)],
            rename=dict(zip(names, (f.wire_name for f in fields), strict=True)),
            kw_only=True,
            **struct_options(described),
        )

    def read(cls, value: Any) -> Any:
        read = convert(value, cls.struct, dec_hook=decode_hook, str_keys=True)
        members = zip(cls.keys, msgspec.structs.astuple(read), strict=True)
        return cls.described(**{key: member for key, member in members if member is not UNSET})


class Validated(StandIn):
    """A type that pydantic checks: strictly (`true` is no integer), unless the model itself says otherwise."""

    described: Any
    adapter: Any
    strict: bool | None

    @classmethod
    def of(cls, annotation: Any) -> Validated:
        """Raises `TypeError` if pydantic cannot make a schema of the annotation."""
        pydantic = sys.modules["pydantic"]
        made = cls(type_name(annotation), (), {})
        made.described = annotation
        try:
            made.adapter = pydantic.TypeAdapter(annotation)
        except pydantic.PydanticUserError as error:
            raise TypeError(error.message) from None
        config = getattr(annotation, "model_config", None) or getattr(annotation, "__pydantic_config__", None) or {}
        made.strict = None if "strict" in config else True
        return made

    def read(cls, value: Any) -> Any:
        try:
            return cls.adapter.validate_json(encode(value), strict=cls.strict)
        except sys.modules["pydantic"].ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            raise Misfit(first["msg"], "$" + "".join(map(_step, first["loc"]))) from None

    def schema(cls, mode: str) -> dict[str, Any]:
        """Its JSON Schema as pydantic writes it, with `$defs`; `mode` is `validation` or `serialization`."""
        try:
            return dict(cls.adapter.json_schema(mode=mode))
        except sys.modules["pydantic"].errors.PydanticInvalidForJsonSchema:
            return {}


_model = lru_cache(maxsize=1024)(Validated.of)


def _step(part: Any) -> str:
    # pydantic names the validators it passed through as well, which are no members of the value.
    return f"[{part}]" if isinstance(part, int) else f".{part}" if part.isidentifier() else ""
