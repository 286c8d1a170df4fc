"""Writing Python values as JSON: what msgspec itself cannot write, and what JSON cannot hold."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from msgspec import UNSET, inspect as mi
from msgspec.json import Encoder

from .. import file
from ..errors import ResultUnusable
from . import array
from .fields import fields_of, is_pydantic
from .shape import is_listed, may_be_null, members

_SCALARS = (str, int, float)
_NO_KEYS = (bool, type(None), list, tuple, dict, set, frozenset)
_BAD_KEY = "has a key that JSON cannot hold; keys are text or numbers"
_TEXTS = (str, bytes, bytearray, memoryview)


def encode_hook(value: Any) -> Any:
    """Turn what msgspec itself cannot write into something it can. Raises `TypeError` if that is impossible."""
    kind = type(value)
    if isinstance(value, _NO_KEYS):  # what msgspec writes by itself, except as a key
        raise TypeError(_BAD_KEY)
    if array.is_numpy(kind):
        return array.plain(value)
    if isinstance(value, file.NewFile):
        return file.keep(value)
    if is_pydantic(kind):
        return _of_pydantic(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, _SCALARS):  # of a subclass: msgspec writes only the types themselves
        return next(scalar(value) for scalar in _SCALARS if isinstance(value, scalar))
    if isinstance(value, Collection):
        return list(value)
    raise TypeError(f"is of type {kind.__name__}, which cannot be written as JSON")


def _of_pydantic(value: Any) -> Any:
    pydantic = sys.modules["pydantic"]
    serializer = getattr(value, "__pydantic_serializer__", None) or pydantic.TypeAdapter(type(value)).serializer
    try:
        return serializer.to_python(value, mode="json", by_alias=True, warnings=False)
    except ValueError as error:
        raise TypeError(f"cannot be written as JSON by pydantic: {error}") from None


encode = Encoder(enc_hook=encode_hook).encode
"""Any value as JSON. A number that is not finite becomes null: `fault` finds it."""

UNWRITABLE = (TypeError, ValueError, RecursionError)
"""What `encode` raises for what it cannot write."""


def write(value: Any, places: list[mi.Type]) -> bytes:
    """A value as JSON. Raises `ResultUnusable` saying what JSON cannot hold, and where.

    places: what may stand there by its type.
    """
    try:
        written = encode(value)
    except UNWRITABLE as error:
        raise unusable(value, places, error) from None
    return checked(written, value, places) if b"null" in written else written


def checked(written: bytes, value: Any, places: list[mi.Type]) -> bytes:
    """`written`, unless a null in it is a number that is not finite where there may be no null."""
    found = _fault(value, places) if value is not None else None
    if found:
        raise ResultUnusable(data=found)
    return written


def unusable(value: Any, places: list[mi.Type], error: Exception) -> ResultUnusable:
    """The error for a value that `encode` could not write."""
    return ResultUnusable(data=_fault(value, places) or str(error))


def _fault(value: Any, places: list[mi.Type]) -> str | None:
    try:
        return fault(value, places)
    except RecursionError:
        return "$ is nested too deeply, or contains itself"


def fault(value: Any, places: list[mi.Type], path: str = "$") -> str | None:
    """What in `value` JSON cannot hold, and where; None if there is nothing of the kind.

    places: what may stand there by its type. A number that is not finite is allowed where null is, and in a NumPy
    array that stands there as one, not in the place of a list.
    """
    if array.is_array(value) and is_listed(places):
        value = array.plain(value)
    inside = _inside(value)
    if inside is None:
        return _fault_of_one(value, places, path)
    for key, child in inside:
        if key is None:
            return f"{path} {_BAD_KEY}"
        step = f"[{key}]" if isinstance(key, int) else f".{key}"
        found = fault(child, members(places, key), path + step)
        if found:
            return found
    return None


def _inside(value: Any) -> Iterable[tuple[str | int | None, Any]] | None:
    """The members of a value under the names they will have in JSON; None if it has none."""
    kind = type(value)
    if isinstance(value, Mapping):
        return ((_key(key), child) for key, child in value.items())
    if isinstance(value, Collection):
        return None if isinstance(value, _TEXTS) or array.is_numpy(kind) else enumerate(value)
    models = getattr(kind, "model_fields", None)
    if models is not None and is_pydantic(kind):
        return ((name, getattr(value, name)) for name in models)
    fields = fields_of(kind)
    if fields is None:
        return None
    if hasattr(kind, "__attrs_attrs__"):
        fields = tuple(f for f in fields if not f.name.startswith("_"))  # those msgspec does not write
    return ((f.wire_name, child) for f in fields if (child := getattr(value, f.name)) is not UNSET)


def _key(key: Any) -> str | None:
    try:
        written = encode({key: None})
    except (TypeError, UnicodeEncodeError):
        return None
    return key if isinstance(key, str) else str(written[2:-7], "utf-8")  # between {" and ":null}


def _fault_of_one(value: Any, places: list[mi.Type], path: str) -> str | None:
    if isinstance(value, file.NewFile):
        return None  # to write it once more would keep it twice
    try:
        written = encode(value)
    except UnicodeEncodeError:
        return f"{path} is text with a lone surrogate, which JSON cannot hold"
    except ValueError:
        return f"{path} is a number with too many digits"
    except TypeError as error:
        return f"{path} {error}"
    if written != b"null" or value is None or may_be_null(places):
        return None
    return f"{path} is not finite, which JSON cannot hold"
