"""What all tests share: a data folder of their own, and processes that end with the test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.processes import Processes
from tests.servers import Kept, Postgres, RabbitMQ, Redis

hypothesis.settings.register_profile("hotplate", deadline=None)
hypothesis.settings.load_profile("hotplate")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--each-broker", action="store_true", help="each broker also where one stands for all of them")


@pytest.fixture(autouse=True)
def data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The embedded engine's folder in this test, also for the processes it starts; no HOTPLATE_* key is left over."""
    for name in [name for name in os.environ if name.startswith(("HOTPLATE_", "FLASK_"))]:
        monkeypatch.delenv(name)
    folder = tmp_path / "data"
    monkeypatch.setenv("HOTPLATE_DATA", str(folder))
    return folder


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    """Starts processes, which are ended after the test."""
    started = Processes(tmp_path)
    yield started
    started.end_all()


@pytest.fixture(scope="session")
def needed() -> Callable[[type[Kept]], None]:
    """Skips the test where a server of this kind is not installed; CI has them all."""

    def need(kind: type[Kept]) -> None:
        if lacking := kind.missing():
            (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking)

    return need


@pytest.fixture(scope="session")
def postgres(needed: Callable[[type[Kept]], None]) -> Iterator[Postgres]:
    """A PostgreSQL server for all tests; each takes `fresh()`, the URL of a database of its own."""
    needed(Postgres)
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def redis(needed: Callable[[type[Kept]], None]) -> Iterator[Redis]:
    """A Redis server for all tests; each takes `fresh()`, the URL of an empty database."""
    needed(Redis)
    with Redis() as server:
        yield server


@pytest.fixture(scope="session")
def rabbitmq(needed: Callable[[type[Kept]], None]) -> Iterator[RabbitMQ]:
    """A RabbitMQ server for all tests; each takes `fresh()`, the URL of a virtual host of its own."""
    needed(RabbitMQ)
    with RabbitMQ() as server:
        yield server
