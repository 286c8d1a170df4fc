"""The `websockets` library's own broadcast: about the quickest that one process of Python can push.

    python -m benchmarks.peers.websockets_broadcast PORT

Pushes as often as standard input has a line, and says goodbye at its end.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

from websockets.asyncio.server import ServerConnection, broadcast, serve

from ..listeners import END


async def main(port: int) -> None:
    everybody: set[ServerConnection] = set()

    async def handle(connection: ServerConnection) -> None:
        everybody.add(connection)
        await connection.wait_closed()
        everybody.discard(connection)

    async with serve(handle, "127.0.0.1", port, compression=None, ping_interval=None):
        print("ready", flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            broadcast(everybody, json.dumps({"type": "partial", "data": time.time(), "pad": "." * 8}))
        broadcast(everybody, END.decode())
        await asyncio.sleep(1)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
