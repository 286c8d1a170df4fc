"""The application's Socket.IO object as a door, behind real servers, with python-socketio's own client."""

from __future__ import annotations

import json
import queue
import random
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio
from socketio.exceptions import ConnectionError as NotConnected

from hotplate.rpc.hub import CLOSING
from hotplate.run import new_id
from hotplate.web.socketio.feeding import ROOM_POLLING
from tests.acceptance import app as jobs, sociable
from tests.acceptance.engines import embedded_only
from tests.acceptance.home import Home, lines, rpc
from tests.processes import DEADLINE_S, Processes, Server, free_port, until
from tests.streams import Gathered, is_end, kept

from .test_updates import on_record

pytestmark = [pytest.mark.usefixtures("app"), embedded_only]

OURS, TEST, ROOMS = "/hotplate", "/test", "/rooms"

KINDS = ("threading", "gevent", "unpatched", "asgi")


def start(processes: Processes, kind: str, environ: dict[str, str]) -> Server:
    """A server of the application, of one kind."""
    environ = environ | {"SOCKETIO": {"unpatched": "gevent"}.get(kind, kind)}
    if kind == "gevent":
        return processes.gunicorn(sociable.APP, "-k", "gevent", "--no-control-socket", environ=environ)
    if kind == "unpatched":
        port = free_port()
        argv = ("-m", "tests.acceptance.unpatched", sociable.APP, str(port))
        return processes.serve(processes.python(*argv, environ=environ), port)
    return processes.hotplate_serve(sociable.APP, environ=environ)


class Place:
    """A server, and the folder that its live function looks at."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.server, self.folder = server, folder
        self.write("first")

    def write(self, text: str) -> None:
        new = self.folder / "new"
        new.write_text(text)
        new.rename(self.folder / "notice")

    def looks(self) -> int:
        return len(lines(self.folder / "looks"))


@pytest.fixture(scope="module", params=KINDS)
def place(shared: Home, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Place]:
    """Each kind of server in turn."""
    folder = tmp_path_factory.mktemp("sociable")
    server = start(shared.processes, request.param, with_folder(shared, folder))
    yield Place(server, folder)
    shared.processes.end(server.process)


@pytest.fixture(params=["websocket", "polling"])
def transport(request: pytest.FixtureRequest) -> str:
    kind: str = request.param
    return kind


def with_folder(home: Home, folder: Path) -> dict[str, str]:
    return home.environ | {"SOCIABLE": str(folder), "HOTPLATE_ACCESS": "open"}


class Talk:
    """A client on some namespaces. What it is told waits in `told`, by event."""

    def __init__(self, server: Server, *namespaces: str, transport: str = "websocket", **options: Any) -> None:
        headers = dict(options.pop("headers", {}))
        # the library beneath adds some of its own
        more = {name.lower(): headers.pop(name) for name in [*headers] if transport == "websocket"}
        self.client = socketio.Client(reconnection=False, websocket_extra_options=more)
        self._root = server.url
        self.refusals = list[Any]()
        self.told: dict[str, queue.Queue[Any]] = {}
        self._heard = list[str]()
        for namespace in namespaces:
            self.client.on("*", self._keep, namespace=namespace)
            self.client.on("connect_error", self.refusals.append, namespace=namespace)
        self.client.connect(
            server.url,
            headers,
            namespaces=list(namespaces),
            transports=[transport],
            wait_timeout=DEADLINE_S,
            **options,
        )

    def _keep(self, event: str, *data: Any) -> None:
        self._queue(event).put(data[0])

    def _queue(self, event: str) -> queue.Queue[Any]:
        return self.told.setdefault(event, queue.Queue())

    def call(self, event: str, data: Any, namespace: str = OURS) -> Any:
        """What an event is acknowledged with."""
        return self.client.call(event, data, namespace=namespace, timeout=DEADLINE_S)

    def subscribe(self, *topics: str, after: dict[str, int] | None = None) -> None:
        assert self.call("subscribe", {"topics": topics, **({"after": after} if after else {})}) == {}

    def next(self, event: str = "update") -> Any:
        return self._queue(event).get(timeout=DEADLINE_S)

    def until_run_ended(self) -> list[dict[str, Any]]:
        told = [self.next()]
        while not is_end(told[-1]):
            told.append(self.next())
        return told

    def leave(self) -> None:
        """At once: the client itself would wait for the other side."""
        eio = self.client.eio
        if eio.current_transport == "polling":
            params = {"EIO": "4", "transport": "polling", "sid": eio.sid}
            with suppress(httpx.TransportError):
                httpx.post(f"{self._root}/socket.io/", params=params, content="1")
        elif eio.ws is not None:
            with suppress(OSError, AttributeError):  # closed by the other side
                eio.ws.sock.shutdown(socket.SHUT_RDWR)
        eio.disconnect(abort=True)


@contextmanager
def talk(server: Server, *namespaces: str, **options: Any) -> Iterator[Talk]:
    talk = Talk(server, *namespaces, **options)
    try:
        yield talk
    finally:
        talk.leave()


class TestFollowing:
    def test_a_run_is_followed_to_its_end(self, shared: Home, place: Place, transport: str, gate: Path) -> None:
        run = jobs.squares.start(upto=6, gate=str(gate))
        with talk(place.server, OURS, transport=transport) as to:
            to.subscribe(f"run/{run.id}")
            first = to.next()
            gate.touch()
            told = to.until_run_ended()
        assert (first["topic"], first["type"]) == (f"run/{run.id}", "run")
        assert kept([first, *told]) == on_record(shared, run)
        assert told[-1]["data"]["result"] == [0, 1, 4, 9, 16, 25]

    def test_whoever_is_cut_off_again_and_again_misses_nothing_and_has_nothing_twice(
        self, shared: Home, place: Place, transport: str
    ) -> None:
        runs, chance = [jobs.chatter.start(lines=60), jobs.squares.start(upto=60)], random.Random(5)
        gathered = Gathered(runs)
        while not gathered.is_whole:
            with talk(place.server, OURS, transport=transport) as to:
                to.subscribe(*gathered.topics, after=gathered.seen)
                gathered.take(to.next, chance.randrange(20, 60))
        for run in runs:
            assert gathered.told[f"run/{run.id}"] == on_record(shared, run)

    def test_values_are_pushed_until_they_are_left(self, place: Place) -> None:
        with talk(place.server, OURS) as to:
            to.subscribe("live/board", "workers")
            assert {to.next()["type"], to.next()["type"]} == {"value", "workers"}
            text = new_id()
            rpc(place.server, "write", text=text)
            assert next_value(to) == {"text": text}
            assert to.call("unsubscribe", {"topics": ["live/board", "never followed"]}) == {}
            rpc(place.server, "write", text="unheard")
            run = jobs.squares.start(upto=2)
            to.subscribe(f"run/{run.id}")
            assert {update["topic"] for update in to.until_run_ended()} <= {f"run/{run.id}", "workers"}

    def test_what_cannot_be_followed_is_said_as_on_every_door(self, place: Place) -> None:
        with talk(place.server, OURS) as to:
            many = [f"run/{n}" for n in range(101)]
            wrong: list[tuple[Any, int, str]] = [
                ({"topics": ["weather"]}, -32004, "there is no topic 'weather'"),
                ({"topics": [f"run/{new_id()}"]}, -32004, "there is no run"),
                ({"topics": "runs"}, -32602, "parameter 'topics'"),
                ({"topics": many}, -32602, "at most 100"),
                ({"topics": [], "before": {}}, -32602, "parameter 'before'"),
                ({}, -32602, "parameter 'topics'"),
                ("runs", -32602, "parameter 'topics'"),
            ]
            for params, code, said in wrong:
                error = to.call("subscribe", params)["error"]
                assert (error["code"], said in error["data"]) == (code, True), error

    def test_foreign_pages_and_hosts_are_refused_on_this_namespace_alone(self, place: Place, transport: str) -> None:
        for headers in ({"Origin": "https://evil.example"}, {"Host": "evil.example"}):
            to = Talk(place.server, OURS, TEST, headers=headers, transport=transport, wait=False)
            assert to.next("message")["data"]
            (refusal,) = until(lambda to=to: to.refusals)  # type: ignore[misc]
            assert "evil.example" in refusal["message"]
            to.leave()

    def test_who_does_not_poll_has_little_kept_for_them_and_loses_nothing(self, shared: Home, place: Place) -> None:
        run = jobs.squares.start(upto=700)
        run.wait()
        with Poll(place.server) as by_hand:
            by_hand.post("40/hotplate,")
            by_hand.until("40/hotplate,")
            by_hand.post(f'42/hotplate,1["subscribe",{{"topics":["run/{run.id}"]}}]')
            by_hand.until("43/hotplate,1")
            updates = by_hand.updates_until_run_ended()
        assert kept(updates) == on_record(shared, run)
        assert max(by_hand.sizes) <= ROOM_POLLING + 2


class TestEmitting:
    def test_a_page_for_the_older_system_is_told_the_value_itself_and_each_change(
        self, place: Place, transport: str
    ) -> None:
        place.write("before")
        with talk(place.server, TEST, transport=transport) as one:
            until(lambda: one.next("message") == {"data": "before"})
            with talk(place.server, TEST, transport=transport) as other:
                assert other.next("message") == {"data": "before"}
                for text in ("a", "b", "c"):
                    place.write(text)
                    assert [to.next("message") for to in (one, other)] == [{"data": text}] * 2

    def test_the_function_is_called_while_somebody_is_there(self, place: Place) -> None:
        with talk(place.server, TEST) as to:
            to.next("message")
            seen = place.looks()
            until(lambda: place.looks() > seen)

        def is_quiet() -> bool:
            seen = place.looks()
            time.sleep(0.2)
            return place.looks() == seen

        until(is_quiet, "the end of the looks")

    def test_rooms_are_told_what_is_theirs(self, place: Place) -> None:
        rpc(place.server, "write", text="old")
        with talk(place.server, ROOMS) as inside, talk(place.server, ROOMS) as outside:
            assert "readers joined" in inside.call("join", "readers", ROOMS)
            assert "writers joined" in outside.call("join", "writers", ROOMS)
            assert inside.next("board") == {"text": "old"}
            rpc(place.server, "write", text="new")
            assert inside.next("board") == {"text": "new"}
            assert "board" not in outside.told

    def test_who_is_refused_by_the_application_is_told_nothing(self, place: Place) -> None:
        with pytest.raises(NotConnected), talk(place.server, ROOMS, auth={"who": "nobody"}):
            pass
        with talk(place.server, ROOMS, auth={"who": "me"}) as to:
            assert "joined" in to.call("join", "writers", ROOMS)


class Poll:
    """A client that polls by hand. sizes: how many packets each poll has brought."""

    def __init__(self, server: Server) -> None:
        self._http = httpx.Client(base_url=server.url, timeout=DEADLINE_S)
        self._params = {"EIO": "4", "transport": "polling"}
        self.sizes = list[int]()
        (opened,) = self._poll()
        self._params["sid"] = json.loads(opened[1:])["sid"]

    def __enter__(self) -> Poll:
        return self

    def __exit__(self, *_: object) -> None:
        self.post("1")
        self._http.close()

    def post(self, packet: str) -> None:
        self._http.post("/socket.io/", params=self._params, content=packet).raise_for_status()

    def _poll(self) -> list[str]:
        packets = self._http.get("/socket.io/", params=self._params).raise_for_status().text.split("\x1e")
        self.sizes.append(len(packets))
        return packets

    def until(self, beginning: str) -> None:
        self._left = list[str]()
        while not any(packet.startswith(beginning) for packet in self._left):
            self._left += self._poll()

    def updates_until_run_ended(self) -> list[dict[str, Any]]:
        updates = list[dict[str, Any]]()
        packets = self._left
        while True:
            for packet in packets:
                if packet.startswith('42/hotplate,["update"'):
                    updates.append(json.loads(packet.removeprefix("42/hotplate,"))[1])
            if updates and is_end(updates[-1]):
                return updates
            packets = self._poll()


def next_value(to: Talk) -> Any:
    while (update := to.next())["topic"] != "live/board":
        pass
    return update["data"]["value"]


@pytest.mark.parametrize("transport", ["websocket", "polling"])
def test_a_server_that_ends_closes_its_connections(shared: Home, tmp_path: Path, transport: str) -> None:
    ending = start(shared.processes, "threading", with_folder(shared, tmp_path))
    with talk(ending, OURS, transport=transport) as to:
        to.subscribe("workers")
        to.next()
        ending.process.send_signal(signal.SIGTERM)
        if transport == "websocket":  # who polls may find nobody to ask again
            assert to.next("lost") == {"reason": CLOSING}
        assert ending.process.wait(DEADLINE_S) == 0


@pytest.mark.parametrize("objects", ["sharing", "separate"])
def test_applications_in_one_process_keep_to_themselves(shared: Home, objects: str) -> None:
    environ = shared.environ | {"HOTPLATE_ACCESS": "open"}
    more = ("-k", "gevent", "--no-control-socket")
    server = shared.processes.gunicorn(f"tests.acceptance.sharing:{objects}", *more, environ=environ)
    other = Server(f"{server.url}/other", server.process)
    path: dict[str, Any] = {"socketio_path": "other/socket.io"}
    with talk(server, OURS, TEST) as here, talk(server, OURS, TEST, **path) as there:
        for to, at, name in ((here, server, "here"), (there, other, "there")):
            rpc(at, "write", text=objects)
            until(lambda to=to, name=name: to.next("message") == {name: objects})  # type: ignore[misc]
            to.subscribe(f"live/board_of_{name}")
            assert to.next()["data"]["value"] == {name: objects}
        assert here.call("subscribe", {"topics": ["live/board_of_there"]})["error"]["code"] == -32004
        assert here.told["message"].empty()
    shared.processes.end(server.process)


def test_gevent_that_patches_too_late_is_told_at_once(shared: Home, tmp_path: Path) -> None:
    environ = with_folder(shared, tmp_path) | {"SOCKETIO": "gevent"}
    more = ("-k", "gevent", "--preload", "--no-control-socket")
    server = shared.processes.gunicorn(sociable.APP, *more, environ=environ)
    with pytest.raises(NotConnected), talk(server, OURS):
        pass
    assert "gunicorn -k gevent does, without --preload" in shared.processes.output(server.process)
    shared.processes.end(server.process)


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("gevent", (), "gunicorn -k gevent"),
        ("threading", ("-w", "2"), "transports=['websocket']"),
        ("asgi", ("-w", "2"), "transports=['websocket']"),
    ],
)
def test_what_cannot_be_served_is_refused(shared: Home, kind: str, more: tuple[str, ...], said: str) -> None:
    environ = shared.environ | {"SOCKETIO": kind}
    process = shared.processes.start("hotplate", "serve", sociable.APP, "-p", str(free_port()), *more, environ=environ)
    assert process.wait(DEADLINE_S) == 2
    assert said in shared.processes.output(process)
