"""A mistake: a name that there is not, and those that were perhaps meant."""

from __future__ import annotations

from collections.abc import Iterable

LONGEST_MISTAKE = 64
"""No names are looked for that resemble an unknown name of more characters."""


def close_to(name: str, names: Iterable[str]) -> str:
    """A question about the names that an unknown one resembles; nothing if there are none.

    names: those that whoever asks may know of.
    """
    from difflib import get_close_matches  # noqa: PLC0415 - for mistakes alone

    near = get_close_matches(name, names, n=3) if len(name) <= LONGEST_MISTAKE else []
    return f"; did you mean {' or '.join(near)}?" if near else ""
