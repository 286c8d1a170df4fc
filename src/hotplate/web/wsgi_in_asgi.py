"""A WSGI application behind an ASGI server.

The body of a request is received before a thread is taken, so that a slow upload holds none. An answer is streamed as
fast as the client takes it; when the client leaves, the application's iterable is closed in its own thread, at the next
chunk that it yields.
"""

from __future__ import annotations

import logging
from asyncio import AbstractEventLoop, Event, Future, create_task, get_running_loop, timeout
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from io import SEEK_END, BytesIO
from tempfile import TemporaryFile
from threading import Condition
from types import TracebackType
from typing import IO
from wsgiref.types import WSGIApplication, WSGIEnvironment

from ..errors import log_failure
from .scope import Message, Receive, Send
from .threads import Busy, Threads

MOST_HELD = 256 * 1024
"""So many bytes of an answer may wait to be sent; then the application waits."""

IN_MEMORY = 1024 * 1024
"""A body of more bytes is kept in a temporary file."""

SEND_S = 60.0
"""A client that takes nothing for so many seconds has left."""

_HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-authenticate proxy-authorization te trailer transfer-encoding upgrade".split()
)
"""Headers that are between two servers (RFC 9110, section 7.6.1): the one before us sets its own."""

log = logging.getLogger("hotplate")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType] | tuple[None, None, None]


class Left(ConnectionAbortedError):
    """The client has gone: what would be written is not wanted any more."""


class BrokenOff(ConnectionError):
    """An answer had begun and cannot be ended as it should: the server closes the connection."""


class WsgiInAsgi:
    """Serves WSGI applications in `threads`. Bodies larger than `max_body` bytes are refused."""

    def __init__(self, threads: Threads, max_body: int) -> None:
        self._threads, self._max_body = threads, max_body

    async def serve(self, app: WSGIApplication, environ: WSGIEnvironment, receive: Receive, send: Send) -> None:
        """Receive the body and answer."""
        length = environ.get("CONTENT_LENGTH", "")
        if length.isdecimal() and (len(length) > 15 or int(length) > self._max_body):
            await send_text(send, 413, f"the body is larger than {self._max_body} bytes")
            return
        body = await spool(receive, self._max_body + 1)
        if body is None:
            return
        if body.seek(0, SEEK_END) > self._max_body:
            body.close()
            await send_text(send, 413, f"the body is larger than {self._max_body} bytes")
            return
        body.seek(0)
        environ["wsgi.input"] = body
        await self.carry_out(app, environ, receive, send)

    async def carry_out(self, app: WSGIApplication, environ: WSGIEnvironment, receive: Receive, send: Send) -> None:
        """Answer a request whose body was received, and is in the environ; it is closed in the end."""
        exchange = Exchange(environ["REQUEST_METHOD"], get_running_loop())
        watcher = create_task(_watch(receive, exchange))
        done = self._threads.submit(partial(exchange.run, app, environ))
        done.add_done_callback(lambda _: exchange.settle(environ["wsgi.input"]))
        try:
            await _send_all(exchange, done, send)
        except OSError as error:
            if isinstance(error, BrokenOff):
                raise
        finally:
            watcher.cancel()
            exchange.leave()
            done.cancel()


async def spool(receive: Receive, most: int) -> IO[bytes] | None:
    """The body, or its beginning of at least `most` bytes; None if the client has gone before its end."""
    pieces, size = list[bytes](), 0
    file: IO[bytes] | None = None
    while (message := await receive())["type"] == "http.request":
        pieces.append(message.get("body", b""))
        size += len(pieces[-1])
        if size > IN_MEMORY:
            file = file or TemporaryFile()  # noqa: SIM115 - whoever gets it closes it
            file.writelines(pieces)
            pieces.clear()
        if size >= most or not message.get("more_body"):
            body = file or BytesIO(b"".join(pieces))
            body.seek(0)
            return body
    if file is not None:
        file.close()
    return None


async def send_text(send: Send, status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
    """A whole answer in plain text."""
    body = text.encode() + b"\n"
    more = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body)), *headers]
    await send({"type": "http.response.start", "status": status, "headers": more})
    await send({"type": "http.response.body", "body": body})


async def _watch(receive: Receive, exchange: Exchange) -> None:
    with suppress(Exception):  # a server that cannot tell any more has lost the client
        while (await receive())["type"] != "http.disconnect":
            pass
    exchange.leave()
    exchange.ready.set()


async def _send_all(exchange: Exchange, done: Future[None], send: Send) -> None:
    while True:
        await exchange.ready.wait()
        if done.done() and isinstance(done.exception(), Busy):
            await send_text(send, 503, "all threads are busy", (b"retry-after", b"1"))
            return
        if exchange.is_left:
            return
        messages, is_end = exchange.take()
        for message in messages:
            async with timeout(SEND_S):
                await send(message)
        if is_end:
            return


class Exchange:
    """One request being answered: the application's thread writes, the event loop sends.

    ready: set when there is something to be sent, or nobody to send it to.
    """

    def __init__(self, method: str, loop: AbstractEventLoop) -> None:
        self.ready = Event()
        self.is_left = self._is_begun = False
        self._loop, self._is_head = loop, method == "HEAD"
        self._changed = Condition()
        self._head: Message | None = None
        self._has_body = True
        self._unwritten: int | None = None
        self._is_started = self._is_ended = self._is_broken = self._is_told = False
        self._waiting: list[Message] = []
        self._chunks: list[bytes] = []
        self._held = 0

    def leave(self) -> None:
        """The client has gone, or has all."""
        with self._changed:
            self.is_left = True
            self._changed.notify_all()

    def settle(self, body: IO[bytes]) -> None:
        """The application has answered, or will not be asked."""
        self.ready.set()
        if not self._is_begun:
            body.close()

    def take(self) -> tuple[list[Message], bool]:
        """What is to be sent now, and whether that is all. Raises `BrokenOff` where it breaks off."""
        with self._changed:
            self.ready.clear()
            self._is_told = False
            messages, self._waiting = self._waiting, []
            if self._chunks or self._is_ended:
                body, is_more = b"".join(self._chunks), not self._is_ended
                messages.append({"type": "http.response.body", "body": body, "more_body": is_more})
            elif self._is_broken:
                raise BrokenOff("the application failed after its answer had begun")
            self._chunks, self._held = [], 0
            self._changed.notify_all()
            if self._is_broken:
                self.ready.set()
            return messages, self._is_ended

    def run(self, app: WSGIApplication, environ: WSGIEnvironment) -> None:
        """Let the application answer. Never raises."""
        self._is_begun = True
        iterable: Iterable[bytes] | None = None
        body: IO[bytes] = environ["wsgi.input"]
        try:
            if not self.is_left:
                iterable = app(environ, self.start_response)
                self._write_all(iterable)
        except Left:
            pass
        except BaseException as error:
            self._fail(_name(environ), error)
        finally:
            try:
                close = getattr(iterable, "close", None)
                if close is not None:
                    close()
            except BaseException as error:
                log_failure(f"closing the answer to {_name(environ)}", error)
            body.close()

    def start_response(
        self, status: str, headers: list[tuple[str, str]], exc_info: ExcInfo | None = None, /
    ) -> Callable[[bytes], object]:
        """As PEP 3333 has it. Raises `AssertionError` for a second call, `ValueError` for what cannot be sent."""
        try:
            if exc_info is None or exc_info[1] is None:
                assert self._head is None, "start_response was called a second time, without exc_info"
            elif self._is_started:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None  # a circle with the frame
        code = int(status[:3])
        sent = [_header(name, value) for name, value in headers]
        self._has_body = not self._is_head and code not in (204, 304)
        length = next((value for name, value in sent if name == b"content-length"), None)
        self._unwritten = int(length) if length is not None and self._has_body else None
        kept = [
            pair for pair in sent if pair[0] not in _HOP_BY_HOP and not (code == 204 and pair[0] == b"content-length")
        ]
        self._head = {"type": "http.response.start", "status": code, "headers": kept}
        return self.write

    def write(self, chunk: bytes) -> None:
        """Hand over a piece of the body; waits while too much of it is not sent yet. Raises `Left`."""
        if type(chunk) is not bytes:
            chunk = bytes(memoryview(chunk))
        with self._changed:
            while self._held >= MOST_HELD and not self.is_left:
                self._changed.wait()
            if self.is_left:
                raise Left
            if chunk:
                self._begin()
                if self._has_body:
                    self._add(chunk)
                self._tell()

    def _write_all(self, iterable: Iterable[bytes]) -> None:
        for chunk in iterable:
            self.write(chunk)
            if self._is_started and not self._has_body:
                break
        with self._changed:
            self._begin()
            if self._unwritten:
                raise ValueError(f"the answer is {self._unwritten} bytes shorter than its Content-Length")
            self._is_ended = True
            self._tell()

    def _begin(self) -> None:
        assert self._head is not None, "the application has not called start_response"
        if not self._is_started:
            self._is_started = True
            self._waiting.append(self._head)

    def _add(self, chunk: bytes) -> None:
        if self._unwritten is not None:
            if len(chunk) > self._unwritten:
                log.error("an answer is longer than its Content-Length: the rest is not sent")
                chunk = chunk[: self._unwritten]
            self._unwritten -= len(chunk)
        self._chunks.append(chunk)
        self._held += len(chunk)

    def _fail(self, name: str, error: BaseException) -> None:
        log_failure(name, error)
        with self._changed:
            if self._is_started:
                self._is_broken = True
            else:
                body = b"Internal Server Error\n"
                headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
                self._waiting = [{"type": "http.response.start", "status": 500, "headers": headers}]
                self._chunks, self._is_ended = [] if self._is_head else [body], True
            self._tell()

    def _tell(self) -> None:
        """Wake the event loop, once for all that it has not looked at yet."""
        if not self._is_told:
            self._is_told = True
            try:
                self._loop.call_soon_threadsafe(self.ready.set)
            except RuntimeError:
                self.is_left = True  # the loop was closed


def _header(name: str, value: str) -> tuple[bytes, bytes]:
    pair = name.lower().encode("latin-1"), value.encode("latin-1")
    if any(c in part for part in pair for c in b"\r\n\0"):
        raise ValueError(f"a header of the answer has a line break in it: {name!r}")
    return pair


def _name(environ: WSGIEnvironment) -> str:
    return f"{environ['REQUEST_METHOD']} {environ.get('PATH_INFO', '')}"
