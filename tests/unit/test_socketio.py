"""Socket.IO objects given to Hotplate, and how clients are told things. Real clients are in tests/acceptance."""

from __future__ import annotations

import json
import queue
import threading
from collections.abc import Collection, Iterator, Mapping
from typing import Any

import pytest
import socketio
from flask import Flask
from flask_socketio import SocketIO
from socketio.packet import Packet
from werkzeug.test import Client

from hotplate import DeclarationError, Hotplate, HotplateError, Namespace, asgi
from hotplate.caller import OPEN
from hotplate.live import Live
from hotplate.rpc.hub import SLOW_S, TOO_SLOW
from hotplate.rpc.subscription import Subscription
from hotplate.update import Update
from hotplate.web.socketio import feeding
from hotplate.web.socketio.feeding import ROOM, ROOM_POLLING, Audience, Feeding, Follower
from hotplate.web.socketio.packets import encoder, goodbye, packets


def threads() -> SocketIO:
    return SocketIO(async_mode="threading")


class TestObjects:
    @pytest.mark.parametrize("wrong", ["redis://", socketio.Server(async_mode="threading"), Flask("app")])
    def test_what_is_no_such_object_is_refused(self, wrong: Any) -> None:
        with pytest.raises(DeclarationError, match=r"flask_socketio\.SocketIO object, or a socketio\.AsyncServer"):
            Hotplate(Flask("app"), socketio=wrong)

    def test_it_goes_with_an_application(self) -> None:
        with pytest.raises(DeclarationError, match="init_app"):
            Hotplate(socketio=threads())

    def test_async_modes_with_which_it_does_not_work_are_refused_whenever_they_are_known(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        sio = socketio.AsyncServer(async_mode="tornado")
        with pytest.raises(DeclarationError, match="'tornado'; with Hotplate it can be 'asgi'"):
            Hotplate(Flask("app"), socketio=sio)
        early, late, app = threads(), threads(), Flask("app")
        early.init_app(app)
        monkeypatch.setattr(early.server, "async_mode", "eventlet")
        with pytest.raises(DeclarationError, match="'eventlet'; with Hotplate it can be 'threading' or 'gevent'"):
            Hotplate(app, socketio=early)
        other = Flask("other")
        Hotplate(other, socketio=late)
        monkeypatch.setattr(
            socketio.Server, "async_mode", property(lambda _: "eventlet", lambda *_: None), raising=False
        )
        with pytest.raises(DeclarationError, match="'eventlet'"):
            late.init_app(other)

    def test_nothing_is_started_before_a_client_comes(self) -> None:
        before, app, sio = set(threading.enumerate()), Flask("app"), threads()
        Hotplate(app, socketio=sio)
        sio.init_app(app)
        assert set(threading.enumerate()) <= before

    def test_flask_socketio_needs_a_wsgi_server(self) -> None:
        app = Flask("app")
        Hotplate(app, socketio=SocketIO(app, async_mode="threading"))
        with pytest.raises(HotplateError, match="Flask-SocketIO, which needs a WSGI server"):
            asgi(app)

    def test_an_async_server_needs_an_asgi_server_and_says_so_once(self, caplog: pytest.LogCaptureFixture) -> None:
        app = Flask("app")
        Hotplate(app, socketio=socketio.AsyncServer(async_mode="asgi"))
        for _ in range(2):
            assert Client(app).get("/socket.io/?EIO=4&transport=polling").status_code == 501
        (said,) = caplog.messages
        assert "hotplate.asgi(app)" in said

    def test_an_object_that_was_never_bound_to_the_application_is_told(self, caplog: pytest.LogCaptureFixture) -> None:
        app = Flask("app")
        Hotplate(app, socketio=threads())
        Client(app).get("/health")
        assert "init_app(app)" in caplog.messages[0]


class TestEmissions:
    def test_what_cannot_be_emitted_is_refused(self) -> None:
        hp = Hotplate()
        board = hp.value("board", str)
        hp.emits("message", board, namespace="/test")
        wrong: list[tuple[str, Any, dict[str, Any], str]] = [
            ("message", Live(lambda: 1, name="elsewhere"), {}, "no live value declared here"),
            ("message", "board", {}, "no live value declared here"),
            ("disconnect", board, {}, "a meaning of its own"),
            ("", board, {}, "a meaning of its own"),
            ("message", board, {"namespace": "test"}, "namespace 'test'"),
            ("message", board, {"namespace": "/hotplate"}, "namespace '/hotplate'"),
            ("message", board, {"namespace": "/test"}, "declared twice"),
        ]
        for event, live, options, said in wrong:
            with pytest.raises(DeclarationError, match=said):
                hp.emits(event, live, **options)
        hp.emits("message", board, namespace="/test", to="room")
        hp.registry.freeze()
        with pytest.raises(DeclarationError, match="after serving started"):
            hp.emits("late", board)

    def test_without_a_socket_io_object_it_is_told_that_nothing_is_emitted(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        app, hp, company = Flask("app"), Hotplate(), Namespace("company")
        board = company.value("board", str)
        hp.include(company)
        hp.emits("message", board)
        hp.init_app(app)
        for _ in range(2):
            Client(app).get("/health")
        (line,) = [line for line in caplog.messages if "emits" in line]
        assert "event 'message'" in line
        assert "init_app(app, socketio=…)" in line

    def test_namespaces_without_handlers_are_accepted_where_something_is_emitted(self) -> None:
        app, hp, sio = Flask("app"), Hotplate(), threads()
        hp.init_app(app, socketio=sio)
        sio.init_app(app)
        hp.emits("message", hp.value("board", str), namespace="/test")
        assert [name in sio.server.namespaces for name in ("/", "/test", "/other")] == [True, True, False]


class Plain(Packet):  # type: ignore[misc]
    """A class of packets that is not the library's own."""


def test_packets_are_as_the_library_makes_them() -> None:
    data = json.dumps({"text": 'ä "quoted" \u2028', "n": [1, None]}).encode()
    for namespace in ("/", "/test"):
        ((ours,), (theirs,)) = (packets(kind, "an event", namespace, data) for kind in (Packet, Plain))
        read = Packet(encoded_packet=ours.data)
        assert (read.namespace or "/", read.data) == (namespace, ["an event", json.loads(data)])
        assert Packet(encoded_packet=theirs.data).data == read.data


class Connection:
    def __init__(self, *, upgraded: bool) -> None:
        self.closed, self.upgraded = False, upgraded
        self.queue: Any = queue.Queue()

    def drain(self) -> list[Any]:
        """The events that were in the queue."""
        return [Packet(encoded_packet=self.queue.get().data).data for _ in range(self.queue.qsize())]


class ByHand:
    """Turns that are taken when the test says so."""

    def begin(self, turn: Any) -> None:
        self.turn = turn

    def ask(self) -> None: ...

    def start(self, work: Any) -> None:
        work()


class Source:
    """A hub that tells what the test says."""

    def join(self, subscription: Subscription, topics: Collection[str], after: Mapping[str, int]) -> None:
        subscription.follow(dict.fromkeys(topics, 0))

    def part(self, subscription: Subscription, topics: Collection[str]) -> None:
        subscription.leave(list(topics))

    def again(self, topics: Collection[str]) -> None: ...


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """The time, which the test sets."""
    at = [1000.0]
    monkeypatch.setattr(feeding.time, "monotonic", lambda: at[0])
    return at  # type: ignore[return-value]


TOPIC = "run/1"


@pytest.mark.parametrize(("upgraded", "room"), [(True, ROOM), (False, ROOM_POLLING)])
class TestFollower:
    def follower(self, upgraded: bool) -> tuple[ByHand, Follower, Connection, list[str]]:
        turns, connection, ended = ByHand(), Connection(upgraded=upgraded), list[str]()
        fed = Feeding(turns, lambda: None)
        follower = Follower(connection, encoder(Packet), goodbye(Packet), lambda: ended.append("ended"))
        follower.subscription = Subscription(Source(), OPEN, lambda: fed.ring(follower))
        follower.subscription.add([TOPIC])
        return turns, follower, connection, ended

    def tell(self, follower: Follower, beginning: int, count: int) -> None:
        updates = [Update(TOPIC, seq, "log", b"1") for seq in range(beginning, beginning + count)]
        if follower.subscription.tell(TOPIC, updates, {}, size=count, at=beginning + count):
            follower.subscription.wake()

    def test_no_more_is_in_the_queue_than_there_is_room_for_and_nothing_is_lost(
        self, upgraded: bool, room: int
    ) -> None:
        turns, follower, connection, _ = self.follower(upgraded)
        self.tell(follower, 0, 2 * room + 1)
        told = list[Any]()
        assert turns.turn()
        self.tell(follower, 2 * room + 1, 1)
        while turns.turn() or connection.queue.qsize():
            assert connection.queue.qsize() <= room
            told += connection.drain()
        assert [data["seq"] for _, data in told] == [*range(2 * room + 2)]

    def test_who_takes_nothing_for_long_is_told_why_and_disconnected(
        self, upgraded: bool, room: int, now: list[float]
    ) -> None:
        turns, follower, connection, ended = self.follower(upgraded)
        self.tell(follower, 0, room + 1)
        assert turns.turn()
        assert turns.turn()
        now[0] += SLOW_S
        assert turns.turn()
        assert not ended
        now[0] += 1
        assert not turns.turn()
        assert connection.drain()[-1] == ["lost", {"reason": TOO_SLOW}]
        assert (ended, follower.subscription.topics) == (["ended"], [])


class TestAudience:
    def audience(self) -> tuple[ByHand, Audience, list[Subscription], set[str]]:
        turns, made, connected = ByHand(), list[Subscription](), set[str]()
        fed = Feeding(turns, lambda: None)

        def subscribe(wake: Any) -> Subscription:
            made.append(Subscription(Source(), OPEN, wake))
            made[-1].add(["live/x"])
            return made[-1]

        audience = Audience(
            fed, lambda value: packets(Packet, "x", "/", value), subscribe, lambda sid: sid in connected
        )
        return turns, audience, made, connected

    def test_the_latest_value_is_owed_to_each_who_is_there(self) -> None:
        turns, audience, made, connected = self.audience()
        clients = {sid: Connection(upgraded=sid != "polls") for sid in ("a", "b", "polls")}

        def say(value: object, at: str | None = "now") -> None:
            data = json.dumps({"value": value, "at": at}).encode()
            if made[0].tell("live/x", [], {"": Update("live/x", 0, "value", data)}):
                made[0].wake()
            turns.turn()

        audience.enter("a", clients["a"])
        turns.turn()
        say(None, None)  # nothing was set yet
        say(1)
        assert clients["a"].drain() == []  # not let in yet
        connected.update(clients)
        turns.turn()
        assert clients["a"].drain() == [["x", 1]]
        say(1)
        assert clients["a"].drain() == []
        audience.enter("polls", clients["polls"])
        turns.turn()
        for value in range(2, 30):
            say(value)
        assert len(clients["polls"].drain()) == ROOM_POLLING
        turns.turn()
        assert clients["polls"].drain() == [["x", 29]]
        audience.leave("a")
        audience.leave("polls")
        turns.turn()
        assert made[0].topics == []
        audience.enter("b", clients["b"])
        turns.turn()
        assert len(made) == 2

    def test_who_has_gone_without_having_been_let_in_does_not_count(self) -> None:
        turns, audience, made, _ = self.audience()
        connection = Connection(upgraded=True)
        audience.enter("a", connection)
        assert turns.turn()
        assert made[0].topics == ["live/x"]
        connection.closed = True
        assert not turns.turn()
        assert made[0].topics == []
