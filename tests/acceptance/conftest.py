"""Where the tests of runs take place."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.acceptance.cluster import ClusterHome
from tests.acceptance.engines import CLUSTERS, ENGINES, Ground, NewGround
from tests.acceptance.home import Home


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Take tests that are marked with `any_broker` through one broker only."""
    if config.getoption("--each-broker"):
        return
    _, *others = CLUSTERS
    left_out = {item for item in items if item.get_closest_marker("any_broker") and _engine_of(item) in others}
    config.hook.pytest_deselected(items=[*left_out])
    items[:] = [item for item in items if item not in left_out]


def _engine_of(item: pytest.Item) -> object:
    return item.callspec.params.get("engine") if hasattr(item, "callspec") else None


@pytest.fixture(scope="session", params=ENGINES)
def engine(request: pytest.FixtureRequest) -> NewGround:
    """Each of the engines in turn. A test that is about one of them says so: `@embedded_only`."""
    kind = ENGINES[request.param]
    servers = [request.getfixturevalue(server.__name__.lower()) for server in kind.needs]
    return lambda data: kind(data, *servers)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, engine: NewGround) -> Iterator[Home]:
    """A home with one node of two workers, shared by the tests of a module: each has runs of its own in it."""
    home = Home(tmp_path_factory.mktemp("shared"), engine)
    home.node("--concurrency", "2")
    yield home
    home.close()


@pytest.fixture
def app(shared: Home) -> Iterator[Flask]:
    """The shared home's application, as the current one."""
    with shared.app.app_context():
        yield shared.app


@pytest.fixture
def ground(tmp_path: Path, engine: NewGround) -> Iterator[Ground]:
    """What an application of the test's own may stand on."""
    ground = engine(tmp_path / "data")
    yield ground
    ground.close()


@pytest.fixture
def home(tmp_path: Path, engine: NewGround) -> Iterator[Home]:
    """A home of the test's own, without a node; its application is the current one."""
    home = Home(tmp_path, engine)
    with home.app.app_context():
        yield home
    home.close()


@pytest.fixture
def cluster(tmp_path: Path, engine: NewGround) -> Iterator[ClusterHome]:
    """A home with a broker, of the test's own, without a worker; its application is the current one. `@clusters`"""
    home = ClusterHome(tmp_path, engine)
    with home.app.app_context():
        yield home
    home.close()


@pytest.fixture
def node(home: Home) -> subprocess.Popen[bytes]:
    """A node of the test's own, with one worker."""
    return home.node("--concurrency", "1")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """What waits for this file goes on when it is there; it is there at the latest when the test ends."""
    gate = tmp_path / "gate"
    yield gate
    gate.touch()


@pytest.fixture
def where(tmp_path: Path) -> Path:
    """A file in which jobs leave lines."""
    return tmp_path / "where"
