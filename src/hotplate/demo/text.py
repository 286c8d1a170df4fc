"""Statistics of a text."""

from __future__ import annotations

import re
from collections import Counter
from importlib.metadata import distribution
from typing import Annotated

from msgspec import Meta, Struct

from .. import Namespace, progress

text = Namespace("text")

Text = Annotated[str, Meta(max_length=1_000_000)]

_WORD = re.compile(r"[^\W\d_]+(?:['\u2019-][^\W\d_]+)*")


class WordCount(Struct, frozen=True):
    """A word in lower case, and how often it is in the text."""

    word: str
    count: int


class Statistics(Struct, frozen=True):
    """What a text consists of. `mean_length` is that of its words, in characters."""

    characters: int
    lines: int
    words: int
    distinct_words: int
    mean_length: float
    longest_word: str
    most_common: list[WordCount]


@text.method
def licence() -> str:
    """The licence of Hotplate."""
    return distribution("hotplate").read_text("licenses/LICENSE") or ""


@text.job(timeout=60)
def statistics(content: Text | None = None, top: Annotated[int, Meta(ge=1, le=1_000)] = 10) -> Statistics:
    """Count the words of a text; without one, those of Hotplate's licence."""
    content = licence() if content is None else content
    lines = content.splitlines()
    counts: Counter[str] = Counter()
    for line in progress(lines, label="lines"):
        counts.update(word.lower() for word in _WORD.findall(line))
    words = counts.total()
    print(f"{words} words in {len(lines)} lines")
    return Statistics(
        characters=len(content),
        lines=len(lines),
        words=words,
        distinct_words=len(counts),
        mean_length=sum(len(word) * count for word, count in counts.items()) / words if words else 0.0,
        longest_word=max(counts, key=len, default=""),
        most_common=[WordCount(word, count) for word, count in counts.most_common(top)],
    )
