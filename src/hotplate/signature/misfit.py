"""A misfit: what of a JSON value does not fit a type, and where in it."""

from __future__ import annotations

import re
from typing import Any

import msgspec

_WHERE = re.compile(r" - at (?:`key` in )?`(\$[^`]*)`\Z")

_JSON_TYPES = {dict: "object", list: "array", type(None): "null"}


class Misfit(ValueError):
    """`text` says what was expected, `path` where: `$` is the whole value, then `.member` and `[index]`."""

    def __init__(self, text: str, path: str = "$") -> None:
        self.text, self.path = text[:1].lower() + text[1:], path
        super().__init__(self.text)

    @classmethod
    def of(cls, error: msgspec.ValidationError) -> Misfit:
        """The misfit that msgspec reports, with the path inside a stand-in added to the path that leads to it."""
        text, cause = str(error), error.__cause__
        if isinstance(cause, Misfit):
            return cls(cause.text, _path(text.removeprefix(cause.text)) + cause.path[1:])
        if isinstance(cause, TypeError):
            # An accident inside the class being built: its text is about Python code, which is not the caller's.
            return cls("cannot be built from this value", _path(text))
        return cls(_WHERE.sub("", text), _path(text))

    @property
    def is_wrong_type(self) -> bool:
        """Whether the value is of another JSON type altogether."""
        return self.path == "$" and self.text.startswith("expected `")


def json_type(value: Any) -> str:
    """The name of the JSON type of a plain value, in the words of msgspec."""
    return _JSON_TYPES.get(type(value), type(value).__name__)


def _path(text: str) -> str:
    found = _WHERE.search(text)
    return found[1] if found else "$"
