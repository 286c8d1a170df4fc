"""Celery with Redis as broker and result backend: its own redis-server, which keeps nothing on disk."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import celery
import redis
from celery.result import ResultSet

from . import free_port, spawned, until

URL = os.environ.get("BENCH_REDIS", "")
app = celery.Celery("bench", broker=URL, backend=URL)


@app.task(name="noop")
def noop() -> int:
    return 1


class CeleryRedis:
    name = "Celery + Redis"

    def __init__(self, workers: int, client: Any) -> None:
        self.workers, self._noop = workers, client.signature("noop")

    def many(self, count: int) -> None:
        ResultSet([self._noop.delay() for _ in range(count)]).join_native(timeout=300)

    def one(self) -> None:
        self._noop.delay().get(timeout=60)


def missing() -> str | None:
    """Why this peer cannot be measured here, if so."""
    return None if shutil.which("redis-server") else "redis-server is not installed (apt-packages.txt)"


@contextmanager
def running(concurrency: int, folder: Path) -> Iterator[CeleryRedis]:
    """The peer, ready to take jobs."""
    with _redis(folder) as url:
        argv = ("celery", "-A", __name__, "worker", "-c", str(concurrency), "-l", "WARNING")
        environ = {"BENCH_REDIS": url}
        client = celery.Celery("client", broker=url, backend=url, set_as_current=False)
        with spawned(*argv, environ=environ, log=folder / "celery.log") as workers, client:
            peer = CeleryRedis(workers, client)
            peer.one()
            yield peer


@contextmanager
def _redis(folder: Path) -> Iterator[str]:
    port = free_port()
    options = {"port": port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": folder}
    argv = ["redis-server", *(word for key, value in options.items() for word in (f"--{key}", str(value)))]
    server = subprocess.Popen(argv, stdout=subprocess.DEVNULL)
    try:
        until(lambda: _answers(port), "redis-server")
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait(10)


def _answers(port: int) -> bool:
    try:
        return bool(redis.Redis(port=port).ping())
    except redis.ConnectionError:
        return False
