"""Real processes for tests: started in groups of their own, awaited with a deadline, ended by their ids."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import httpx

T = TypeVar("T")

DEADLINE_S = 30.0
"""How long anything may take to happen that should happen at once."""


def until(look: Callable[[], T], what: str = "", timeout: float = DEADLINE_S, every: float = 0.01) -> T:
    """What `look()` gives as soon as that is true; it is asked `every` so many seconds.

    Fails, naming `what` was waited for, after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while not (found := look()):
        if time.monotonic() > deadline:
            raise AssertionError(f"{what or look}: nothing after {timeout:g} s; last seen: {found!r}")
        time.sleep(every)
    return found


def soon(look: Callable[[], bool], timeout: float) -> bool:
    """Whether `look()` is true now or within `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while not (found := look()) and time.monotonic() < deadline:
        time.sleep(0.01)
    return found


def free_port() -> int:
    """A TCP port that is free on the loopback address just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Server:
    """A web server: `url` is its root."""

    url: str
    process: subprocess.Popen[bytes]


class Processes:
    """Starts processes and ends all of them, with everything they started in their groups."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._started = folder, dict[int, tuple[subprocess.Popen[bytes], Path]]()

    def start(
        self,
        *argv: str,
        cwd: Path | None = None,
        environ: Mapping[str, str] | None = None,
        pass_fds: Collection[int] = (),
    ) -> subprocess.Popen[bytes]:
        """A process with what it prints kept for `output`; `argv[0]` may name a console script of this environment."""
        script = Path(sys.executable).parent / argv[0]
        command = [str(script) if script.exists() else argv[0], *argv[1:]]
        log = self._folder / f"output-{len(self._started)}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environ or {}),
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=pass_fds,
            )
        self._started[process.pid] = (process, log)
        return process

    def python(self, *argv: str, **options: object) -> subprocess.Popen[bytes]:
        """A process of this Python."""
        return self.start(sys.executable, *argv, **options)  # type: ignore[arg-type]

    def output(self, process: subprocess.Popen[bytes]) -> str:
        """What the process has printed so far."""
        return self._started[process.pid][1].read_text("utf-8", "replace")

    def serve(self, process: subprocess.Popen[bytes], port: int) -> Server:
        """The server `process` becomes, once it answers at `port`. Fails with its output if it does not."""
        url = f"http://127.0.0.1:{port}"

        def answers() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"the server ended with code {process.returncode}:\n{self.output(process)}")
            try:
                httpx.get(f"{url}/health", timeout=5)
            except httpx.TransportError:
                return False
            return True

        until(answers, f"an answer at {url}")
        return Server(url, process)

    def flask(self, app: str, *, port: int | None = None, **options: object) -> Server:
        """`app` (as `module:name` or a file) on Werkzeug's development server."""
        port = port or free_port()
        argv = ("-m", "flask", "--app", app, "run", "--no-reload", "--port", str(port))
        return self.serve(self.python(*argv, **options), port)

    def gunicorn(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) on gunicorn with threads."""
        port = free_port()
        argv = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--threads", "4", *more, app)
        return self.serve(self.python(*argv, **options), port)

    def granian(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) on granian's WSGI server."""
        port = free_port()
        argv = ("-m", "granian", "--interface", "wsgi", "--port", str(port), "--no-ws", *more, app)
        return self.serve(self.python(*argv, **options), port)

    def uvicorn(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) on uvicorn."""
        port = free_port()
        return self.serve(self.python("-m", "uvicorn", "--port", str(port), *more, app, **options), port)

    def hotplate_serve(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) by `hotplate serve`."""
        port = free_port()
        return self.serve(self.start("hotplate", "serve", app, "--port", str(port), *more, **options), port)  # type: ignore[arg-type]

    def gunicorn_asgi(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) on gunicorn's ASGI worker."""
        port = free_port()
        argv = ("-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "-k", "asgi", "--no-control-socket", *more, app)
        return self.serve(self.python(*argv, **options), port)

    def hypercorn(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) on hypercorn."""
        port = free_port()
        return self.serve(self.python("-m", "hypercorn", "--bind", f"127.0.0.1:{port}", *more, app, **options), port)

    def granian_asgi(self, app: str, *more: str, **options: object) -> Server:
        """`app` (as `module:name`) on granian's ASGI server."""
        port = free_port()
        argv = ("-m", "granian", "--interface", "asgi", "--port", str(port), *more, app)
        return self.serve(self.python(*argv, **options), port)

    def node(self, app: str, *more: str, **options: object) -> subprocess.Popen[bytes]:
        """A worker node of `app`, which takes runs from now on or a moment later."""
        return self.start("hotplate", "worker", app, *more, **options)  # type: ignore[arg-type]

    def end(self, process: subprocess.Popen[bytes]) -> None:
        """End a process and its group at once, and wait for it."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(DEADLINE_S)

    def end_all(self) -> None:
        for process, _ in self._started.values():
            self.end(process)
