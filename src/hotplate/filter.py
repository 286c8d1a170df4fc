"""Which runs are wanted of all that there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from .run import State

Sort = Literal["-created", "created", "-finished", "finished", "-duration", "duration"]
"""What runs are sorted by, the greatest first with a minus. Those that have no such time come last in both."""


class Filter(Struct, frozen=True, kw_only=True):
    """Which runs to list: all given fields must fit.

    states: one of these. since, until: created at this Unix timestamp or later, and before that one. text: a part, in
    letters of either case, of the id, job, key, params or error; with `in_tracebacks` also of what an exception said.

    sort, limit: of the page. before: the `no` of the last run of the page before; for the sorts by creation only.
    skip: how many runs to pass over.
    """

    job: str | None = None
    states: Sequence[State] = ()
    caller: str | None = None
    parent_id: str | None = None
    since: float | None = None
    until: float | None = None
    text: str | None = None
    in_tracebacks: bool = False
    sort: Sort = "-created"
    before: int | None = None
    skip: int = 0
    limit: int = 50
