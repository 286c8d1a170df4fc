"""`hotplate serve`: web processes at one socket, kept going, ended kindly."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotplate.cli.listener import listen
from hotplate.client import Client, TransportError
from tests.acceptance.home import children
from tests.processes import Processes, free_port, until
from tests.streams import stream

SHOP = """
import asyncio, os, pathlib, time
from flask import Flask
from hotplate import Hotplate

app = Flask(__name__)
hp = Hotplate(app)
here = pathlib.Path(__file__).parent

@hp.method
def process() -> int:
    return os.getpid()

@hp.method
def slow(name: str) -> str:
    (here / name).touch()
    while not (here / "go").exists():
        time.sleep(0.01)
    return name

@hp.method
async def slow_async(name: str) -> str:
    (here / name).touch()
    while not (here / "go").exists():
        await asyncio.sleep(0.01)
    return name

@hp.job
def double(n: int) -> int:
    return 2 * n
"""

SOCKETIO = """
from flask import Flask
from flask_socketio import SocketIO
from hotplate import Hotplate

app = Flask(__name__)
hp = Hotplate(app, socketio=SocketIO(app))
"""


class Shop:
    """An application that `hotplate serve` serves."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder, self._processes = folder, processes
        (folder / "shop.py").write_text(SHOP)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def serve(self, *more: str, files: int | None = None, **environ: str) -> subprocess.Popen[bytes]:
        """files: how many of them a process may have open unless it asks for more."""
        argv = ["hotplate", "serve", "shop.py", "--port", str(self.port), *more]
        if files is not None:
            argv = ["sh", "-c", f'ulimit -Sn {files}; exec "$@"', "sh", sys.executable, "-m", *argv]
        open_to_all = {"HOTPLATE_ACCESS": "open"} | environ
        self.process = self._processes.start(*argv, cwd=self.folder, environ=open_to_all)
        return self.process

    def begin(self, *more: str, files: int | None = None) -> subprocess.Popen[bytes]:
        """Serve, and wait until it answers."""
        process = self.serve(*more, files=files)
        self._processes.serve(process, self.port)
        return process

    def output(self) -> str:
        return self._processes.output(self.process)

    def says(self, text: str) -> None:
        until(lambda: text in self.output(), text)

    def ask(self) -> int | None:
        """The process that answers a call on a connection of its own."""
        with suppress(TransportError), Client(self.url, retries=0, timeout=5) as client:
            return int(client.process())
        return None

    def asked(self, count: int) -> set[int]:
        """Wait until so many different processes have answered."""
        found: set[int] = set()

        def enough() -> bool:
            with ThreadPoolExecutor(8) as pool:
                found.update(filter(None, pool.map(lambda _: self.ask(), range(16))))
            return len(found) >= count

        until(enough, f"answers of {count} processes")
        return found


@pytest.fixture
def shop(tmp_path: Path, processes: Processes) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    folder.mkdir()
    shop = Shop(folder, processes)
    yield shop
    (folder / "go").touch()


def test_several_processes_answer_at_one_address_and_one_that_dies_is_replaced(shop: Shop) -> None:
    process = shop.begin("--workers", "2")
    first = shop.asked(2)
    assert process.pid not in first
    victim = first.pop()
    os.kill(victim, signal.SIGKILL)
    shop.says("a web process has ended (code -9); starting another")
    until(lambda: shop.asked(1) - first - {victim}, "another process")
    process.terminate()
    assert process.wait(30) == 0


def test_a_worker_node_beside_it_runs_jobs(shop: Shop) -> None:
    process = shop.begin("--with-worker", "--concurrency", "1")
    with Client(shop.url) as client:
        assert client.double.start(4).wait(30) == 8
    process.terminate()
    assert process.wait(30) == 0


@pytest.mark.parametrize("method", ["slow", "slow_async"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_what_is_being_answered_when_the_end_is_asked_for_is_answered(
    method: str, number: signal.Signals, shop: Shop
) -> None:
    process = shop.begin()
    body = {"jsonrpc": "2.0", "method": method, "params": ["begun"], "id": 1}
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(httpx.post, f"{shop.url}/rpc", json=body, timeout=30)
        until((shop.folder / "begun").exists, "the call")
        process.send_signal(number)
        until(lambda: not _is_listening(shop.port), "the end of listening")
        (shop.folder / "go").touch()
        assert answer.result(30).json()["result"] == "begun"
    assert process.wait(30) == 0


def _is_listening(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
        connection.sendall(b"GET /health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        connection.settimeout(0.5)
        return bool(connection.recv(1))
    return False


def test_ctrl_c_twice_ends_it_at_once(shop: Shop) -> None:
    process = shop.begin()
    body = {"jsonrpc": "2.0", "method": "slow_async", "params": ["begun"], "id": 1}

    def call() -> Any:
        with suppress(httpx.TransportError):
            return httpx.post(f"{shop.url}/rpc", json=body, timeout=30)

    calling = threading.Thread(target=call)
    calling.start()
    until((shop.folder / "begun").exists, "the call")
    process.send_signal(signal.SIGINT)
    until(lambda: not _is_listening(shop.port), "the end of listening")
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(30) == 0
    assert time.monotonic() - began < 5
    calling.join(10)


@pytest.mark.parametrize(
    ("app", "environ", "error"),
    [
        ("def broken(:\n", {}, "SyntaxError"),
        (SHOP, {"HOTPLATE_ACCESS": "everybody"}, "HOTPLATE_ACCESS"),
        (SOCKETIO, {}, "must come to one and the same process"),
    ],
    ids=["syntax", "setting", "socketio"],
)
def test_what_cannot_be_served_ends_it_with_one_line(app: str, environ: dict[str, str], error: str, shop: Shop) -> None:
    (shop.folder / "shop.py").write_text(app)
    assert shop.serve("--workers", "2", "--with-worker", **environ).wait(30) in (1, 2)
    assert shop.output().count("hotplate:") == 1
    assert error in shop.output()
    assert "serving" not in shop.output()


@pytest.mark.parametrize("pause", [0.0, 0.1, 0.2, 0.4, 0.8, 1.5])
def test_ctrl_c_ends_it_quietly_while_it_begins(pause: float, shop: Shop) -> None:
    process = shop.serve("--workers", "2", "--with-worker")
    until(lambda: children(process.pid), "the first process")
    time.sleep(pause)  # somewhere in its beginning, wherever that is
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(30) == 0
    assert "Traceback" not in shop.output()


def test_a_port_that_is_taken_is_a_failure(shop: Shop) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", shop.port))
        other.listen()
        assert shop.serve().wait(30) == 1
    assert f"port {shop.port} is taken" in shop.output()


def test_an_address_for_everybody_needs_open_access(shop: Shop) -> None:
    assert shop.serve("--host", "0.0.0.0", HOTPLATE_ACCESS="accounts").wait(30) == 2
    assert "0.0.0.0 can be reached from other machines" in shop.output()


def test_it_is_no_development_server(shop: Shop) -> None:
    shop.serve(HOTPLATE_ACCESS="accounts", HOTPLATE_DEV="1")
    shop._processes.serve(shop.process, shop.port)
    assert httpx.post(f"{shop.url}/rpc", json={"jsonrpc": "2.0", "method": "process", "id": 1}).status_code == 401


@pytest.mark.parametrize("parser", ["httptools", "h11"])
@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", "https:// was asked for, but only http:// is served here: 400"),
        (b"\x1b[2J\r\n\r\n", r"no HTTP request: '\x1b[2J' 400"),
    ],
)
def test_what_is_no_request_is_one_line_of_the_log(
    parser: str, sent: bytes, said: str, shop: Shop, processes: Processes
) -> None:
    with listen("127.0.0.1", shop.port) as listener:
        number = listener.fileno()
        main = f"sys.argv = ['web', 'shop.py', '127.0.0.1', '{number}']; from hotplate.cli.web import main; main()"
        code = "import sys; " + ("sys.modules['httptools'] = None; " if parser == "h11" else "") + main
        shop.process = processes.python("-c", code, cwd=shop.folder, pass_fds=[number])
        shop.says("serving shop at")
    processes.serve(shop.process, shop.port)
    before = len(shop.output().splitlines())
    with socket.create_connection(("127.0.0.1", shop.port)) as connection:
        connection.sendall(sent)
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")
    shop.says(f" web    warning: {said}\n")
    assert len(shop.output().splitlines()) == before + 1


def test_calls_have_lines_if_they_are_wanted_and_what_goes_wrong_always_has(shop: Shop) -> None:
    process = shop.begin("--log-calls")
    shop.ask()
    shop.says("web    process ")
    httpx.get(f"{shop.url}/nowhere?ticket=secret&a=1")
    shop.says("GET /nowhere?ticket=…&a=1 404")
    with socket.create_connection(("127.0.0.1", shop.port)) as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n")
        connection.recv(100)
    shop.says("https:// was asked for, but only http:// is served here: 400")
    assert "Invalid HTTP request" not in shop.output()
    process.terminate()
    assert process.wait(30) == 0


def test_it_has_more_connections_than_the_system_allows_at_first(shop: Shop) -> None:
    shop.begin(files=64)
    with ExitStack() as stack:
        streams = [iter(stack.enter_context(stream(shop.url, "workers"))) for _ in range(100)]
        assert [next(one).update["topic"] for one in streams] == ["workers"] * 100
