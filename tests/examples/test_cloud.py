"""`examples/cloud` as its README has it: pages in a real browser, messages put into the queue by the command."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
import socketio

from hotplate.worker.family import descendants
from tests.browser import Browser, Page
from tests.node import install
from tests.processes import Processes, Server, free_port, until

EXAMPLE = Path(__file__).parents[2] / "examples/cloud"

SHOWN = "document.querySelector('[data-state]:not([hidden])').dataset.state"
VALUE = "JSON.parse(document.getElementById('test').textContent || '{}')"
WAYS = {"": "/updates", "socketio": "/socket.io/"}
"""The pages, and what is in the addresses by which the values come."""


class Sky:
    """The example in a folder of the test's own, served as its README says."""

    def __init__(self, folder: Path, processes: Processes) -> None:
        self.folder, self._processes = folder, processes
        install(EXAMPLE)  # as the README says, for the page over Socket.IO
        shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("instance", "__pycache__"))
        self._port = free_port()
        self.url = f"http://127.0.0.1:{self._port}"

    def serve(self) -> Server:
        """The one command of the README, at the same port each time."""
        self._server = self._processes.start("hotplate", "dev", "app.py", "--port", str(self._port), cwd=self.folder)
        return self._processes.serve(self._server, self._port)

    def kill(self) -> None:
        """End all processes of the server at once, as when a machine fails."""
        for pid in [self._server.pid, *descendants(self._server.pid)]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._server.wait()

    def put(self, *words: str) -> None:
        """The command that puts a message into the queue."""
        process = self._processes.python("-m", "flask", "--app", "app", "put", *words, cwd=self.folder)
        assert process.wait(30) == 0, self._processes.output(process)

    def looks(self, room: str) -> int:
        """How often the cloud of a room was looked at."""
        with closing(sqlite3.connect(self.folder / "instance/clouds.db")) as database:
            return int(database.execute("select looks from clouds where room = ?", (room,)).fetchone()[0])


@pytest.fixture
def sky(tmp_path: Path, processes: Processes) -> Sky:
    sky = Sky(tmp_path / "cloud", processes)
    sky.serve()
    return sky


@pytest.fixture
def browser() -> Iterator[Browser]:
    with Browser() as browser:
        yield browser


def shows(page: Page, state: str, picture: str | None = None, timeout: float = 30) -> None:
    """Wait until a page has a state in its element, and the picture of it, or that of another one."""
    page.until(f"{VALUE}.data === {state!r} && {SHOWN} === {picture or state!r}", timeout)


@pytest.mark.parametrize("way", WAYS)
def test_three_pages_show_what_one_loop_sees(sky: Sky, browser: Browser, way: str) -> None:
    pages = [browser.open(f"{sky.url}/{way}") for _ in range(3)]
    for page in pages:
        shows(page, "unknown")
    first = pages[0].evaluate(VALUE)
    assert list(first) == ["data", "time"]
    before = sky.looks("sky")
    pages[0].evaluate(f"""(() => {{
        const seen = globalThis.seen = new Set();
        const look = () => seen.add({VALUE}.time);
        new MutationObserver(look).observe(document.getElementById("test"), {{ childList: true, characterData: true }});
    }})()""")
    ticks = pages[0].until("seen.size >= 4 && seen.size")
    looks = sky.looks("sky") - before
    assert ticks - 1 <= looks <= ticks + 2, "as many looks as one page has seen, for three pages"

    sky.put("storm")
    for page in pages:
        shows(page, "storm")
    sky.put("hail")
    for page in pages:
        shows(page, "hail", picture="unknown")
        assert page.problems == []
        assert any(WAYS[way] in address for address in page.requested)
        assert all(f"//127.0.0.1:{sky.url.rpartition(':')[2]}/" in address for address in page.requested)


@pytest.mark.parametrize("way", WAYS)
def test_a_page_in_a_room_sees_what_is_for_its_room_alone(sky: Sky, browser: Browser, way: str) -> None:
    harbour, lobby = browser.open(f"{sky.url}/{way}#harbour"), browser.open(f"{sky.url}/{way}")
    for page in (harbour, lobby):
        page.evaluate(f"""(() => {{
            const seen = globalThis.seen = new Set();
            const look = () => seen.add({VALUE}.data);
            new MutationObserver(look).observe(document.getElementById("test"), {{ childList: true }});
        }})()""")
    sky.put("storm", "--room", "harbour")
    shows(harbour, "storm")
    sky.put("rain")
    shows(lobby, "rain")
    lobby.until("seen.has('rain')")
    assert "rain" not in harbour.evaluate("[...seen]")
    assert "storm" not in lobby.evaluate("[...seen]")
    lobby.click("text=harbour")
    shows(lobby, "storm")
    lobby.reload()
    shows(lobby, "storm")


@pytest.mark.parametrize("way", WAYS)
def test_all_pages_show_the_right_value_soon_after_the_server_is_killed_and_started_again(
    sky: Sky, browser: Browser, way: str
) -> None:
    pages = [browser.open(f"{sky.url}/{way}") for _ in range(2)] + [browser.open(f"{sky.url}/{way}#harbour")]
    sky.put("sun")
    sky.put("cloud", "--room", "harbour")
    for page, state in zip(pages, ("sun", "sun", "cloud"), strict=True):
        shows(page, state)
    sky.kill()
    for page in pages:
        page.until("document.getElementById('connection').dataset.is === 'waiting'")
    sky.put("storm")
    sky.put("rain", "--room", "harbour")
    sky.serve()
    for page, state in zip(pages, ("storm", "storm", "rain"), strict=True):
        shows(page, state, timeout=5)
        page.until("document.getElementById('connection').dataset.is === 'live'")


def test_a_client_of_socketio_hears_of_the_room_it_has_joined_until_it_leaves(sky: Sky) -> None:
    sky.put("storm")
    sky.put("rain", "--room", "harbour")
    client = socketio.SimpleClient()
    client.connect(sky.url, namespace="/test")
    try:
        until(lambda: client.receive(30)[1]["data"] == "storm", "the cloud of the first room")
        assert client.call("join", {"room": "cellar"}) == {
            "error": "there is no such room; there are sky, harbour, mountain"
        }
        assert client.call("join", {"room": "harbour"}) == {}
        until(lambda: client.receive(30)[1]["data"] == "rain", "the cloud of the other room")
        heard = [client.receive(30) for _ in range(3)]
        assert [(name, list(payload), payload["data"]) for name, payload in heard] == [
            ("message", ["data", "time"], "rain")
        ] * 3
        assert len({payload["time"] for _, payload in heard}) == 3
        client.call("leave")
        client.input_buffer.clear()
        before = sky.looks("harbour")
        until(lambda: sky.looks("harbour") > before + 2, "more looks")
        assert client.input_buffer == []
    finally:
        client.disconnect()
