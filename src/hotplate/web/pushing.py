"""`/updates` behind ASGI servers: a stream for GET, a WebSocket with calls for whoever upgrades."""

from __future__ import annotations

from asyncio import Event
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIEnvironment

from ..caller import Caller
from ..errors import Error, Forbidden
from ..rpc.answer import Target
from ..rpc.following import following_targets
from .app_context import AppPlaces
from .before import Before
from .bells import Belfry
from .origins import Guard, Refused
from .reply import send_error
from .scope import Message, Receive, Scope, Send, environ_of
from .socket import Answer, Sockets, deny
from .state import AppState
from .stream import BUSY_MS, status_of
from .stream_asgi import AsyncStreams, begin
from .threads import Busy
from .wsgi import BODY_KEY, CALLER_KEY, RpcDoor
from .wsgi_in_asgi import WsgiInAsgi

_OF_HANDSHAKE = ("HTTP_UPGRADE", "HTTP_CONNECTION")

Reply = Callable[..., Any]


class Pushing:
    """Both doors, on whichever event loop they are asked.

    door: the common RPC address, if the application has it. before: what stands before our doors. more: what can be
    called over a connection besides what can be everywhere.
    """

    def __init__(
        self,
        state: AppState,
        guard: Guard,
        door: RpcDoor | None,
        before: Before | None,
        places: AppPlaces,
        wsgi: WsgiInAsgi,
        belfry: Belfry,
        more: Mapping[str, Target],
    ) -> None:
        self._state, self._guard, self._door, self._before = state, guard, door, before
        self._places, self._wsgi, self._belfry = places, wsgi, belfry
        self._following: Mapping[str, Any] = following_targets()
        self._answerer = state.answerer(None, {**more, **self._following})

    async def http(self, scope: Scope, receive: Receive, send: Send, reply: Reply) -> None:
        """A stream. `reply` sends what a WSGI application answers at once."""
        streams = AsyncStreams(self._state.hub(), self._guard, self._belfry.here(), self._places.threads)
        try:
            environ = await self._show(environ_of(scope))
        except Busy:
            await begin(send, BUSY_MS)
            return
        if environ is None:
            await self._wsgi.serve(self._state.app, environ_of(scope), receive, send)
            return
        try:
            await streams.serve(environ, receive, send)
        except Refused as refused:
            status, error = refused.status, Forbidden(data=refused.reason)
            await reply(lambda _, start: send_error(start, status, error), environ, send)
        except Error as error:
            answer, cors = error, self._guard.cors_headers(environ)
            await reply(lambda _, start: send_error(start, status_of(answer), answer, cors), environ, send)

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A connection for calls and updates."""
        await receive()
        scheme = {"wss": "https"}.get(scope.get("scheme", "ws"), "http")
        try:
            environ = await self._show(environ_of({**scope, "method": "GET", "scheme": scheme}))
        except Busy:
            await deny(Refused("503 Service Unavailable", "all threads of the server are busy"), scope, send)
            return
        if environ is None:
            await deny(Refused("403 Forbidden", "what stands before the application answers by itself"), scope, send)
            return
        sockets = Sockets(
            self._state.hub(), self._guard, self._belfry.here(), self._answering, self._state.settings.max_body
        )
        await sockets.serve(environ, scope, receive, send)

    async def _show(self, environ: WSGIEnvironment) -> WSGIEnvironment | None:
        return environ if self._before is None else await self._before.show(environ)

    def _answering(self, environ: WSGIEnvironment) -> Answer:
        return partial(self._answer, environ)

    async def _answer(self, environ: WSGIEnvironment, body: bytes, caller: Caller) -> bytes | None:
        door = self._door
        if (
            door is None
            or self._answerer.calls(body, self._following)
            or not (door.by_view or door.needs_request(body))
        ):
            return await self._answerer.answer_async(body, caller, self._places)
        return await self._enter_view(door, environ, body, caller)

    async def _enter_view(self, door: RpcDoor, environ: WSGIEnvironment, body: bytes, caller: Caller) -> bytes | None:
        """Within a Flask request, made of the one by which the connection was opened."""
        path = f"{self._state.settings.prefix}{self._state.settings.rpc_path}"
        asked = _as_post(environ, path, body) | {CALLER_KEY: caller, BODY_KEY: body}
        pieces, never = list[bytes](), Event()

        async def receive() -> Message:
            await never.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            pieces.append(message.get("body", b""))

        await self._wsgi.carry_out(door.inner, asked, receive, send)
        return b"".join(pieces) or None


def _as_post(environ: WSGIEnvironment, path: str, body: bytes) -> WSGIEnvironment:
    kept = {
        key: value for key, value in environ.items() if key not in _OF_HANDSHAKE and not key.startswith("HTTP_SEC_")
    }
    return kept | {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": BytesIO(body),
    }
