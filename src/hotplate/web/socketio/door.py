"""The application's own Socket.IO object as a door: updates on the namespace `/hotplate`, live values on the others.

It is a Flask-SocketIO object, behind a WSGI server, or a python-socketio `AsyncServer`, behind an ASGI server.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any
from weakref import WeakKeyDictionary
from wsgiref.types import StartResponse, WSGIEnvironment

import socketio
from flask import Flask

from ...caller import OPEN, Caller
from ...errors import DeclarationError
from ...live import PREFIX, Emission
from ...registry import OWN_NAMESPACE
from ...rpc.answer import Answerer
from ...rpc.following import following_targets
from ...rpc.subscription import Subscription
from ..origins import Guard
from ..reply import send
from ..scope import Receive, Scope, Send
from ..state import AppState
from .side import DOOR_KEY, AsyncSide, Side, SyncSide

try:
    from flask_socketio import SocketIO
except ImportError:  # an AsyncServer needs no more than python-socketio
    SocketIO = ()

MODES = ("threading", "gevent")
"""The async modes of Flask-SocketIO with which it works."""

_TEXT = ("Content-Type", "text/plain; charset=utf-8")

log = logging.getLogger("hotplate")


def attach(state: AppState, sio: Any) -> SocketIODoor:
    """Let a Socket.IO object carry what is pushed in an application. Raises `DeclarationError` for what is none.

    A Flask-SocketIO object may be bound to the application later on.
    """
    if not isinstance(sio, (socketio.AsyncServer, SocketIO)):
        raise DeclarationError(
            f"socketio={sio!r} cannot be used; give the application's flask_socketio.SocketIO object, or a "
            "socketio.AsyncServer(async_mode='asgi')"
        )
    shared: Shared = vars(sio).setdefault("hotplate", None) or Shared(sio)
    sio.hotplate = shared
    return SocketIODoor(state, sio, shared)


class SocketIODoor:
    """What one application has of a Socket.IO object. is_async: whether it needs an ASGI server; else a WSGI server."""

    def __init__(self, state: AppState, sio: Any, shared: Shared) -> None:
        self.sio, self.is_async = sio, isinstance(sio, socketio.AsyncServer)
        self.emissions: list[Emission] = state.registry.emissions
        self._state, self._shared = state, shared
        self._guard: Guard | None = None
        self._answerer: Answerer | None = None
        self._has_said = False
        shared.take_in(state.app, self)

    @property
    def mode(self) -> str:
        """The async mode of its server; empty while there is none."""
        return str(self._server.async_mode) if self._server else ""

    @property
    def is_sticky(self) -> bool:
        """Whether all requests of a client must come to one process, as they do over a WebSocket alone."""
        return self._server is None or list(self._server.eio.transports) != ["websocket"]

    @property
    def _server(self) -> Any:
        return self.sio if self.is_async else self.sio.server

    def admit(self, environ: WSGIEnvironment) -> Caller:
        """The Caller of a request. Raises `Refused`."""
        if self._guard is None:
            self._guard = Guard(self._state.settings, filter(None, [self._state.app.config.get("SERVER_NAME")]))
        return self._guard.admit(environ)

    def subscribe(self, caller: Caller, wake: Callable[[], None]) -> Subscription:
        """A subscriber to what is pushed in the application."""
        return self._state.hub().subscribe(caller, wake)

    def follow(self, emission: Emission, wake: Callable[[], None]) -> Subscription:
        """A subscription to the live value that is emitted: the application has said who sees it. May block."""
        subscription = self.subscribe(OPEN, wake)
        subscription.add([f"{PREFIX}{self._state.registry.name_of(emission.live)}"])
        return subscription

    def answerer(self) -> Answerer:
        """What answers `updates.*`."""
        if self._answerer is None:
            self._answerer = Answerer(following_targets(), max_batch=1, observe=self._state.observe)
        return self._answerer

    def dismiss(self) -> None:
        """The process ends: say so to all clients, and close their connections."""
        for side in self._shared.sides.values():
            side.end()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application at `/socket.io/`."""
        await self.sio.handle_request({**scope, DOOR_KEY: self}, receive, send)

    def refuse(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """What is there behind a WSGI server, for an `AsyncServer`."""
        if not self._has_said:
            self._has_said = True
            log.error(
                "a socketio.AsyncServer needs an ASGI server: run hotplate serve, or serve hotplate.asgi(app); a WSGI "
                "server needs Flask-SocketIO (said once)"
            )
        return send(start_response, "501 Not Implemented", b"here Socket.IO needs an ASGI server\n", [_TEXT])

    def check(self) -> None:
        """Say in the log what is missing, now that all is declared."""
        if not self.is_async and self._state.app.extensions.get("socketio") is not self.sio:
            log.error("Socket.IO is not served: the object that was given as socketio= wants its init_app(app), too")


class Shared:
    """One Socket.IO object, and the applications that share it.

    sides: its servers; Flask-SocketIO makes one for each application, and keeps the last one only.
    """

    def __init__(self, sio: Any) -> None:
        self.sides: dict[Any, Side] = {}
        self._doors: WeakKeyDictionary[Flask, SocketIODoor] = WeakKeyDictionary()
        if isinstance(sio, socketio.AsyncServer):
            self.take(sio)
        else:
            sio.namespace_handlers.append(Attaching(self))
            if sio.server is not None:
                self.take(sio.server)

    def take_in(self, app: Flask, door: SocketIODoor) -> None:
        """Another application."""
        server = _server_of(app.wsgi_app)
        if server is not None:
            self.take(server)
        self._doors[app] = door

    def take(self, server: Any) -> None:
        """Another server, unless it is known. Raises `DeclarationError` for an async mode that does not go."""
        is_async = isinstance(server, socketio.AsyncServer)
        modes = ("asgi",) if is_async else MODES
        if server.async_mode not in modes:
            raise DeclarationError(
                f"the async_mode of the Socket.IO object is {server.async_mode!r}; with Hotplate it can be "
                f"{' or '.join(map(repr, modes))}"
            )
        if server not in self.sides:
            if server.namespaces != "*":
                server.namespaces = Accepted(server.namespaces, self._emissions)
            self.sides[server] = (AsyncSide if is_async else SyncSide)(server, self._find)

    def _emissions(self) -> list[Emission]:
        return [emission for door in list(self._doors.values()) for emission in door.emissions]

    def _find(self, app: Flask | None) -> SocketIODoor | None:
        if app is not None:
            return self._doors.get(app)
        doors = list(self._doors.values())
        return doors[0] if len(doors) == 1 else None


class Attaching(socketio.Namespace):  # type: ignore[misc]
    """Flask-SocketIO gives this to each server that it will make."""

    def __init__(self, shared: Shared) -> None:
        super().__init__(OWN_NAMESPACE)
        self._shared = shared

    def _set_server(self, server: Any) -> None:
        super()._set_server(server)
        self._shared.take(server)


class Accepted(list[str]):
    """The namespaces that a server accepts without handlers for them, with those on which live values are emitted."""

    def __init__(self, given: Iterable[str], emissions: Callable[[], list[Emission]]) -> None:
        super().__init__(given)
        self._emissions = emissions

    def __contains__(self, namespace: object) -> bool:
        return super().__contains__(namespace) or any(one.namespace == namespace for one in self._emissions())


def _server_of(wsgi_app: Any) -> Any:
    """The server that Flask-SocketIO has put before an application; None if it has not."""
    while wsgi_app is not None and not isinstance(wsgi_app, socketio.WSGIApp):
        holder = getattr(wsgi_app, "__self__", wsgi_app)
        names = () if isinstance(holder, Flask) else ("inner", "wsgi_app", "app")
        wsgi_app = next((getattr(holder, name) for name in names if hasattr(holder, name)), None)
    return wsgi_app and wsgi_app.engineio_app
