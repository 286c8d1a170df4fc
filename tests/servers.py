"""Real servers for tests, benchmarks and soak runs: PostgreSQL, Redis and RabbitMQ.

Each is a context manager: started in a temporary folder, on ports of its own on the loopback address, and ended at the
end with everything it started, or when the process that uses it is gone (see `tests/keeper.py`).
"""

from __future__ import annotations

import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import ClassVar, Self

from tests import keeper
from tests.processes import DEADLINE_S, until

START_S = 60.0
"""How long a server may take until it answers."""


def _stable_port() -> int:
    """A free TCP port to which a server can come back: below those that the system gives to connections meanwhile."""
    while True:
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", random.randrange(20_000, 32_000)))
            return int(probe.getsockname()[1])


def _binary(name: str, places: str) -> str | None:
    """Where the program `name` is: in the newest of `places`, a pattern of folders below /, or on the PATH."""
    found = list(Path("/").glob(f"{places}/{name}")) if places else []
    return str(max(found, key=lambda path: path.stat().st_mtime)) if found else shutil.which(name)


def _found(name: str, places: str) -> str:
    path = _binary(name, places)
    assert path, name
    return path


def _answer(port: int, greeting: bytes) -> bytes:
    """The beginning of what is answered to a greeting; nothing where nobody listens."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(greeting)
            return connection.recv(64)
    except OSError:
        return b""


class Kept(ABC):
    """A server that a keeper runs, in the same `folder` and at the same `url` however often it ends and starts."""

    package: ClassVar[str]
    """What apt-get calls it."""
    programs: ClassVar[tuple[str, ...]]
    """What must be there of it, in `places` (patterns of folders) or on the PATH."""
    places: ClassVar[str] = ""
    ending: ClassVar[signal.Signals] = signal.SIGKILL
    """The signal that ends it at once and leaves nothing in the system."""

    def __init__(self) -> None:
        if lacking := self.missing():
            raise RuntimeError(lacking)
        self.port = _stable_port()
        self.folder = Path(tempfile.mkdtemp(prefix=f"hotplate-{self.package}-"))
        self.user: str | None = None
        self.pid = 0
        self._keeper: subprocess.Popen[bytes] | None = None
        self._numbers = count(1)

    @classmethod
    def missing(cls) -> str | None:
        """Why the server cannot be started here, if so."""
        if all(_binary(name, cls.places) for name in cls.programs):
            return None
        return f"{cls.package} is not installed: sudo apt-get install {cls.package} (see apt-packages.txt)"

    @property
    @abstractmethod
    def url(self) -> str:
        """Where it is, for clients."""

    @abstractmethod
    def fresh(self) -> str:
        """The URL of an empty part of it that nothing else uses."""

    @abstractmethod
    def _command(self) -> list[str]:
        """What starts it, with what that needs made in the folder."""

    @abstractmethod
    def _answers(self) -> bool:
        """Whether it takes clients now."""

    def _environ(self) -> Mapping[str, str]:
        return os.environ

    @property
    def running(self) -> bool:
        return self._keeper is not None and self._keeper.poll() is None

    def start(self) -> None:
        """Start it unless it runs, and wait until it takes clients."""
        if self.running:
            return
        self.kill()
        command = self._command()
        kept = [str(self.folder), self.user or "", str(int(self.ending)), *command]
        self._keeper = subprocess.Popen(
            [sys.executable, keeper.__file__, *kept],
            bufsize=0,
            env=self._environ(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._keeper.stdout
        with self._keeper.stdout as told:
            self.pid = int(told.readline() or 0)
        until(self._up, f"{self.package} at {self.url}", START_S)

    def _up(self) -> bool:
        if not self.running:
            raise AssertionError(f"{self.package} ended:\n{self.output()[-4000:]}")
        return self._answers()

    def output(self) -> str:
        """What it has printed so far."""
        return (self.folder / "output.log").read_text("utf-8", "replace")

    def kill(self) -> None:
        """End it at once, with everything it started."""
        if not self._keeper:
            return
        assert self._keeper.stdin
        with suppress(BrokenPipeError), self._keeper.stdin as tell:
            tell.write(b"end\n")
        self._keeper.wait(DEADLINE_S)
        self._keeper = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postgres(Kept):
    """PostgreSQL, whose data outlive a crash. As it refuses to run as root, root runs it as another user."""

    package = "postgresql"
    programs = ("initdb", "postgres")
    places = "usr/lib/postgresql/*/bin"
    ending = signal.SIGQUIT  # "immediate shutdown": as a crash, but System V's shared memory is given back
    settings: ClassVar[Mapping[str, object]] = {
        "listen_addresses": "127.0.0.1",
        "max_connections": 200,
        "shared_buffers": "32MB",
        "dynamic_shared_memory_type": "mmap",  # in the folder
    }

    @property
    def url(self) -> str:
        return self._url("postgres")

    def _url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """The URL of a new, empty database; starts the server if a test has left it dead."""
        import psycopg  # only by tests that need a server, as it takes time

        self.start()
        name = f"fresh_{next(self._numbers)}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self._url(name)

    def drop(self, url: str) -> None:
        """Remove a database of `fresh()`, as hundreds of them would fill the disk; who is connected is cut off."""
        import psycopg  # see fresh()

        with suppress(psycopg.OperationalError), psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{url.rpartition("/")[2]}" WITH (FORCE)'.encode())

    def crash(self) -> None:
        """End it at once, without saving anything: what was committed is there again after `start()`."""
        os.kill(self.pid, signal.SIGQUIT)
        assert self._keeper
        self._keeper.wait(DEADLINE_S)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _make_data(self) -> None:
        if os.getuid() == 0:
            self.user = _unprivileged()
            shutil.chown(self.folder, self.user)
        argv = [_found("initdb", self.places), "--pgdata", str(self._data), "--username", "postgres", "--auth", "trust"]
        argv += ["--encoding", "UTF8", "--no-locale", "--no-sync", "--no-instructions"]
        made = subprocess.run(
            argv,
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            **keeper.identity(self.user),
        )
        assert made.returncode == 0, f"initdb failed:\n{made.stdout}{made.stderr}"

    def _command(self) -> list[str]:
        if not self._data.exists():
            self._make_data()
        settings = {**self.settings, "port": self.port, "unix_socket_directories": self.folder}
        argv = [_found("postgres", self.places), "-D", str(self._data)]
        return argv + [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]

    def _answers(self) -> bool:
        import psycopg  # see fresh()

        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


def _unprivileged() -> str:
    """A user that may do less than root: PostgreSQL's own or else nobody."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


class Redis(Kept):
    """Redis, which keeps nothing on disk."""

    package = "redis-server"
    programs = ("redis-server",)
    databases = 1000

    @property
    def url(self) -> str:
        return self._url(0)

    def _url(self, database: int) -> str:
        return f"redis://127.0.0.1:{self.port}/{database}"

    def fresh(self) -> str:
        """The URL of an empty database; starts the server if a test has left it dead."""
        import redis  # only by tests that need a server, as it takes time

        self.start()
        url = self._url(1 + next(self._numbers) % (self.databases - 1))
        with redis.Redis.from_url(url) as client:
            client.flushdb()
        return url

    def wipe_and_start(self) -> None:
        """Start it anew, with nothing in it, at the same URL."""
        self.kill()
        self.start()

    def _command(self) -> list[str]:
        where = ["--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder)]
        keep_nothing = ["--save", "", "--appendonly", "no"]
        return [_found("redis-server", ""), *where, *keep_nothing, "--databases", str(self.databases)]

    def _answers(self) -> bool:
        return _answer(self.port, b"PING\r\n").startswith(b"+PONG")


class RabbitMQ(Kept):
    """RabbitMQ without plugins, and with an epmd of its own."""

    package = "rabbitmq-server"
    programs = ("rabbitmq-server", "erl_call")
    places = "usr/lib/rabbitmq/bin"  # the one on Debian's PATH switches to another user
    config = """
        listeners.tcp.1 = 127.0.0.1:{port}
        default_vhost = {vhost}
        disk_free_limit.absolute = 1MB
        log.file = false
        log.console = true
    """

    def __init__(self) -> None:
        super().__init__()
        self._distribution, self._epmd = _stable_port(), _stable_port()
        self._cookie, self._vhost = secrets.token_hex(), "/"

    @property
    def url(self) -> str:
        return self._url("/")

    def _url(self, vhost: str) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}/{vhost}"

    def fresh(self) -> str:
        """The URL of a new virtual host; starts the server if a test has left it dead."""
        self.start()
        self._vhost = f"fresh_{next(self._numbers)}"
        self._add(self._vhost)
        return self._url(self._vhost)

    def _add(self, vhost: str) -> None:
        """Make a virtual host within the server: rabbitmqctl would take a second."""
        program = f"""
            Host = <<"{vhost}">>, User = <<"guest">>, All = <<".*">>,
            ok = rabbit_vhost:add(Host, User),
            rabbit_auth_backend_internal:set_permissions(User, Host, All, All, All, User).
        """
        argv = [_found("erl_call", ""), "-c", self._cookie, "-address", f"127.0.0.1:{self._distribution}", "-e"]
        made = subprocess.run(argv, input=program, capture_output=True, text=True, timeout=DEADLINE_S, check=False)
        assert made.stdout.strip() == "{ok, ok}", f"{made.stdout}{made.stderr}"

    def wipe_and_start(self) -> None:
        """Start it anew with nothing in it: at `url` and at the latest `fresh()` one are empty virtual hosts."""
        self.kill()
        shutil.rmtree(self.folder / "mnesia", ignore_errors=True)
        self.start()
        if self._vhost != "/":
            self._add("/")

    def _configure(self) -> None:
        (self.folder / "rabbitmq.conf").write_text(dedent(self.config.format(port=self.port, vhost=self._vhost)))
        (self.folder / "plugins").write_text("[].")
        (self.folder / "environment").write_text("")
        cookie = self.folder / ".erlang.cookie"
        if not cookie.exists():
            cookie.touch(0o600)
            cookie.write_text(self._cookie)

    def _command(self) -> list[str]:
        self._configure()
        return [_found("rabbitmq-server", self.places)]

    def _environ(self) -> Mapping[str, str]:
        """The environment with nothing in it of another RabbitMQ."""
        others = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return others | {
            "HOME": str(self.folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd),
            "RABBITMQ_NODENAME": "hotplate@localhost",
            "RABBITMQ_DIST_PORT": str(self._distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "environment"),
        }

    def _answers(self) -> bool:
        return _answer(self.port, b"AMQP\x00\x00\x09\x01").startswith(b"\x01")  # a frame of a method: start
