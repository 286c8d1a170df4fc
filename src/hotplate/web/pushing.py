"""`/updates` behind ASGI servers: a stream for GET, a WebSocket with calls for whoever upgrades."""

from __future__ import annotations

from asyncio import Event, get_running_loop
from collections.abc import Callable, Mapping
from functools import partial
from io import BytesIO
from typing import Any
from wsgiref.types import WSGIEnvironment

from ..caller import Caller
from ..errors import Error, Forbidden
from ..rpc.answer import Places
from ..rpc.following import following_targets
from .bells import Bells
from .origins import Guard, Refused
from .reply import send_error
from .scope import Message, Receive, Scope, Send, environ_of
from .socket import Answer, Sockets
from .state import AppState
from .stream import status_of
from .stream_asgi import AsyncStreams
from .threads import Threads
from .wsgi import BODY_KEY, CALLER_KEY, RpcDoor
from .wsgi_in_asgi import WsgiInAsgi

_OF_HANDSHAKE = (b"upgrade", b"connection", b"content-length", b"content-type")

Reply = Callable[..., Any]


class Pushing:
    """Both doors, on whichever event loop they are asked. door: the common RPC address, if the application has it."""

    def __init__(
        self, state: AppState, guard: Guard, door: RpcDoor | None, threads: Threads, places: Places, wsgi: WsgiInAsgi
    ) -> None:
        self._state, self._guard, self._door = state, guard, door
        self._threads, self._places, self._wsgi = threads, places, wsgi
        self._following: Mapping[str, Any] = following_targets()
        self._answerer = state.answerer(None, self._following)
        self._bells: Bells | None = None

    async def http(self, scope: Scope, receive: Receive, send: Send, reply: Reply) -> None:
        """A stream. `reply` sends what a WSGI application answers at once."""
        streams = AsyncStreams(self._state.hub(), self._guard, self._on_loop(), self._threads)
        environ = environ_of(scope)
        try:
            await streams.serve(scope, receive, send)
        except Refused as refused:
            status, error = refused.status, Forbidden(data=refused.reason)
            await reply(lambda _, start: send_error(start, status, error), environ, send)
        except Error as error:
            answer, cors = error, self._guard.cors_headers(environ)
            await reply(lambda _, start: send_error(start, status_of(answer), answer, cors), environ, send)

    async def websocket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """A connection for calls and updates."""
        hub, settings = self._state.hub(), self._state.settings
        await Sockets(hub, self._guard, self._on_loop(), self._answering, settings.max_body).serve(scope, receive, send)

    def _on_loop(self) -> Bells:
        loop = get_running_loop()
        if self._bells is None or self._bells.loop is not loop:
            self._bells = Bells(loop, self._state.dismiss)
        return self._bells

    def _answering(self, scope: Scope) -> Answer:
        return partial(self._answer, scope)

    async def _answer(self, scope: Scope, body: bytes, caller: Caller) -> bytes | None:
        door = self._door
        if (
            door is None
            or self._answerer.calls(body, self._following)
            or not (door.by_view or door.needs_request(body))
        ):
            return await self._answerer.answer_async(body, caller, self._places)
        return await self._enter_view(door, scope, body, caller)

    async def _enter_view(self, door: RpcDoor, scope: Scope, body: bytes, caller: Caller) -> bytes | None:
        """Within a Flask request, made of the one by which the connection was opened."""
        environ = _as_post(scope, f"{self._state.settings.prefix}{self._state.settings.rpc_path}", body)
        environ[CALLER_KEY], environ[BODY_KEY] = caller, body
        pieces, never = list[bytes](), Event()

        async def receive() -> Message:
            await never.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            pieces.append(message.get("body", b""))

        await self._wsgi.carry_out(door.inner, environ, receive, send)
        return b"".join(pieces) or None


def _as_post(scope: Scope, path: str, body: bytes) -> WSGIEnvironment:
    kept = [pair for pair in scope["headers"] if pair[0] not in _OF_HANDSHAKE and not pair[0].startswith(b"sec-")]
    headers = [*kept, (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    request = {"method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    scheme = {"wss": "https"}.get(scope.get("scheme", "ws"), "http")
    environ = environ_of({**scope, **request, "scheme": scheme})
    environ["wsgi.input"] = BytesIO(body)
    return environ
