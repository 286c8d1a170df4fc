"""JSON laid out for reading: what fits into a line stands in one."""

from __future__ import annotations

import json
from typing import Any

_STEP = "  "


def laid_out(value: Any, width: int, indent: str = "") -> str:
    """`value` as JSON text in lines of at most `width` characters, as far as that can be."""
    flat = json.dumps(value, ensure_ascii=False)
    if len(indent) + len(flat) < width or not value or not isinstance(value, dict | list):
        return flat
    inner = indent + _STEP
    if isinstance(value, list):
        parts = [laid_out(part, width, inner) for part in value]
    else:
        parts = [
            f"{json.dumps(name, ensure_ascii=False)}: {laid_out(part, width, inner)}" for name, part in value.items()
        ]
    opening, closing = "[]" if isinstance(value, list) else "{}"
    lines = f",\n{inner}".join(parts)
    return f"{opening}\n{inner}{lines}\n{indent}{closing}"
