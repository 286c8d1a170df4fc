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

HOSTED_LEASE_S = 3.0
"""Longer, as with a worker killed every two seconds a node may take a while to hear that its database is back."""


@pytest.fixture
def database(needed: Callable[[type[Kept]], None]) -> Iterator[Postgres]:
    needed(Postgres)
    with Postgres() as database:
        yield database


@contextmanager
def on(home: Home, lease: float) -> Iterator[Machines]:
    with closing(home), home.app.app_context(), closing(Machines(home, lease)) as machines:
        yield machines


@pytest.fixture
def machines(tmp_path: Path, database: Postgres) -> Iterator[Machines]:
    """Machines without a broker."""
    with on(Home(tmp_path, lambda data: PostgreSQL(data, database)), LEASE_S) as machines:
        yield machines


@pytest.fixture(params=CLUSTERS)
def hosted_machines(tmp_path: Path, database: Postgres, request: pytest.FixtureRequest) -> Iterator[Machines]:
    """Machines with each kind of broker in turn."""
    kind = CLUSTERS[request.param]
    _, broker = kind.needs
    server = request.getfixturevalue(broker.__name__.lower())
    with on(Home(tmp_path, lambda data: kind(data, database, server)), HOSTED_LEASE_S) as machines:
        yield machines
