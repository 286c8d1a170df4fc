"""A home of several machines: a PostgreSQL server of its own, and nodes that know nothing of each other's processes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.engines import PostgreSQL
from tests.acceptance.home import Home
from tests.servers import Postgres

LEASE_S = 2.0


class Machines:
    """`home` is the record; each node that is started seems to be on a machine of its own."""

    def __init__(self, home: Home, database: Postgres) -> None:
        self.home, self.database = home, database
        self._count = 0

    def node(self, **environ: str) -> subprocess.Popen[bytes]:
        """A node with two workers, which others know by its beats alone."""
        self._count += 1
        place = self.home.folder / f"machine-{self._count}"
        place.mkdir(mode=0o700)
        return self.home.node("--concurrency", "2", XDG_RUNTIME_DIR=str(place), **environ)


@pytest.fixture
def machines(tmp_path: Path, needed: object) -> Iterator[Machines]:
    needed(Postgres)  # type: ignore[operator]
    with Postgres() as database:
        home = Home(tmp_path, lambda data: PostgreSQL(data, database))
        home.environ["HOTPLATE_LEASE"] = str(LEASE_S)
        with home.app.app_context():
            yield Machines(home, database)
        home.close()
