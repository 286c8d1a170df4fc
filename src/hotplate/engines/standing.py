"""How a record stands, for whoever keeps it: where it lies, its version, what is in it."""

from __future__ import annotations

from msgspec import Struct

from ..engine import NodeInfo
from .versions import Schema, Step, Version


class Contents(Struct, kw_only=True):
    """What is in a record.

    size: bytes on disk. states: how many runs are in each state.
    oldest: id and job of the run that waits longest of those that are due, and for how many seconds it has.
    """

    size: int
    states: dict[str, int]
    oldest: tuple[str, str, float] | None
    nodes: list[NodeInfo]


class Standing(Struct, kw_only=True):
    """Of the record at `where`: its version and contents, None where there is none yet; and this Hotplate's schema."""

    where: str
    schema: Schema
    found: Version | None
    contents: Contents | None

    @property
    def trouble(self) -> str | None:
        """Why this Hotplate does not work with the record, if so."""
        return self.schema.trouble(self.found) if self.found else None

    @property
    def missing(self) -> list[Step]:
        """The steps that an upgrade would make."""
        return self.schema.missing(self.found) if self.found else []
