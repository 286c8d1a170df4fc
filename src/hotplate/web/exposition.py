"""Figures as Prometheus reads them: its text format, version 0.0.4."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from math import inf

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Family:
    """One metric with all its samples. kind: `counter`, `gauge` or `histogram`."""

    def __init__(self, name: str, kind: str, meaning: str) -> None:
        self.name, self.kind, self.meaning = name, kind, meaning
        self._lines: list[str] = []

    def add(self, value: float, **labels: str) -> None:
        """A sample of a counter or a gauge."""
        self._lines.append(_sample(self.name, labels, value))

    def distribute(self, bounds: Sequence[float], counts: Sequence[int], total: float, **labels: str) -> None:
        """A histogram: how many were at most as large as each of `bounds` but larger than the one before.

        total: the sum of all that was counted.
        """
        for bound, n in zip(bounds, accumulate(counts), strict=True):
            self._lines.append(_sample(f"{self.name}_bucket", {**labels, "le": _number(bound)}, n))
        self._lines.append(_sample(f"{self.name}_sum", labels, total))
        self._lines.append(_sample(f"{self.name}_count", labels, sum(counts)))

    def text(self) -> str:
        if not self._lines:
            return ""
        meaning = self.meaning.replace("\\", "\\\\").replace("\n", "\\n")
        return "".join([f"# HELP {self.name} {meaning}\n# TYPE {self.name} {self.kind}\n", *self._lines])


def exposition(families: Iterable[Family]) -> bytes:
    """All of them as one document; those without samples are left out."""
    return "".join(family.text() for family in families).encode("utf-8", "replace")


def _sample(name: str, labels: Mapping[str, str], value: float) -> str:
    pairs = ",".join(f'{label}="{_escape(text)}"' for label, text in labels.items())
    return f"{name}{{{pairs}}} {_number(value)}\n" if pairs else f"{name} {_number(value)}\n"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _number(value: float) -> str:
    return "+Inf" if value == inf else repr(value)
