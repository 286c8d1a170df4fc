"""The embedded engine's record looked at and brought up to date."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from ...config import Place
from ...engine import NodeInfo
from ...errors import EngineError
from ..standing import Contents, Standing
from . import folder, schema
from .database import Database

PATIENCE_S = 10.0


class SqliteUpkeep:
    """Of the record in a data folder, which need not be there."""

    def __init__(self, place: Place) -> None:
        self._place, self._path = place, Path(place.data) / folder.DATABASE

    def standing(self) -> Standing:
        found, contents = None, None
        if self._path.exists():
            with self._opened() as connection:
                found = schema.version_of(connection)
                contents = self._contents(connection) if found else None
        return Standing(where=str(self._path), schema=schema.SCHEMA, found=found, contents=contents)

    def upgrade(self, say: Callable[[str], None]) -> None:
        before = self.standing()
        if before.found and before.contents:
            schema.SCHEMA.refuse_to_break(before.found, len(before.contents.nodes))
        data = folder.prepare(Path(self._place.data))
        Database(data / folder.DATABASE, synchronous=self._place.synchronous, upgrade=True).close()
        if before.found is None:
            say(f"{self._path}: the tables are made")
        for step in before.missing:
            say(f"version {step.version}: {step.what}")

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(f"{self._path.as_uri()}?mode=rw", uri=True, timeout=PATIENCE_S)
            with closing(connection):
                yield connection
        except sqlite3.Error as error:
            raise EngineError(f"{self._path} cannot be read: {error}") from error

    def _contents(self, connection: sqlite3.Connection) -> Contents:
        files = self._path.parent.glob(f"{self._path.name}*")
        oldest = connection.execute(
            "select id, job, due_at from runs where state = 'queued' and due_at <= ? order by due_at limit 1",
            (time.time(),),
        ).fetchone()
        is_alive = folder.NodeLock(self._path.parent).alive()
        nodes = connection.execute("select data from nodes").fetchall() if is_alive else []
        return Contents(
            size=sum(file.stat().st_size for file in files),
            states=dict(connection.execute("select state, count(*) from runs group by state").fetchall()),
            oldest=(oldest[0], oldest[1], time.time() - oldest[2]) if oldest else None,
            nodes=[msgspec.json.decode(data, type=NodeInfo) for (data,) in nodes],
        )
