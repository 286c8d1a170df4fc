"""Hotplate's jobs, with the record in SQLite or in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from hotplate import Hotplate
from hotplate.extension import state_of
from hotplate.filter import Filter
from hotplate.run import NewRun, new_id

from . import spawned, until

hp = Hotplate()
AT_ONCE = 500
"""So many starts share a commit in `InBatches.many`."""


@hp.job
def noop() -> int:
    return 1


def make_app() -> Flask:
    app = Flask("bench")
    hp.init_app(app)
    return app


class InBatches:
    """Starts that share commits."""

    def __init__(self, name: str, workers: int, app: Flask) -> None:
        self.name, self.workers, self.app, self.engine = name, workers, app, state_of(app).engine()

    def many(self, count: int) -> None:
        for left in range(count, 0, -AT_ONCE):
            self.engine.start([NewRun(id=new_id(), job="noop", params=b"{}") for _ in range(min(left, AT_ONCE))])
        self._all_done()

    def one(self) -> None:
        with self.app.app_context():
            noop.start().wait(60)

    def _all_done(self) -> None:
        until(self._is_done, "Hotplate's runs", timeout=300, pause=0.01)

    def _is_done(self) -> bool:
        return not any(self.engine.ledger.page(Filter(states=[state], limit=1))[0] for state in ("queued", "running"))


class OneByOne(InBatches):
    """Each start is a commit."""

    def many(self, count: int) -> None:
        with self.app.app_context():
            for _ in range(count):
                noop.start()
        self._all_done()


@contextmanager
def running(
    concurrency: int,
    folder: Path,
    *,
    name: str,
    kind: type[InBatches] = InBatches,
    database: str = "",
    broker: str = "",
) -> Iterator[InBatches]:
    """The peer, ready to take jobs; without the URL of a `database` its record is SQLite's."""
    settings = {"HOTPLATE_DATA": str(folder / "data"), "HOTPLATE_DATABASE_URL": database, "HOTPLATE_BROKER_URL": broker}
    environ = {key: value for key, value in settings.items() if value}
    app = Flask("bench")
    app.config.update(environ)
    hp.init_app(app)
    argv = ("hotplate", "worker", f"{__name__}:make_app", "-c", str(concurrency), "-l", "warning")
    with spawned(*argv, environ=environ, log=folder / "hotplate.log") as workers:
        peer = kind(name, workers, app)
        peer.one()
        yield peer
        state_of(app).engine().close()
