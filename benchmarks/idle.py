"""Many connections that nobody says anything on, to `hotplate serve`: are they all there in the end?

    python -m benchmarks.idle [--count 10000] [--seconds 300] [--kind websocket|sse]

All follow one live value, which is set when the time is over. Printed: how many were cut off meanwhile, how many were
told the value and how soon, what each costs.
"""

from __future__ import annotations

import asyncio
import json
import resource
import sys
import time
from argparse import ArgumentParser
from contextlib import ExitStack
from typing import Any

import httpx

from . import report
from .listeners import GET, HANDSHAKE, SUBSCRIBE
from .peers import memory, quantile
from .updates import Served

TOPIC = "live/told"
"""It is set by calling the method `tell_all` of `benchmarks.peers.hotplate_updates`."""

PING, PONG = 0x89, 0x8A
"""The first byte of such a frame."""

AT_ONCE = 200
"""So many are being connected at the same time."""


class Idler(asyncio.Protocol):
    """A connection. It takes whatever comes, and answers pings of WebSockets (RFC 6455, section 5.5.3)."""

    def __init__(self, kind: str, host: str, marker: bytes) -> None:
        self._kind, self._words, self._marker = kind, {"path": "/updates", "host": host, "topic": TOPIC}, marker
        self.told_at = 0.0
        self.is_lost = self._is_upgraded = False
        self._left = b""
        loop = asyncio.get_running_loop()
        self.open: asyncio.Future[None] = loop.create_future()
        self.told: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        transport.write((GET if self._kind == "sse" else HANDSHAKE).format(**self._words).encode())

    def data_received(self, data: bytes) -> None:
        if self._kind == "websocket":
            if not self._is_upgraded:
                self._is_upgraded = True
                head, _, data = data.partition(b"\r\n\r\n")
                if not head.startswith(b"HTTP/1.1 101"):
                    self._transport.abort()
                    return
                text = SUBSCRIBE.format(**self._words).encode()
                self._transport.write(b"\x81\xfe" + len(text).to_bytes(2, "big") + bytes(4) + text)
            self._left += data
            self._pong()
        if b'"value":null' in data and not self.open.done():
            self.open.set_result(None)
        if self._marker in data and not self.told.done():
            self.told_at = time.time()
            self.told.set_result(None)

    def _pong(self) -> None:
        """Answer pings among the frames that are whole."""
        while len(self._left) >= 4:
            short = self._left[1]
            size, begin = (short, 2) if short < 126 else (int.from_bytes(self._left[2:4], "big"), 4)
            if len(self._left) < begin + size:
                return
            if self._left[0] == PING:
                self._transport.write(bytes([PONG, 0x80 + size]) + bytes(4) + self._left[begin : begin + size])
            self._left = self._left[begin + size :]

    def connection_lost(self, error: Exception | None) -> None:
        self.is_lost = True
        for future in (self.open, self.told):
            if not future.done():
                future.cancel()


async def connect(port: int, kind: str, count: int, marker: bytes) -> list[Idler]:
    """All of them, each of which was told how the value stands."""
    loop, room, idlers = asyncio.get_running_loop(), asyncio.Semaphore(AT_ONCE), list[Idler]()

    async def one() -> None:
        async with room:
            _, idler = await loop.create_connection(lambda: Idler(kind, f"127.0.0.1:{port}", marker), "127.0.0.1", port)
            idlers.append(idler)
            await idler.open

    async with asyncio.timeout(120), asyncio.TaskGroup() as group:
        for _ in range(count):
            group.create_task(one())
    return idlers


async def measure(server: Served, count: int, seconds: float) -> dict[str, Any]:
    root = server.url.removesuffix("/updates")
    port, stamp = int(root.rpartition(":")[2]), time.time()
    before, begun = memory(server.pid), time.monotonic()
    idlers = await connect(port, server.kind, count, f'"value":{json.dumps(stamp)}'.encode())
    print(f"{len(idlers)} connected in {time.monotonic() - begun:.1f} s", file=sys.stderr)
    await asyncio.sleep(1.0)
    each = (memory(server.pid) - before) * 1e6 / 1024 / count
    await asyncio.sleep(seconds)
    lost = sum(idler.is_lost for idler in idlers)
    call = {"jsonrpc": "2.0", "id": 1, "method": "tell_all", "params": [stamp]}
    told_at = time.time()
    async with httpx.AsyncClient() as client:
        answer = (await client.post(f"{root}/rpc", json=call)).json()
        assert "error" not in answer, answer
    await asyncio.wait([idler.told for idler in idlers], timeout=60)
    waits = [1000 * (idler.told_at - told_at) for idler in idlers if idler.told_at]
    found = {"kB each": round(each, 1), "lost": lost, "told": len(waits)}
    return found | {f"p{100 * share:.0f} ms": round(quantile(waits, share), 1) for share in (0.5, 0.99) if waits}


def main() -> None:
    parser = ArgumentParser(prog="python -m benchmarks.idle")
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--kind", choices=["websocket", "sse"], default="websocket")
    args = parser.parse_args()
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    with ExitStack() as stack:
        found = asyncio.run(measure(Served(stack, args.kind, args.kind), args.count, args.seconds))
    print(report.machine("uvicorn", "uvloop", "httptools"))
    print(json.dumps({"kind": args.kind, "connections": args.count, "seconds": args.seconds} | found))


if __name__ == "__main__":
    main()
