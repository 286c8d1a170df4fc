"""Statistics of a text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from importlib.metadata import distribution
from typing import Annotated

from msgspec import Meta, Struct

from .. import LongText, Markdown, Namespace, Table, progress

text = Namespace("text")

Text = Annotated[str, Meta(max_length=1_000_000), LongText()]

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
    most_common: Annotated[list[WordCount], Table(columns=["count", "word"])]


@text.method
def licence() -> str:
    """The licence of Hotplate."""
    return distribution("hotplate").read_text("licenses/LICENSE") or ""


@text.job(timeout=60)
def statistics(content: Text | None = None, top: Annotated[int, Meta(ge=1, le=1_000)] = 10) -> Statistics:
    """Count the words of a text; without one, those of Hotplate's licence."""
    content = licence() if content is None else content
    found = _statistics(content, progress(content.splitlines(), label="lines"), top)
    print(f"{found.words} words in {found.lines} lines")
    return found


def _statistics(content: str, lines: Iterable[str], top: int) -> Statistics:
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(word.lower() for word in _WORD.findall(line))
    words = counts.total()
    return Statistics(
        characters=len(content),
        lines=len(content.splitlines()),
        words=words,
        distinct_words=len(counts),
        mean_length=sum(len(word) * count for word, count in counts.items()) / words if words else 0.0,
        longest_word=max(counts, key=len, default=""),
        most_common=[WordCount(word, count) for word, count in counts.most_common(top)],
    )


@text.method
def report(content: Text | None = None) -> Annotated[str, Markdown()]:
    """What a text consists of, in words; without one, of Hotplate's licence."""
    content = licence() if content is None else content
    found = _statistics(content, content.splitlines(), top=5)
    rows = [f"| {each.word} | {each.count} |" for each in found.most_common]
    return "\n".join(
        [
            "# What the text consists of",
            "",
            f"**{found.words}** words, **{found.distinct_words}** of them different, on {found.lines} lines.",
            f"The longest is *{found.longest_word or 'none'}*; the mean is {found.mean_length:.1f} characters.",
            "",
            "| word | how often |",
            "|---|---:|",
            *rows,
        ]
    )
