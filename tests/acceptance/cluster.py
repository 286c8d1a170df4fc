"""A home whose nodes are hosted by Celery's workers, and a broker to be treated badly."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psutil

from hotplate.extension import celery_of, state_of
from hotplate.run import new_id
from tests.acceptance.engines import Cluster
from tests.acceptance.home import Home, children
from tests.processes import until
from tests.servers import Kept

CLUSTERED = "tests.acceptance.clustered"


class ClusterHome(Home):
    """A home with a broker, on which `celery worker` serves as well as `hotplate worker`."""

    ground: Cluster

    @property
    def broker(self) -> Kept:
        return self.ground.broker

    @property
    def celery(self) -> Any:
        """The Celery application, as any other process may have it."""
        return celery_of(state_of(self.app))

    def celery_worker(self, *more: str, app: str = f"{CLUSTERED}:celery", **environ: str) -> subprocess.Popen[bytes]:
        """A `celery worker` that is ready for runs."""
        argv = ["celery", "-A", app, "worker", "-n", f"{new_id()[:8]}@%h", "--loglevel", "info", *more]
        worker = self.processes.start(*argv, environ=self.environ | environ)
        self.nodes.append(worker)
        self.ready(worker)
        return worker

    def hosted(self, worker: subprocess.Popen[bytes], *, other_than: int = 0) -> int:
        """The process id of the node that `worker` hosts, once it takes runs."""

        def serves() -> int:
            below = set(children(worker.pid)) - {other_than}
            return next((node.pid for node in self.engine.ledger.nodes() if node.pid in below), 0)

        return until(serves, "a node of the worker")

    def queue(self, name: str) -> str:
        """What the broker calls the queue of wake-ups for a queue of runs."""
        return self.ground.queue(self.app.name, name)

    def messages(self, name: str) -> int:
        """How many wake-ups lie in the broker for a queue of runs."""
        return self.ground.lying(self.queue(name))

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Meanwhile the broker answers nobody, and lets nobody go."""
        server = psutil.Process(self.broker.pid)
        stopped = [server, *server.children(recursive=True)]
        try:
            for process in stopped:
                process.suspend()
            yield
        finally:
            for process in reversed(stopped):
                process.resume()
