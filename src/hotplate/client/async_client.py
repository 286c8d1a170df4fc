"""The client on an event loop."""

from __future__ import annotations

import asyncio
import mimetypes
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, TypeVar

import httpx

from ..errors import Unavailable
from ..run import FileInfo
from .answers import answer_to, answers_to, failure, file_path, ignore, longest, read_content, read_file_info
from .async_run import AsyncRun
from .batch import AnyBatch, Responses
from .call import Arguments, Call, new_call, start_call, write
from .function import Function
from .pages import Pages
from .run import record_of, run_in
from .transport import JSON, Read, Route, TransportError, explained, is_passing
from .updates import SILENCE_S, Patience, Update, Watch, check_head

T = TypeVar("T")

CHUNK = 64 * 1024


class AsyncTransport(Route):
    """As `Transport`, for one event loop."""

    def __init__(self, url: str, *, http: httpx.AsyncClient | None, **route: Any) -> None:
        super().__init__(url, **route)
        self._owned = http is None
        self._http = httpx.AsyncClient() if http is None else http

    async def close(self) -> None:
        if self._owned:
            await self._http.aclose()

    @asynccontextmanager
    async def stream(self, path: str, *, timeout: float | None = None, **request: Any) -> AsyncIterator[httpx.Response]:
        url = self.root + path
        with explained(url):
            async with self._http.stream("GET", url, **self.options(timeout, request)) as answer:
                yield answer

    async def exchange(
        self, method: str, url: str, read: Read[T], *, repeatable: bool, timeout: float | None = None, **request: Any
    ) -> T:
        options = self.options(timeout, request)
        for pause in self.pauses():
            try:
                with explained(url):
                    answer = await self._http.request(method, url, **options)
                return read(answer)
            except (Unavailable, TransportError) as error:
                if pause is None or not is_passing(error, repeatable):
                    raise
                await asyncio.sleep(pause)
        raise AssertionError("the last pause is None")


class AsyncBatch(AnyBatch[AsyncRun]):
    """As `Batch`, in an `async with` block."""

    def __init__(self, client: AsyncClient, send: Callable[[list[Call]], Any]) -> None:
        super().__init__(client._new_run, client._run_or_value)
        self._send = send

    async def __aenter__(self) -> AsyncBatch:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._calls:
            self._fill(await self._send(self._calls))


class AsyncClient:
    """As `Client`, on an event loop: what waits there is awaited here, what is iterated there is `async for` here.

    `http` is an `httpx.AsyncClient` of your own.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        *,
        root: str | None = None,
        http: httpx.AsyncClient | None = None,
    ) -> None:
        self._transport = AsyncTransport(url, root=root, token=token, timeout=timeout, retries=retries, http=http)
        self.patience = timeout

    @property
    def url(self) -> str:
        """The RPC address."""
        return self._transport.rpc_url

    async def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function by its name, with arguments by position or by name, and return its result as JSON gives it.

        A job answers with its new `AsyncRun` at once.
        """
        return self._run_or_value(name, await self._ask(new_call(name, args, kwargs)))

    async def notify(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Call a function without an answer: neither its result nor its error comes back."""
        await self._post(new_call(name, args, kwargs, notify=True).request(), ignore, repeatable=False)

    async def start(self, job: str, params: Arguments | None = None, **options: Any) -> AsyncRun:
        """Start a run of a job, with the options of `Client.start`: `key`, `delay`, `priority`, `queue`."""
        return self._new_run(await self._ask(start_call(job, params, **options)))

    async def run(self, run_id: str) -> AsyncRun:
        """A run by its id. Raises `NotFound`."""
        return self._new_run(await self.call("run.get", id=run_id))

    async def runs(
        self,
        job: str | None = None,
        state: str | Sequence[str] | None = None,
        *,
        caller: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        sort: str | None = None,
        parent_id: str | None = None,
    ) -> AsyncIterator[AsyncRun]:
        """All runs that may be seen and fit, newest first or as `sort` says; see `Client.runs`."""
        given = {"job": job, "state": state, "caller": caller, "since": since, "until": until, "text": text}
        pages = Pages(**given, sort=sort, parent_id=parent_id)
        while pages.params is not None:
            for wire in pages.take(await self.call("run.list", **pages.params)):
                yield self._new_run(wire)

    def watch(
        self, *topics: str | AsyncRun, after: int | Mapping[str, int] = 0, patience: float | None = None
    ) -> AsyncIterator[Update]:
        """What is new on topics, as the server pushes it; see `Client.watch`."""
        return self._watch(Watch(topics, after), Patience(self.patience if patience is None else patience))

    def batch(self) -> AsyncBatch:
        """Collects calls in an `async with` block and sends them as one request."""
        return AsyncBatch(self, self._ask_all)

    async def upload(
        self, file: str | Path | BinaryIO, *, name: str | None = None, media_type: str | None = None
    ) -> FileInfo:
        """Send a file, as a stream, to be given to jobs as a `hotplate.File` parameter."""
        if isinstance(file, str | Path):
            with await asyncio.to_thread(open, file, "rb") as opened:
                return await self.upload(opened, name=name or Path(file).name, media_type=media_type)
        name = name or Path(str(getattr(file, "name", "file"))).name
        params = {"name": name, "type": media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"}
        url = f"{self._transport.root}/files"
        return await self._transport.exchange(
            "PUT", url, read_file_info, repeatable=False, content=_chunks(file), params=params
        )

    async def download(self, file: FileInfo | Mapping[str, Any] | str, to: str | Path | BinaryIO) -> None:
        """Write a file of the server (as a result names it, or by its id) to a path or an open binary file."""
        if isinstance(to, str | Path):
            with await asyncio.to_thread(open, to, "wb") as opened:
                return await self.download(file, opened)
        async with self._transport.stream(file_path(file)) as answer:
            if answer.status_code != httpx.codes.OK:
                await answer.aread()
                raise failure(answer)
            async for chunk in answer.aiter_bytes():
                await asyncio.to_thread(to.write, chunk)

    async def read_file(self, file: FileInfo) -> bytes:
        """The content of a file of the server."""
        url = self._transport.root + file_path(file)
        return await self._transport.exchange("GET", url, read_content, repeatable=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._transport.close()

    def __getattr__(self, name: str) -> Function[Any, Any]:
        if name.startswith("_"):
            raise AttributeError(f"no function of the server is called {name!r}")
        return Function(name, self.call, self.start)

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncClient of {self.url}>"

    def _new_run(self, wire: Any) -> AsyncRun:
        return AsyncRun(self, record_of(wire))

    def _run_or_value(self, name: str, value: Any) -> Any:
        record = run_in(name, value)
        return value if record is None else AsyncRun(self, record)

    async def _ask(self, call: Call) -> Any:
        timeout = longest(call, self.patience)
        return await self._post(call.request(), answer_to(call), repeatable=call.repeatable, timeout=timeout)

    async def _ask_all(self, calls: list[Call]) -> Responses:
        repeatable = all(call.repeatable for call in calls)
        return await self._post([call.request() for call in calls], answers_to(calls), repeatable=repeatable)

    async def _post(self, requests: Any, read: Read[T], **options: Any) -> T:
        url = self._transport.rpc_url
        return await self._transport.exchange("POST", url, read, content=write(requests), headers=JSON, **options)

    async def _watch(self, watching: Watch, patience: Patience) -> AsyncIterator[Update]:
        while not watching.is_over:
            try:
                async with self._transport.stream("/updates", timeout=SILENCE_S, **watching.request()) as answer:
                    if not check_head(answer):
                        await answer.aread()
                        raise failure(answer)
                    async for line in answer.aiter_lines():
                        patience.heard()
                        update = watching.read(line)
                        if update is not None:
                            yield update
                            if watching.is_over:
                                return
            except (TransportError, Unavailable) as error:
                patience.failed(error)
            watching.cut()
            await asyncio.sleep(patience.pause(watching.retry_s))


async def _chunks(file: BinaryIO) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(file.read, CHUNK):
        yield chunk
