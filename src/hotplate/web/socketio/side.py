"""What a Socket.IO server does for its clients: those who follow topics, and those to whom live values are emitted."""

from __future__ import annotations

import asyncio
import logging
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from threading import Lock
from typing import Any, Protocol
from wsgiref.types import WSGIEnvironment

import msgspec
from flask import Flask
from socketio.exceptions import ConnectionRefusedError as Refusal

from ...caller import Caller
from ...live import Emission
from ...registry import OWN_NAMESPACE
from ...rpc.answer import Answerer
from ...rpc.following import following
from ...rpc.subscription import Subscription
from ..origins import Refused
from ..scope import environ_of
from .feeding import Audience, Connection, Feeding, Follower
from .packets import encoder, goodbye, packets
from .turns import GeventTurns, LoopTurns, ThreadTurns

DOOR_KEY = "hotplate.socketio"
"""In an ASGI scope: the door by which a client came."""

Doors = Callable[[Flask | None], "Door | None"]
"""The door of an application, of those who share the Socket.IO object; without one the only door that there is."""

Sid = str
"""Names a client on a namespace."""

log = logging.getLogger("hotplate")

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Door(Protocol):
    """What one application has of a Socket.IO object."""

    emissions: list[Emission]

    def admit(self, environ: WSGIEnvironment) -> Caller:
        """The Caller of a request. Raises `Refused`."""

    def subscribe(self, caller: Caller, wake: Callable[[], None]) -> Subscription:
        """A subscriber to what is pushed in the application."""

    def follow(self, emission: Emission, wake: Callable[[], None]) -> Subscription:
        """A subscription to its live value. May block."""

    def answerer(self) -> Answerer:
        """What answers `updates.*`."""


class Side(ABC):
    """One server."""

    def __init__(self, server: Any, find: Doors) -> None:
        self._server, self._find = server, find
        self._lock = Lock()
        self._followers: dict[Sid, Follower] = {}
        self._answerers: dict[Sid, Answerer] = {}
        self._audiences: dict[tuple[Door, Emission], Audience] = {}
        self._feeding: Feeding | None = None
        self._feeding_pid = 0
        # python-socketio's own instrumentation stands in the same places
        manager = server.manager
        self._enter_room, self._leave_room = manager.basic_enter_room, manager.basic_leave_room
        manager.basic_enter_room, manager.basic_leave_room = self._entered, self._left
        for name, handler in self._handlers().items():
            server.on(name, handler, namespace=OWN_NAMESPACE)

    def end(self) -> None:
        """The process ends: tell what is left, and close all connections."""
        if self._server.eio.sockets:
            self._feed().end()

    # What differs

    @abstractmethod
    def _handlers(self) -> dict[str, Callable[..., Any]]:
        """What is called for events on our namespace, by their names."""

    @abstractmethod
    def _make_feeding(self) -> Feeding:
        """Who tells its clients, begun where the server runs."""

    @abstractmethod
    def _disconnect(self, sid: Sid) -> None:
        """Cut a client off."""

    @abstractmethod
    def _door(self, environ: Mapping[str, Any]) -> Door | None:
        """By which door a client came whose first request this was."""

    def _request(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        return environ

    # Those who follow topics

    def _admit(self, sid: Sid, environ: WSGIEnvironment) -> None:
        door = self._door(environ)
        if door is None:
            raise Refusal("this application has no Hotplate here")
        try:
            caller = door.admit(self._request(environ))
        except Refused as refused:
            log.info("a Socket.IO client was refused: %s", refused.reason)
            raise Refusal(refused.reason) from None
        kind, feeding = self._server.packet_class, self._feed()
        end = partial(self._disconnect, sid)
        connection = self._server.eio.sockets[self._server.manager.eio_sid_from_sid(sid, OWN_NAMESPACE)]
        follower = Follower(connection, encoder(kind), goodbye(kind), end)
        follower.subscription = door.subscribe(caller, partial(feeding.ring, follower))
        if follower.subscription.lost is not None:
            raise Refusal(follower.subscription.lost)
        self._followers[sid], self._answerers[sid] = follower, door.answerer()

    def _gone(self, sid: Sid) -> None:
        follower = self._followers.pop(sid, None)
        self._answerers.pop(sid, None)
        if follower is not None:
            follower.subscription.close()

    def _answer(self, method: str, sid: Sid, params: Any) -> dict[str, Any]:
        """What is said to a call of `updates.*`: nothing, or what was wrong. May block."""
        follower, answerer = self._followers.get(sid), self._answerers.get(sid)
        if follower is None or answerer is None:  # left while it asked
            return {}
        call = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params if isinstance(params, dict) else {}}
        with following(follower.subscription):
            answer = _decode(answerer.answer(_encode(call), follower.subscription.caller) or b"{}")
        if sid not in self._followers:
            follower.subscription.close()
        return {"error": answer["error"]} if "error" in answer else {}

    # Those to whom live values are emitted, seen where they enter and leave rooms; no room is one, too

    def _entered(self, sid: Sid, namespace: str, room: Any, eio_sid: str | None = None) -> Any:
        result = self._enter_room(sid, namespace, room, eio_sid=eio_sid)
        for audience, connection in self._reached(sid, namespace, room):
            audience.enter(sid, connection)
        return result

    def _left(self, sid: Sid, namespace: str, room: Any) -> Any:
        for (_, emission), audience in list(self._audiences.items()):
            if (emission.namespace, emission.to) == (namespace, room):
                audience.leave(sid)
        return self._leave_room(sid, namespace, room)

    def _reached(self, sid: Sid, namespace: str, room: Any) -> Iterator[tuple[Audience, Connection]]:
        """The audiences to which a client now belongs; none if it has gone meanwhile."""
        eio_sid = self._server.manager.eio_sid_from_sid(sid, namespace)
        environ, connection = self._server.environ.get(eio_sid), self._server.eio.sockets.get(eio_sid)
        door = self._door(environ) if environ and connection else None
        for emission in door.emissions if door else ():
            if door and (emission.namespace, emission.to) == (namespace, room):
                yield self._audience(door, emission), connection

    def _audience(self, door: Door, emission: Emission) -> Audience:
        feeding = self._feed()
        with self._lock:
            if (door, emission) not in self._audiences:
                self._audiences[door, emission] = Audience(
                    feeding,
                    partial(packets, self._server.packet_class, emission.event, emission.namespace),
                    partial(door.follow, emission),
                    lambda sid: bool(self._server.manager.is_connected(sid, emission.namespace)),
                )
            return self._audiences[door, emission]

    def _feed(self) -> Feeding:
        """What is told to whom in this process."""
        with self._lock:
            if self._feeding is None or self._feeding_pid != os.getpid():
                self._feeding, self._feeding_pid = self._make_feeding(), os.getpid()
            return self._feeding


class SyncSide(Side):
    """A server that Flask-SocketIO has made, with threads or gevent."""

    def _handlers(self) -> dict[str, Callable[..., Any]]:
        return {
            "connect": lambda sid, environ, auth=None: self._admit(sid, environ),
            "disconnect": lambda sid, reason=None: self._gone(sid),
            "subscribe": lambda sid, params=None: self._do("updates.subscribe", sid, params),
            "unsubscribe": lambda sid, params=None: self._do("updates.unsubscribe", sid, params),
        }

    def _make_feeding(self) -> Feeding:
        self._turns = GeventTurns() if self._server.async_mode == "gevent" else ThreadTurns()
        return Feeding(self._turns, self._close)

    def _do(self, method: str, sid: Sid, params: Any) -> dict[str, Any]:
        return self._turns.do(partial(self._answer, method, sid, params))

    def _disconnect(self, sid: Sid) -> None:
        self._server.disconnect(sid, namespace=OWN_NAMESPACE)

    def _close(self) -> None:
        for connection in list(self._server.eio.sockets.values()):
            connection.close(wait=False)

    def _door(self, environ: Mapping[str, Any]) -> Door | None:
        return self._find(environ.get("flask.app"))


class AsyncSide(Side):
    """An `AsyncServer`, on its event loop."""

    def _handlers(self) -> dict[str, Callable[..., Any]]:
        async def subscribe(sid: Sid, params: Any = None) -> dict[str, Any]:
            return await asyncio.to_thread(self._answer, "updates.subscribe", sid, params)

        async def unsubscribe(sid: Sid, params: Any = None) -> dict[str, Any]:
            return await asyncio.to_thread(self._answer, "updates.unsubscribe", sid, params)

        return {
            "connect": lambda sid, environ, auth=None: self._admit(sid, environ),
            "disconnect": lambda sid, reason=None: self._gone(sid),
            "subscribe": subscribe,
            "unsubscribe": unsubscribe,
        }

    def _make_feeding(self) -> Feeding:
        self._tasks: set[asyncio.Task[None]] = set()
        return Feeding(LoopTurns(), self._close)

    def _disconnect(self, sid: Sid) -> None:
        self._do(self._server.disconnect(sid, namespace=OWN_NAMESPACE))

    def _close(self) -> None:
        for connection in list(self._server.eio.sockets.values()):
            self._do(connection.close(wait=False))

    def _do(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _door(self, environ: Mapping[str, Any]) -> Door | None:
        door: Door | None = environ["asgi.scope"].get(DOOR_KEY)
        return door or self._find(None)

    def _request(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        # Engine.IO's own says that everybody is at a loopback address
        scope = environ["asgi.scope"]
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        return environ_of({**scope, "method": "GET", "scheme": scheme})
