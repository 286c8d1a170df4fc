"""A run of the server, followed from afar on an event loop."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any, Protocol

import msgspec

from ..errors import Unavailable
from ..run import FileInfo, Progress
from .run import LONGEST_WAIT_S, PAGE, Event, LogLine, Record, Seen, log_line, record_of
from .transport import FIRST_PAUSE_S, TimeoutError, TransportError


class AsyncServer(Protocol):
    """What a run needs of the client that it came from. `patience` is in seconds."""

    patience: float

    async def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any: ...
    async def read_file(self, file: FileInfo) -> bytes: ...


class AsyncRun(Seen):
    """One run, as `Run`: what waits there is awaited here, what is iterated there is `async for` here."""

    def __init__(self, server: AsyncServer, record: Record) -> None:
        self._server = server
        self.record = record

    async def reload(self) -> AsyncRun:
        """Ask the server how it stands."""
        return self._seen(await self._server.call("run.get", id=self.id))

    async def wait(self, timeout: float | None = None) -> Any:
        """Wait until it has ended and return its result.

        Raises the run's error if it failed or was cancelled, and `TimeoutError` after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.is_final:
            left = LONGEST_WAIT_S if deadline is None else deadline - time.monotonic()
            if left < 0:
                raise TimeoutError(f"run {self.id} ({self.job}) is {self.state} after {timeout:g} s")
            await self._renew(left)
        return await self.value()

    async def value(self) -> Any:
        """The result of a run that has succeeded. Raises the run's error, and `Conflict` while it has not ended."""
        result = self._outcome()
        if self.record.result_file is not None:
            return msgspec.json.decode(await self._server.read_file(self.record.result_file))
        return result

    async def follow(self, beat: float = LONGEST_WAIT_S) -> AsyncIterator[Record]:
        """How it stands now, then at every change (and every `beat` seconds) until it has ended."""
        yield self.record
        while not self.is_final:
            await self._renew(beat, self.record.seq)
            yield self.record

    @property
    async def progress(self) -> AsyncIterator[Progress]:
        """Its progress at every change of it, until it has ended; however it ends, this just stops."""
        last = None
        async for record in self.follow():
            if record.progress is not None and record.progress != last:
                last = record.progress
                yield last

    @property
    async def log(self) -> AsyncIterator[LogLine]:
        """The lines of its log from the first, as they come, until it has ended."""
        async for event in self._events():
            if event.type == "log":
                yield log_line(event)

    @property
    async def partials(self) -> AsyncIterator[Any]:
        """Its partial results from the first, as they come, until it has ended."""
        async for event in self._events():
            if event.type == "partial":
                yield event.data

    async def events(self, after: int = 0) -> AsyncIterator[Event]:
        """What it has said until now, after the seq `after`."""
        while True:
            page = await self._patiently("run.log", id=self.id, after=after, limit=PAGE)
            for event in msgspec.convert(page["events"], list[Event]):
                yield event
            if len(page["events"]) < PAGE:
                return
            after = page["next"]

    async def cancel(self) -> AsyncRun:
        """Ask for it to be cancelled. One that has ended stays as it is."""
        return self._seen(await self._server.call("run.cancel", id=self.id))

    async def retry(self) -> AsyncRun:
        """Start the same job with the same params again, as a new run."""
        return AsyncRun(self._server, record_of(await self._server.call("run.retry", id=self.id)))

    async def _events(self) -> AsyncIterator[Event]:
        after = 0
        async for record in self.follow():
            # The record was read before its events, so a final one leaves none behind.
            if record.seq > after:
                async for event in self.events(after):
                    after = event.seq
                    yield event

    async def _renew(self, timeout: float, seq: int | None = None) -> None:
        self._seen(await self._patiently("run.wait", id=self.id, timeout=min(timeout, LONGEST_WAIT_S), seq=seq))

    def _seen(self, wire: Any) -> AsyncRun:
        self.record = record_of(wire)
        return self

    async def _patiently(self, name: str, **arguments: Any) -> Any:
        until = time.monotonic() + self._server.patience
        while True:
            try:
                return await self._server.call(name, **arguments)
            except (TransportError, Unavailable) as error:
                if time.monotonic() > until or not getattr(error, "is_passing", True):
                    raise
            await asyncio.sleep(FIRST_PAUSE_S)
