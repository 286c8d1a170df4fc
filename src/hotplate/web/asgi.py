"""The door for ASGI servers.

Calls are answered here: `async def` methods are awaited on the event loop, all else is done in threads. Where a Flask
request is needed, and for the application's other pages, the WSGI application is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask

from .. import tracing
from ..caller import Caller
from ..errors import HotplateError, Unavailable
from ..rpc.answer import Answerer
from ..rpc.builtin import builtin_targets
from ..rpc.message import error_response
from .app_context import AppPlaces
from .before import Before
from .bells import Belfry
from .body import BodyRefused, check_body, receive_body
from .origins import Refused
from .pushing import Pushing
from .reply import JSON, Headers, send as send_whole
from .scope import Message, Receive, Scope, Send, environ_of, head_of, own_path
from .state import EXTENSION, AppState
from .threads import Busy, Threads
from .waiting import WaitTarget
from .wsgi import BODY_KEY, CALLER_KEY, SOCKETIO_PATH, PageDoor, RpcDoor
from .wsgi_in_asgi import WsgiInAsgi, spool

DRAIN_S = 0.5
"""At the end of the lifespan what goes on in threads may take so many seconds more: the server has waited before."""


_JSON = (b"content-type", b"application/json")
_BUSY = error_response(Unavailable(data="all threads of the server are busy"))


def asgi(app: Flask) -> AsgiDoor:
    """`app` as an ASGI application, with all that is declared in it: for uvicorn, hypercorn, granian, gunicorn.

    `async def` methods are awaited on the event loop; everything that may block is done in HOTPLATE_THREADS threads.
    Raises `HotplateError` if the application has no Hotplate, or one with Flask-SocketIO, which needs a WSGI server.
    """
    state = app.extensions.get(EXTENSION)
    if not isinstance(state, AppState):
        raise HotplateError(f"application {app.name!r} has no Hotplate: make Hotplate(app), or call hp.init_app(app)")
    if state.socketio is not None and not state.socketio.is_async:
        raise HotplateError(
            f"application {app.name!r} has Flask-SocketIO, which needs a WSGI server: run hotplate serve, or gunicorn "
            "--threads 100; behind an ASGI server give Hotplate a socketio.AsyncServer(async_mode='asgi')"
        )
    return AsgiDoor(app, state)


class AsgiDoor:
    """The ASGI application. What it serves is settled at the first request, when all is declared."""

    def __init__(self, app: Flask, state: AppState) -> None:
        self._pushing: Pushing | None = None
        self._updates_path = f"{state.settings.prefix}/updates"
        self._app, self._state, self._socketio = app, state, state.socketio
        self._threads = Threads(state.settings.threads)
        self._places = AppPlaces(app, self._threads)
        self._wsgi = WsgiInAsgi(
            self._threads, max(state.settings.max_file, state.settings.max_body, app.config["MAX_CONTENT_LENGTH"] or 0)
        )
        self._belfry = Belfry(state.dismiss)
        self._rpc_doors: dict[str, RpcDoor] = {}
        self._answerers: dict[RpcDoor, Answerer] = {}
        self._quick_door: Callable[[str], PageDoor | None] = lambda _: None
        self._call = self._answer
        self._is_ready = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await self._serve_other(scope, receive, send)
            return
        if not self._is_ready:
            self._prepare()
        path = own_path(scope)
        door = self._rpc_doors.get(path)
        if door is not None:
            await self._call(door, scope, receive, send)
        elif (page := self._quick_door(path)) is not None:
            await _reply(page.serve, environ_of(scope), send)
        elif self._socketio is not None and path.startswith(SOCKETIO_PATH):
            await self._socketio.serve(scope, receive, send)
        elif path == self._updates_path and self._pushing is not None and scope["method"] == "GET":
            await self._pushing.http(scope, receive, send, _reply)
        else:
            await self._wsgi.serve(self._app, environ_of(scope), receive, send)

    async def _serve_other(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] != "websocket":
            raise NotImplementedError(f"there is no answer to the ASGI scope {scope['type']!r}")
        else:
            await self._websocket(scope, receive, send)

    async def _websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._is_ready:
            self._prepare()
        if self._socketio is not None and own_path(scope).startswith(SOCKETIO_PATH):
            await self._socketio.serve(scope, receive, send)
            return
        if own_path(scope) == self._updates_path and self._pushing is not None:
            await self._pushing.websocket(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1000})  # before it was accepted: HTTP 403

    def _prepare(self) -> None:
        door = self._state.door
        door.prepare()
        blocking = builtin_targets(self._state.starting, self._state.settings.prefix)["run.wait"]
        more = {"run.wait": WaitTarget(blocking, self._state.hub, self._belfry.here, self._threads)}
        before: Before | None = None
        if getattr(self._app.wsgi_app, "__self__", None) is door:
            self._rpc_doors, self._quick_door = door.rpc_doors, door.quick_door
            self._answerers = {one: self._state.answerer(one.path, more) for one in door.rpc_doors.values()}
        else:  # something stands before the door, as ProxyFix does: it is to see every request
            before = Before(self._app, self._threads)
        if door.guard is not None and door.serves(self._updates_path):
            rpc = door.rpc_doors.get(self._state.settings.prefix + self._state.settings.rpc_path)
            self._pushing = Pushing(self._state, door.guard, rpc, before, self._places, self._wsgi, self._belfry, more)
        if tracing.tracer() is not None:
            self._call = self._call_traced
        self._is_ready = True

    async def _call_traced(self, door: RpcDoor, scope: Scope, receive: Receive, send: Send) -> None:
        with tracing.joined(head_of(scope).get("HTTP_TRACEPARENT")):
            await self._answer(door, scope, receive, send)

    async def _answer(self, door: RpcDoor, scope: Scope, receive: Receive, send: Send) -> None:
        environ = head_of(scope)
        try:
            if scope["method"] != "POST":
                await self._other_method(door, scope, receive, send)
                return
            caller = door.admit(environ)
            if door.by_view:
                await self._enter_view(door, caller, scope, receive, send)
                return
            size, message = check_body(environ, door.max_body), await receive()
            body: bytes = message.get("body", b"")
            if message.get("more_body") or len(body) != size:
                body = await receive_body(message, receive, size, door.max_body)
            if door.needs_request(body):
                full = environ_of(scope) | {CALLER_KEY: caller, BODY_KEY: body}
                await self._wsgi.carry_out(door.inner, full, receive, send)
                return
            answer = await self._answerers[door].answer_async(body, caller, self._places)
            if answer is not None and caller.authenticated and not door.has_origins:
                await _send_whole({"status": 200, "headers": [_JSON, _length(answer)]}, answer, send)
                return
            serve = partial(door.send_answer, answer, body, caller)
        except (Refused, BodyRefused) as refused:
            serve = partial(door.send_refusal, refused)
        except Busy:
            serve = partial(_send_busy, door.guard.cors_headers(environ))
        await _reply(serve, environ, send)

    async def _other_method(self, door: RpcDoor, scope: Scope, receive: Receive, send: Send) -> None:
        if door.is_own(scope["method"]):
            await self._wsgi.serve(door.inner, environ_of(scope), receive, send)
        else:
            await _reply(door.other_method, head_of(scope), send)

    async def _enter_view(self, door: RpcDoor, caller: Caller, scope: Scope, receive: Receive, send: Send) -> None:
        """The view looks at the body by itself: it gets as much as it needs to see that it is too large."""
        environ = environ_of(scope) | {CALLER_KEY: caller}
        length = environ.get("CONTENT_LENGTH", "0")
        if length.isdecimal() and len(length) < 16 and int(length) <= door.max_body:
            body = await spool(receive, door.max_body + 1)
            if body is None:
                return
            environ["wsgi.input"] = body
        await self._wsgi.carry_out(door.inner, environ, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan: calls that are going on come to their end before the engine is closed."""
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._threads.drain(DRAIN_S)
                self._state.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


def _length(answer: bytes) -> tuple[bytes, bytes]:
    return b"content-length", b"%d" % len(answer)


def _send_busy(cors: Headers, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return send_whole(start_response, "503 Service Unavailable", _BUSY, [JSON, ("Retry-After", "1"), *cors])


async def _reply(
    serve: Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]], environ: WSGIEnvironment, send: Send
) -> None:
    """Send what `serve` answers at once."""
    message: Message = {}

    def start_response(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
        message["status"] = int(status[:3])
        message["headers"] = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]
        return lambda _: None

    body = b"".join(serve(environ, start_response))
    await _send_whole(message, body, send)


async def _send_whole(start: Message, body: bytes, send: Send) -> None:
    try:
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": body})
    except OSError:  # the client has gone
        return
