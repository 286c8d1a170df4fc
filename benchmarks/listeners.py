"""Many subscribers in a process of their own, as cheap as they come: when did each message arrive?

    python -m benchmarks.listeners URL KIND TOPIC COUNT

Says `ready` when all of them are connected, and at the end a JSON list of [moment pushed, seconds it took].
"""

from __future__ import annotations

import asyncio
import json
import re
import resource
import sys
import time
from typing import Any
from urllib.parse import urlsplit

STAMP = re.compile(rb'"data": ?(\d{10}\.\d+)')
"""When a message was pushed, as it is found in each of them."""

PING = b"\x81\x012"
"""Of Engine.IO, in a frame of its own."""

END = b"that is all"
"""A message that has this is the last one."""

HANDSHAKE = (
    "GET {path} HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
SUBSCRIBE = '{{"jsonrpc":"2.0","id":1,"method":"updates.subscribe","params":{{"topics":["{topic}"]}}}}'
NAMESPACE = "40/hotplate,"
FOLLOW = '42/hotplate,["subscribe",{{"topics":["{topic}"]}}]'
GET = "GET {path}?topics={topic} HTTP/1.1\r\nHost: {host}\r\n\r\n"


class Listener(asyncio.Protocol):
    """One of them. Whatever arrives is kept with its time, and read when all is over."""

    def __init__(self, kind: str, words: dict[str, str], arrived: list[tuple[float, bytes]]) -> None:
        self._kind, self._words, self._arrived = kind, words, arrived
        self._is_open = False
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write((GET if self._kind == "sse" else HANDSHAKE).format(**self._words).encode())

    def data_received(self, data: bytes) -> None:
        self._arrived.append((time.time(), data))
        if not self._is_open:
            self._is_open = True
            if self._kind == "websocket":
                self._send(SUBSCRIBE.format(**self._words))
            elif self._kind.startswith("socketio"):
                self._send("40" if self._kind == "socketio-bare" else NAMESPACE)
        elif self._kind == "socketio" and NAMESPACE.encode() in data:
            self._send(FOLLOW.format(**self._words))
        if PING in data:  # also together with others
            self._send("3")
        if END in data and not self.ended.done():
            self.ended.set_result(None)

    def _send(self, text: str) -> None:
        """As one frame, whose mask changes nothing."""
        size = len(text)
        head = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
        self._transport.write(b"\x81" + head + bytes(4) + text.encode())

    def connection_lost(self, error: Exception | None) -> None:
        if not self.ended.done():
            self.ended.set_exception(error or ConnectionResetError("the server has closed a connection"))


async def listen(url: str, kind: str, topic: str, count: int) -> list[tuple[float, float]]:
    """Connect all, wait for the last message of each."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    words = {"path": path, "host": parts.netloc, "topic": topic}
    arrived: list[tuple[float, bytes]] = []
    loop, listeners = asyncio.get_running_loop(), list[Listener]()
    for _ in range(count):
        _, listener = await loop.create_connection(
            lambda: Listener(kind, words, arrived), "127.0.0.1", parts.port or 80
        )
        listeners.append(listener)
    print("ready", flush=True)
    await asyncio.gather(*(listener.ended for listener in listeners))
    return [(float(stamp), at - float(stamp)) for at, data in arrived for stamp in STAMP.findall(data)]


if __name__ == "__main__":
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    url, kind, topic, count = sys.argv[1:]
    print(json.dumps(asyncio.run(listen(url, kind, topic, int(count)))))
