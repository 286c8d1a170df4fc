"""The process of a worker: `python -m hotplate.cli.child APP work_fd control_fd node_pid`, started by a node."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from flask import Flask

from ..engines.choice import place_of
from ..extension import state_of
from ..file import CHUNK
from ..job import Job
from ..live import always
from ..worker.channel import Hello, Work
from ..worker.worker import serve
from . import terminal_log
from .app import load_app


class FlaskHome:
    """`worker.Home`: a Flask application."""

    def __init__(self, app: Flask) -> None:
        self._app, self._state = app, state_of(app)

    def hello(self) -> Hello:
        settings = self._state.settings
        terminal_log.use(settings.log_format)
        self._state.registry.freeze()
        return Hello(
            app=self._app.name,
            jobs=[job.known(name) for name, job in self.jobs().items()],
            place=place_of(settings, self._app.name, self._app.root_path),
            concurrency=settings.concurrency,
            grace=settings.grace,
            keep=settings.keep,
            log_format=settings.log_format,
            schedules=list(self._state.registry.schedules.values()),
            always=always(self._state.registry.lives),
        )

    def jobs(self) -> Mapping[str, Job[..., Any]]:
        return self._state.registry.jobs

    @contextmanager
    def within(self, work: Work) -> Iterator[None]:
        with self._app.app_context():
            yield

    def keep_result(self, work: Work, result: bytes) -> str:
        chunks = (result[at : at + CHUNK] for at in range(0, len(result), CHUNK))
        files = self._state.engine().files
        return files.keep("result.json", "application/json", chunks, caller=work.caller, run_id=work.id).id


def main() -> None:
    """Serve the node that started this process."""
    name, work, control, node_pid = sys.argv[1:]
    terminal_log.show_the_rest("job")
    ends = socket.socket(fileno=int(work)), socket.socket(fileno=int(control))
    serve(*ends, int(node_pid), lambda: FlaskHome(load_app(name)))


if __name__ == "__main__":
    main()
