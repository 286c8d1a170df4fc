"""A parameter of a function, and what is wrong with the value given for it."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import NODEFAULT, Raw, Struct, field, inspect as mi
from msgspec.json import Decoder

from ..errors import HotplateError
from .annotation import classes
from .encoding import UNWRITABLE, encode, fault
from .fields import is_specifier, type_name
from .misfit import Misfit
from .schema import Schemas, stated_default
from .shape import alternatives, members
from .standin import decode_hook

_STEP = re.compile(r"\.([^.\[]+)|\[(\d+|\.\.\.)\]")

_by_name = Decoder(dict[str, Raw]).decode
_by_position = Decoder(list[Raw]).decode


class Parameter(Struct, frozen=True):
    """One parameter: `type` as annotated, `wire_type` as decoded, `default` only if it is not `required`.

    A `keyword_only` parameter is given by name only.
    """

    name: str
    type: Any
    wire_type: Any
    required: bool = True
    default: Any = None
    keyword_only: bool = False

    def struct_field(self) -> tuple[str, Any, Any]:
        """The field for it in a struct of all parameters; a default that could be changed is copied for each call."""
        if self.required:
            return self.name, self.wire_type, NODEFAULT
        try:
            hash(self.default)
        except TypeError:
            return self.name, self.wire_type, field(default_factory=lambda: copy.deepcopy(self.default))
        return self.name, self.wire_type, self.default

    def places(self) -> list[mi.Type]:
        """What may stand in its place."""
        return [mi.type_info(self.wire_type)]

    def describe(self, schemas: Schemas) -> dict[str, Any]:
        """Its name, whether it is required, and its schema, as OpenRPC wants them (a content descriptor)."""
        default = {} if self.required else stated_default(self.default)
        return {"name": self.name, "required": self.required, "schema": schemas.of(self.wire_type) | default}

    def misfit(self, raw: Raw) -> str | None:
        """What does not fit about the value given for it, in a sentence naming it."""
        try:
            msgspec.json.decode(raw, type=self.wire_type, dec_hook=decode_hook)
        except msgspec.ValidationError as error:
            return self._told(Misfit.of(error))
        return None

    def default_misfit(self) -> str | None:
        """What does not fit about its default; what JSON cannot hold may be a mark of the function's own.

        It fits as it is, or as the JSON that it would be given as: a tuple for a list, the value of an enum's member.
        """
        kind = type(self.default)
        if self.required or self.wire_type is Any:
            return None
        if is_specifier(kind):
            return "its default describes a field of a class, and would be given to the function as it is"
        if kind.__module__ != "builtins" and not {*kind.__mro__}.isdisjoint(classes(self.type)):
            return None
        try:
            msgspec.convert(self.default, self.wire_type, dec_hook=decode_hook)
        except msgspec.ValidationError:
            return self._written_default_misfit()
        return None

    def _written_default_misfit(self) -> str | None:
        try:
            if fault(self.default, self.places()) and self.default is not None:
                return None
            msgspec.json.decode(encode(self.default), type=self.wire_type, dec_hook=decode_hook)
        except msgspec.ValidationError as error:
            if self.default is None:
                return f"its default is None, which its type does not allow; write {type_name(self.type)} | None"
            return f"its default {self.default!r:.100} does not fit: {Misfit.of(error)}; change the default or the type"
        except (HotplateError, *UNWRITABLE):
            pass
        return None

    def _told(self, misfit: Misfit) -> str:
        where = f" at `{self.name}{misfit.path[1:]}`" if misfit.path != "$" else ""
        allowed = self._allowed(misfit.path) if misfit.text.startswith("invalid enum value") else ""
        return f"parameter {self.name!r}: {misfit.text}{where}{allowed}"

    def _allowed(self, path: str) -> str:
        places = self.places()
        for name, index in _STEP.findall(path):
            places = members(places, int(index) if index.isdigit() else name)
        values = [value for place in places for part in alternatives(place) for value in _values(part)]
        return "; expected one of " + ", ".join(str(encode(value), "utf-8") for value in values[:50]) if values else ""


def _values(part: mi.Type) -> Sequence[Any]:
    match part:
        case mi.LiteralType(values=values):
            return values
        case mi.EnumType(cls=cls):
            return [member.value for member in cls]
    return ()


def first_misfit(parameters: Sequence[Parameter], params: bytes) -> str:
    """What is wrong with `params` that could not be decoded, in a sentence naming the parameter."""
    given: Mapping[str, Raw]
    if params[:1] == b"[":
        elements = _by_position(params)
        takers = [p.name for p in parameters if not p.keyword_only]
        if len(elements) > len(takers):
            return too_many(takers, len(elements))
        given = dict(zip(takers, elements, strict=False))
    else:
        given = _by_name(params)
    return next(_misfits(parameters, given), "a parameter is given more than once")


def too_many(takers: Sequence[str], given: int) -> str:
    """That more are given by position than there are to take them."""
    noun = "parameter" if len(takers) == 1 else "parameters"
    names = f" by position ({', '.join(takers)})" if takers else ""
    return f"takes {len(takers)} {noun}{names}, got {given}"


def unknown(name: str, names: Sequence[str]) -> str:
    """That there is no parameter of a name."""
    return f"unknown parameter {name[:100]!r}; takes {', '.join(names) or 'none'}"


def _misfits(parameters: Sequence[Parameter], given: Mapping[str, Raw]) -> Iterator[str]:
    names = [p.name for p in parameters]
    for name in given:
        if name not in names:
            yield unknown(name, names)
    for p in parameters:
        raw = given.get(p.name)
        if raw is not None:
            misfit = p.misfit(raw)
            if misfit:
                yield misfit
        elif p.required:
            yield f"parameter {p.name!r} is missing" + ("; it is given by name only" if p.keyword_only else "")
