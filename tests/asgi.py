"""An ASGI server for tests, in this process: one request at a time, as slow or as gone as the test wants the client."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import Any

Pairs = Sequence[tuple[str, str]]


class Exchanged:
    """A request that is answered. sent: the messages of the application, as far as the client takes them."""

    def __init__(self, pieces: Iterable[bytes] = (b"",)) -> None:
        given = list(pieces)
        self._given = [
            {"type": "http.request", "body": piece, "more_body": at < len(given)} for at, piece in enumerate(given, 1)
        ]
        self.gone, self.takes = asyncio.Event(), asyncio.Event()
        self.takes.set()
        self.sent: list[dict[str, Any]] = []
        self._came = asyncio.Condition()

    async def receive(self) -> dict[str, Any]:
        if self._given:
            return self._given.pop(0)
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.takes.wait()
        self.sent.append(dict(message))
        async with self._came:
            self._came.notify_all()

    async def until(self, count: int) -> None:
        """Wait for so many messages."""
        async with asyncio.timeout(10), self._came:
            await self._came.wait_for(lambda: len(self.sent) >= count)

    @property
    def status(self) -> int:
        return int(self.sent[0]["status"])

    @property
    def headers(self) -> list[tuple[bytes, bytes]]:
        found: list[tuple[bytes, bytes]] = self.sent[0]["headers"]
        return found

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self.sent[1:])

    @property
    def is_whole(self) -> bool:
        return bool(self.sent) and self.sent[-1].get("more_body") is False


def scope(method: str = "GET", path: str = "/", headers: Pairs = (), **more: Any) -> dict[str, Any]:
    """The scope of a request to localhost."""
    named = [("host", "localhost"), *headers]
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named],
        "client": ("127.0.0.1", 40000),
        "server": ("127.0.0.1", 80),
    } | more
