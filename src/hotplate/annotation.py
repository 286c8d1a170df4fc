"""What an annotation means on the wire: the type that msgspec decodes in its place."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from types import FrameType, SimpleNamespace
from typing import Any, get_type_hints

from msgspec.inspect import type_info


def hint(fn: Callable[..., Any], name: str) -> Any:
    """The evaluated annotation of the parameter `name` of `fn` (`return` for its result); Any if there is none.

    Classes that the enclosing function defines, as in an app factory, are found while that function runs.
    Raises `TypeError` if the annotation cannot be evaluated.
    """
    inner = inspect.unwrap(fn)
    annotations = getattr(inner, "__annotations__", {})
    if name not in annotations:
        return Any
    lookalike = SimpleNamespace(__annotations__={name: annotations[name]})
    scope = getattr(inner, "__globals__", {})
    try:
        return get_type_hints(lookalike, scope, _enclosing(scope), include_extras=True)[name]
    except NameError as error:
        raise TypeError(f"{error} (annotated as {annotations[name]!r})") from None
    except (SyntaxError, AttributeError) as error:
        raise TypeError(f"the annotation {annotations[name]!r} cannot be read: {error}") from None


def _enclosing(scope: dict[str, Any]) -> dict[str, Any]:
    """The local names of the functions of the same module that are being executed, inner ones first."""
    found: dict[str, Any] = {}
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if frame.f_globals is scope and frame.f_locals is not scope:
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


def wire_type(annotation: Any) -> Any:
    """The type that msgspec decodes for an annotation. Raises `TypeError` if none can be decoded."""
    kind = Any if annotation is object else annotation
    try:
        type_info(kind)
    except NameError as error:
        raise TypeError(str(error)) from None
    return kind


def decode_hook(kind: type, value: Any) -> Any:
    """Build what msgspec itself cannot from plain JSON values."""
    raise NotImplementedError


def encode_hook(value: Any) -> Any:
    """Turn what msgspec itself cannot write into something it can. Raises `TypeError` if that is impossible."""
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")
