"""`hotplate dev` as somebody sees it who develops an application with it."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotplate.client import Client, TransportError
from hotplate.errors import JobFailed, Unavailable
from tests.acceptance.engines import NewGround
from tests.processes import Processes, free_port, until

SHOP = """
from flask import Flask
from hotplate import Hotplate

app = Flask(__name__)
hp = Hotplate(app)

@hp.method
def price() -> int:
    return {price}

@hp.job
def order(n: int) -> int:
    return n * {price}
"""
CALL = {"jsonrpc": "2.0", "method": "price", "id": 1}


class Shop:
    """An application with `hotplate dev` at work on it."""

    def __init__(self, folder: Path, processes: Processes, environ: dict[str, str]) -> None:
        self.file = folder / "shop.py"
        self.url = ""
        self._folder, self._processes, self._environ = folder, processes, environ

    def write(self, text: str) -> None:
        self.file.write_text(text)

    def develop(self, *more: str) -> subprocess.Popen[bytes]:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        argv = ("hotplate", "dev", "shop.py", "--port", str(port), "--concurrency", "1", *more)
        self._dev = self._processes.start(*argv, cwd=self._folder, environ=self._environ)
        return self._dev

    def says(self, text: str) -> str:
        """What the terminal shows, once `text` is in it."""

        def shown() -> str:
            output = self._processes.output(self._dev)
            return output if text in output else ""

        return until(shown, text)

    def answers(self, price: int) -> None:
        """Wait until it is this price."""
        until(lambda: price == self._price(), f"a price of {price}")

    def _price(self) -> Any:
        with Client(self.url, retries=0, timeout=5) as client, suppress(Unavailable, TransportError):
            return client.price()


@pytest.fixture
def shop(tmp_path: Path, engine: NewGround) -> Iterator[Shop]:
    folder = tmp_path / "shop"
    folder.mkdir()
    ground, processes = engine(tmp_path / "data"), Processes(tmp_path)
    yield Shop(folder, processes, ground.environ)
    processes.end_all()
    ground.close()


def test_calls_are_refused_while_the_code_cannot_be_loaded_and_answered_once_it_is_mended(shop: Shop) -> None:
    shop.write("def broken(:\n")
    shop.develop()
    shop.says("calls are refused until its code changes")
    refused = httpx.post(f"{shop.url}/rpc", json=CALL, timeout=5)
    assert refused.status_code == 503
    assert refused.json()["error"] == {
        "code": Unavailable.default_code,
        "message": "Temporarily unavailable",
        "data": "the application cannot be loaded; the terminal of `hotplate dev` says why",
    }
    assert "SyntaxError" in shop.says("POST /rpc 503")

    shop.write(SHOP.format(price=3))
    shop.answers(3)
    with Client(shop.url) as client:
        assert client.order.start(2).wait(30) == 6


def test_a_change_that_breaks_the_code_refuses_calls_until_the_next_one(shop: Shop) -> None:
    shop.write(SHOP.format(price=3))
    shop.develop("--no-worker")
    shop.answers(3)
    shop.write(SHOP.format(price=3) + "raise SystemExit(5)\n")
    shop.says("the web process has ended (code 5, see above)")
    assert httpx.get(f"{shop.url}/console/", timeout=5).status_code == 503
    assert httpx.put(f"{shop.url}/files", content=b"x" * 1_000_000, timeout=5).status_code == 503
    shop.write(SHOP.format(price=4))
    shop.answers(4)


def test_a_run_has_a_line_when_it_begins_and_one_when_it_ends(shop: Shop) -> None:
    shop.write(SHOP.format(price=3))
    shop.develop()
    shop.says("serving shop at")
    with Client(shop.url) as client:
        run = client.order.start(2)
        run.wait(30)
    said = shop.says(f"order {run.id[:8]} succeeded")
    assert re.search(rf"^[\d:]{{8}} worker order {run.id[:8]} begins$", said, re.M)
    assert said.index("begins") < said.index("succeeded")


def test_the_traceback_of_a_job_has_a_time_and_a_tag_as_every_line(shop: Shop) -> None:
    shop.write(SHOP.format(price="1 // 0"))
    shop.develop()
    shop.says("serving shop at")
    with Client(shop.url) as client:
        run = client.order.start(2)
        with pytest.raises(JobFailed):
            run.wait(30)
    said = shop.says("ZeroDivisionError: integer")
    assert re.search(
        rf"^[\d:]{{8}} job    error: run {run.id} of order raised ZeroDivisionError .*\n    Trace", said, re.M
    )
    assert all(re.match(r"[\d:]{8} (web|worker|job|dev) |    ", line) for line in said.splitlines())


def test_what_is_live_always_is_looked_at_by_the_code_as_it_is_now(shop: Shop) -> None:
    live = (
        SHOP
        + """
@hp.live(every=0.1, always=True)
def cost() -> int:
    return {price}
"""
    )

    def costs() -> Any:
        with Client(shop.url, retries=0, timeout=5) as client, suppress(Unavailable, TransportError):
            return client.live.get("cost")["value"]

    shop.write(live.format(price=3))
    shop.develop()
    until(lambda: costs() == 3, "a cost of 3")
    shop.write(live.format(price=4))
    until(lambda: costs() == 4, "a cost of 4")


def test_without_reload_code_that_cannot_be_loaded_ends_it(shop: Shop) -> None:
    shop.write("def broken(:\n")
    assert shop.develop("--no-reload").wait(30) == 1


def test_an_address_for_everybody_is_refused_at_the_start(shop: Shop) -> None:
    shop.write(SHOP.format(price=3))
    assert shop.develop("--host", "0.0.0.0", "--no-worker").wait(30) == 2
    assert "0.0.0.0 can be reached from other machines" in shop.says("hotplate: ")
