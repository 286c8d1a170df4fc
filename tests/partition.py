"""A way between processes that can be cut: a proxy on the loopback address."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Self


class Partition:
    """Passes bytes on to a server. While it is *closed* nothing passes, and no connection is ended: a black hole.

    `lose` ends one connection when the server has done what it was asked for, and nobody has heard of it.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = 0
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._until_lost: int | None = None
        self.passed = 0
        """So many bytes have passed, in both directions."""
        self._thread = threading.Thread(target=self._loop.run_forever, name="partition", daemon=True)
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._open.clear)

    def heal(self) -> None:
        self._loop.call_soon_threadsafe(self._open.set)

    def lose(self, after: int | None) -> bool:
        """Lose an answer, after so many more that pass; None loses none. Whether the one before is still to be lost."""
        before, self._until_lost = self._until_lost, after
        return before is not None

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._serve(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _serve(self) -> None:
        self._open.set()
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _end(self) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)
        await self._server.wait_closed()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        await self._open.wait()
        try:
            theirs, ours = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.close()
            return
        self._writers.add(ours)
        for source, sink, is_answer in ((reader, ours, False), (theirs, writer, True)):
            task = asyncio.ensure_future(self._pass(source, sink, is_answer))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, is_answer: bool) -> None:
        with suppress(OSError):
            while piece := await source.read(1 << 16):
                await self._open.wait()
                if is_answer and self._is_to_be_lost():
                    break
                self.passed += len(piece)
                sink.write(piece)
                await sink.drain()
        sink.close()

    def _is_to_be_lost(self) -> bool:
        if self._until_lost is not None:
            self._until_lost -= 1
            if self._until_lost < 0:
                self._until_lost = None
                return True
        return False
