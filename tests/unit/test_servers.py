"""The real servers of the tests: each answers, comes back after its end, and leaves nothing."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import kombu
import psutil
import psycopg
import pytest
from kombu.simple import SimpleQueue
from redis import ConnectionError as NoConnection, Redis as Client

from tests.processes import Processes, until
from tests.servers import Kept, Postgres, RabbitMQ, Redis

KINDS: list[type[Kept]] = [Postgres, RabbitMQ, Redis]


def processes_of(folder: Path) -> list[psutil.Process]:
    """The processes whose command line names this folder, and those that descend from them."""
    found = set[psutil.Process]()
    for process in psutil.process_iter(["cmdline"]):
        if any(str(folder) in word for word in process.info["cmdline"] or ()):
            with suppress(psutil.NoSuchProcess):
                found |= {process, *process.children(recursive=True)}
    return list(found)


def listening(folder: Path) -> set[str]:
    """The addresses at which processes of this folder listen."""
    found = set[str]()
    for process in processes_of(folder):
        with suppress(psutil.NoSuchProcess):
            links = process.net_connections("inet")
            found |= {link.laddr.ip for link in links if link.status == psutil.CONN_LISTEN}
    return found


@contextmanager
def queue(url: str) -> Iterator[SimpleQueue]:
    """A queue that lasts, whose messages are there once they are sent."""
    options = {"confirm_publish": True}
    with kombu.Connection(url, transport_options=options) as connection:
        connection.ensure_connection(max_retries=1, interval_start=0)
        with connection.SimpleQueue("words") as opened:
            yield opened


def put(url: str, word: str) -> None:
    with queue(url) as opened:
        opened.put(word)


def taken(url: str) -> list[object]:
    """The messages in the queue, which are no longer there."""
    found = []
    with queue(url) as opened, suppress(opened.Empty):
        while True:
            message = opened.get_nowait()
            message.ack()
            found.append(message.payload)
    return found


class TestEveryServer:
    @pytest.fixture(params=KINDS, ids=lambda kind: kind.package)
    def kind(self, request: pytest.FixtureRequest, needed: Callable[[type[Kept]], None]) -> type[Kept]:
        kind: type[Kept] = request.param
        needed(kind)
        return kind

    @pytest.mark.parametrize("name", ["postgres", "rabbitmq", "redis"])
    def test_listens_on_the_loopback_addresses_only(self, name: str, request: pytest.FixtureRequest) -> None:
        server: Kept = request.getfixturevalue(name)
        server.start()
        assert listening(server.folder) - {"::1"} == {"127.0.0.1"}

    def test_leaves_neither_process_nor_folder(self, kind: type[Kept]) -> None:
        with kind() as server:
            its_own = processes_of(server.folder)
            assert server.pid in {process.pid for process in its_own}
        assert not [process for process in its_own if process.is_running()]
        assert not processes_of(server.folder)
        assert not server.folder.exists()

    @pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
    def test_ends_with_the_process_that_uses_it(
        self, kind: type[Kept], how: signal.Signals, processes: Processes
    ) -> None:
        program = f"import time; from tests.servers import {kind.__name__} as Kind\n"
        program += "with Kind() as server: print(server.folder); time.sleep(600)"
        user = processes.python("-c", program, cwd=Path.cwd())
        folder = Path(until(lambda: processes.output(user), "the server").strip())
        os.kill(user.pid, how)
        until(lambda: not processes_of(folder) and not folder.exists(), "the server's end")

    def test_says_what_to_install_where_it_is_missing(
        self, kind: type[Kept], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(kind, "places", "")
        with pytest.raises(RuntimeError, match=f"sudo apt-get install {kind.package}"):
            kind()


class TestPostgres:
    @pytest.fixture
    def server(self, postgres: Postgres) -> Iterator[Postgres]:
        yield postgres
        postgres.start()

    def test_gives_a_database_of_its_own_to_each_who_asks(self, server: Postgres) -> None:
        one, other = server.fresh(), server.fresh()
        with psycopg.connect(one) as connection:
            connection.execute("CREATE TABLE kept (word text)")
        with psycopg.connect(other) as connection:
            assert connection.execute("SELECT to_regclass('kept')").fetchone() == (None,)

    def test_has_what_was_committed_after_a_crash(self, server: Postgres) -> None:
        url = server.fresh()
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 'committed' AS word")
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO kept VALUES ('amid a transaction')")
            server.crash()
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT 1")
        server.start()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT word FROM kept").fetchall() == [("committed",)]

    def test_is_started_again_for_the_test_after_one_that_left_it_dead(self, server: Postgres) -> None:
        server.crash()
        with psycopg.connect(server.fresh()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


class TestRedis:
    def test_gives_a_database_of_its_own_to_each_who_asks(self, redis: Redis) -> None:
        one, other = Client.from_url(redis.fresh()), Client.from_url(redis.fresh())
        one.set("word", "kept")
        assert (one.get("word"), other.get("word")) == (b"kept", None)

    def test_comes_back_empty_at_the_same_url(self, redis: Redis) -> None:
        kept = Client.from_url(redis.fresh())
        kept.set("word", "kept")
        redis.kill()
        with pytest.raises(NoConnection):
            kept.get("word")
        redis.wipe_and_start()
        assert kept.get("word") is None


class TestRabbitMQ:
    def test_gives_a_virtual_host_of_its_own_to_each_who_asks(self, rabbitmq: RabbitMQ) -> None:
        one, other = rabbitmq.fresh(), rabbitmq.fresh()
        put(one, "kept")
        assert taken(other) == []
        assert taken(one) == ["kept"]

    def test_comes_back_empty_at_the_same_urls(self, rabbitmq: RabbitMQ) -> None:
        urls = [rabbitmq.url, rabbitmq.fresh()]
        for url in urls:
            put(url, "kept")
        rabbitmq.kill()
        with pytest.raises(kombu.exceptions.OperationalError):
            put(rabbitmq.url, "lost")
        rabbitmq.wipe_and_start()
        assert [taken(url) for url in urls] == [[], []]

    def test_has_its_durable_messages_after_it_was_killed(self, rabbitmq: RabbitMQ) -> None:
        url = rabbitmq.fresh()
        put(url, "kept")
        rabbitmq.kill()
        rabbitmq.start()
        assert taken(url) == ["kept"]
