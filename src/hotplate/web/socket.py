"""Calls and updates over one WebSocket (RFC 6455): JSON-RPC in text frames, both ways."""

from __future__ import annotations

import logging
from asyncio import CancelledError, Semaphore, Task, create_task, current_task, get_running_loop, timeout
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from wsgiref.types import WSGIEnvironment

from ..caller import Caller
from ..errors import InvalidRequest, Unavailable
from ..rpc.following import following
from ..rpc.hub import CLOSING, TOO_SLOW, Hub
from ..rpc.message import error_response
from ..rpc.subscription import Subscription
from .bells import Bell, Bells
from .origins import Guard, Refused
from .scope import Message, Receive, Scope, Send
from .threads import Busy

PROTOCOL = "hotplate.v1"
"""The subprotocol; a client need not ask for it."""

AT_ONCE = 32
"""So many messages of one connection are answered at the same time; others wait."""

HEARTBEAT = '{"jsonrpc":"2.0","method":"heartbeat"}'

NORMAL, GOING, TOO_BIG, SLOW = 1000, 1012, 1009, 4408
"""Why a connection is closed (RFC 6455, section 7.4): by us because it ends, we restart, too big, too slow."""

CLOSE_S = 1.0
"""A client that takes nothing is told why it is cut off for so many seconds."""

Answer = Callable[[bytes, Caller], Awaitable[bytes | None]]
"""Answers a call or a batch."""

log = logging.getLogger("hotplate")


class Sockets:
    """WebSockets at `/updates`.

    answering: answers what comes over the connection of an environ, as at the RPC address, with `updates.*`.
    max_body: bytes of a message.
    """

    def __init__(
        self, hub: Hub, guard: Guard, bells: Bells, answering: Callable[[WSGIEnvironment], Answer], max_body: int
    ) -> None:
        self._hub, self._guard, self._bells, self._max_body = hub, guard, bells, max_body
        self._answering = answering

    async def serve(self, environ: WSGIEnvironment, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection that is asked for, until it is closed; `environ` is that of its scope."""
        try:
            caller = self._guard.admit(environ)
        except Refused as refused:
            await deny(refused, scope, send)
            return
        offered = PROTOCOL if PROTOCOL in scope.get("subprotocols", ()) else None
        await send({"type": "websocket.accept", "subprotocol": offered})
        bell, ring = self._bells.new()
        subscription = self._hub.subscribe(caller, ring)
        try:
            await Session(caller, subscription, bell, self._answering(environ), self._max_body, send).run(receive)
        finally:
            subscription.close()
            self._bells.drop(bell)


class Session:
    """One connection, from its acceptance on."""

    def __init__(
        self,
        caller: Caller,
        subscription: Subscription,
        bell: Bell,
        answer: Answer,
        max_body: int,
        send: Send,
    ) -> None:
        self._caller, self._subscription, self._bell = caller, subscription, bell
        self._answer, self._max_body, self._send = answer, max_body, send
        self._room = Semaphore(AT_ONCE)
        self._calls: set[Task[None]] = set()
        self._answers: list[str] = []
        self._main: Task[Any] | None = None
        self._is_open, self._is_cut = True, False
        bell.cut_off = self._cut_off

    async def run(self, receive: Receive) -> None:
        """Until it is closed, by whomever. It is always read: else the server would not hear its pings answered."""
        writing = create_task(self._write())
        self._main = current_task()
        try:
            while (message := await receive())["type"] == "websocket.receive":
                body = _body(message)
                if len(body) > self._max_body:
                    await self._close(TOO_BIG, f"a message may have {self._max_body} bytes")
                    return
                await self._room.acquire()
                call = create_task(self._call(body))
                self._calls.add(call)
                call.add_done_callback(self._called)
        except CancelledError:
            if not self._is_cut:
                raise
            with suppress(TimeoutError):
                async with timeout(CLOSE_S):
                    await self._close(SLOW, TOO_SLOW)
        finally:
            self._is_open = False
            writing.cancel()

    async def _call(self, body: bytes) -> None:
        with following(self._subscription):
            try:
                answer = await self._answer(body, self._caller)
            except Busy:
                answer = error_response(Unavailable(data="all threads of the server are busy"))
        if answer is None:
            self._room.release()
        else:  # there is room for the next call when this answer has been taken
            self._answers.append(answer.decode())
            self._bell.set()

    def _called(self, call: Task[None]) -> None:
        self._calls.discard(call)
        if not call.cancelled() and (error := call.exception()) is not None and self._is_open:
            log.error("a message could not be answered", exc_info=error)
            self._room.release()

    async def _write(self) -> None:
        """All that is sent is sent here. A client that takes nothing for long is cut off."""
        loop = get_running_loop()
        while self._is_open:
            await self._bell.wait()
            is_beat, self._bell.is_beat = self._bell.is_beat, False
            answers, self._answers = self._answers, []
            updates = self._subscription.take()
            self._bell.writing_since = loop.time()
            try:
                for answer in answers:
                    await self._send({"type": "websocket.send", "text": answer})
                    self._room.release()
                for update in updates:
                    await self._send({"type": "websocket.send", "text": update.notification})
                if is_beat and not updates and not answers:
                    await self._send({"type": "websocket.send", "text": HEARTBEAT})
            except OSError:  # the client has gone
                return
            self._bell.writing_since = None
            if self._subscription.lost is not None:
                why = self._subscription.lost
                await self._close(GOING if why == CLOSING else SLOW, why)

    def _cut_off(self) -> None:
        if self._main is not None:
            self._is_cut = True
            self._main.cancel()

    async def _close(self, code: int, reason: str) -> None:
        self._is_open = False
        with suppress(OSError, RuntimeError):  # closed by the other side meanwhile
            await self._send({"type": "websocket.close", "code": code, "reason": reason[:120]})


def _body(message: Message) -> bytes:
    text = message.get("text")
    return text.encode("utf-8", "surrogatepass") if text is not None else bytes(message.get("bytes") or b"")


async def deny(refused: Refused, scope: Scope, send: Send) -> None:
    """Say no before the connection is made: a plain HTTP answer, where the server can send one."""
    log.info("a WebSocket was refused: %s", refused.reason)
    if "websocket.http.response" not in (scope.get("extensions") or {}):
        await send({"type": "websocket.close", "code": NORMAL})  # HTTP 403
        return
    body = error_response(InvalidRequest(data=refused.reason))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "websocket.http.response.start", "status": int(refused.status[:3]), "headers": headers})
    await send({"type": "websocket.http.response.body", "body": body})
