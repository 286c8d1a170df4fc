"""A home of several machines, with a PostgreSQL server of its own, which may crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.acceptance.engines import CLUSTERS, PostgreSQL
from tests.acceptance.home import Home
from tests.acceptance.machines import Machines
from tests.servers import Kept, Postgres

LEASE_S = 2.0


@pytest.fixture
def database(needed: Callable[[type[Kept]], None]) -> Iterator[Postgres]:
    needed(Postgres)
    with Postgres() as database:
        yield database


@contextmanager
def on(home: Home) -> Iterator[Machines]:
    with closing(home), home.app.app_context(), closing(Machines(home, LEASE_S)) as machines:
        yield machines


@pytest.fixture
def machines(tmp_path: Path, database: Postgres) -> Iterator[Machines]:
    """Machines without a broker."""
    with on(Home(tmp_path, lambda data: PostgreSQL(data, database))) as machines:
        yield machines


@pytest.fixture(params=CLUSTERS)
def hosted_machines(tmp_path: Path, database: Postgres, request: pytest.FixtureRequest) -> Iterator[Machines]:
    """Machines with each kind of broker in turn."""
    kind = CLUSTERS[request.param]
    _, broker = kind.needs
    server = request.getfixturevalue(broker.__name__.lower())
    with on(Home(tmp_path, lambda data: kind(data, database, server))) as machines:
        yield machines
