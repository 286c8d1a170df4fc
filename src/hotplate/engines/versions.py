"""The version of a record's tables, the steps from one to the next, and which Hotplate works with which record."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from msgspec import Struct

from ..errors import EngineError

VERSION, COMPATIBLE_FROM = "schema", "compatible_from"
"""Names of the two rows in `meta`."""


class Version(NamedTuple):
    """Of a record: a Hotplate whose own tables have the version C works with it if compatible_from <= C <= number."""

    number: int
    compatible_from: int

    @classmethod
    def of(cls, meta: Mapping[str, str]) -> Version:
        """As the rows of `meta` say. Raises `EngineError` if they say nothing that can be understood."""
        number = meta.get(VERSION, "none")
        since = meta.get(COMPATIBLE_FROM, number)
        if not (number.isdecimal() and since.isdecimal()):
            raise EngineError(f"the record has schema version {number!r}, compatible from {since!r}; restore its meta")
        return cls(int(number), int(since))

    def rows(self) -> list[tuple[str, str]]:
        """The rows of `meta`."""
        return [(VERSION, str(self.number)), (COMPATIBLE_FROM, str(self.compatible_from))]


class Step(Struct, frozen=True, kw_only=True):
    """One change of the tables, made in one transaction.

    version: that of the record afterwards, one more than before.
    compatible_from: the oldest version of Hotplate's own tables that goes on working with the record. A step that only
    adds (a table, a column that is null or has a default, an index) keeps that of the step before; one that takes away
    or changes names its own version, and is made while no node is alive.
    what: what it does, in a few words. sql: the statements.
    """

    version: int
    compatible_from: int
    what: str
    sql: str


class Schema(Struct, frozen=True, kw_only=True):
    """The tables that this Hotplate works with: as a new record gets them, and the steps of an older one."""

    tables: str
    steps: tuple[Step, ...] = ()

    @classmethod
    def of(cls, folder: Path, *added: str) -> Schema:
        """The tables of `ledger.sql`, and what was added since, one step each: a file of the same name."""
        schema = cls(tables=_sql(folder, "ledger"))
        for version, what in enumerate(added, 2):
            schema = schema.then(Step(version=version, compatible_from=1, what=what, sql=_sql(folder, what)))
        return schema

    @property
    def version(self) -> Version:
        last = self.steps[-1] if self.steps else None
        return Version(last.version, last.compatible_from) if last else Version(1, 1)

    def then(self, step: Step) -> Schema:
        """The schema after one more step."""
        return Schema(tables=f"{self.tables}\n{step.sql}", steps=(*self.steps, step))

    def missing(self, found: Version) -> list[Step]:
        """The steps that a record lacks."""
        return [step for step in self.steps if step.version > found.number]

    def trouble(self, found: Version) -> str | None:
        """Why this Hotplate does not work with a record, if so, and what to do."""
        mine = self.version.number
        if mine < found.compatible_from:
            return f"this Hotplate is older than the record ({found.number} > {mine}): upgrade it"
        if mine > found.number:
            return f"the record is older than this Hotplate ({found.number} < {mine}); run: hotplate db upgrade"
        return None

    def refuse_to_break(self, found: Version, alive: int) -> None:
        """Raise `EngineError` if a step would take away what an older Hotplate works with, and nodes are alive."""
        for step in self.missing(found):
            if alive and step.compatible_from > found.compatible_from:
                raise EngineError(
                    f"step {step.version} ({step.what}) takes away what an older Hotplate works with, and a node is "
                    "alive: end all nodes and web processes first"
                )

    def check(self, found: Version, where: str) -> None:
        """Raise `EngineError` if this Hotplate does not work with the record at `where`."""
        if trouble := self.trouble(found):
            raise EngineError(f"{where}: {trouble}")


def _sql(folder: Path, name: str) -> str:
    return (folder / f"{name.replace(' ', '_')}.sql").read_text("utf-8")
