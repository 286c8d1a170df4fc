"""Hotplate's embedded engine: runs in SQLite, each commit flushed to the disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flask import Flask

from hotplate import Hotplate
from hotplate.engine import Filter, NewRun
from hotplate.extension import state_of
from hotplate.run import new_id

from . import spawned, until

hp = Hotplate()
AT_ONCE = 500
"""So many starts share a commit in `Embedded.many`."""


@hp.job
def noop() -> int:
    return 1


def make_app() -> Flask:
    app = Flask("bench")
    hp.init_app(app)
    return app


class Embedded:
    name = "Hotplate"

    def __init__(self, workers: int, app: Flask) -> None:
        self.workers, self._app, self._engine = workers, app, state_of(app).engine()

    def many(self, count: int) -> None:
        for left in range(count, 0, -AT_ONCE):
            self._engine.start([NewRun(id=new_id(), job="noop", params=b"{}") for _ in range(min(left, AT_ONCE))])
        until(self.is_done, "Hotplate's runs", timeout=300, pause=0.005)

    def one(self) -> None:
        with self._app.app_context():
            noop.start().wait(60)

    def is_done(self) -> bool:
        return not any(self._engine.ledger.page(Filter(state=state, limit=1))[0] for state in ("queued", "running"))


class OneByOne(Embedded):
    name = "Hotplate, each start a commit"

    def many(self, count: int) -> None:
        with self._app.app_context():
            for _ in range(count):
                noop.start()
        until(self.is_done, "Hotplate's runs", timeout=300, pause=0.005)


@contextmanager
def running(concurrency: int, folder: Path, kind: type[Embedded] = Embedded) -> Iterator[Embedded]:
    """The peer, ready to take jobs."""
    environ = {"HOTPLATE_DATA": str(folder / "data")}
    app = Flask("bench")
    app.config.update(environ)
    hp.init_app(app)
    argv = ("hotplate", "worker", f"{__name__}:make_app", "-c", str(concurrency), "-l", "warning")
    with spawned(*argv, environ=environ, log=folder / "hotplate.log") as workers:
        peer = kind(workers, app)
        peer.one()
        yield peer
        state_of(app).engine().close()
