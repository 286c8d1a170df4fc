"""All runs that fit, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class Pages:
    """What to ask `run.list` for, until `params` is None: with what is given of its parameters."""

    def __init__(self, **given: Any) -> None:
        self.params: dict[str, Any] | None = {name: value for name, value in given.items() if value is not None}
        self._is_by_creation = given.get("sort") in (None, "-created", "created")

    def take(self, page: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
        """The runs of a page that was answered."""
        runs: Sequence[Mapping[str, Any]] = page["runs"]
        params, self.params = self.params or {}, None
        if self._is_by_creation and page["next"] is not None:
            self.params = {**params, "before": page["next"]}
        elif not self._is_by_creation and runs:
            self.params = {**params, "skip": params.get("skip", 0) + len(runs)}
        return runs
