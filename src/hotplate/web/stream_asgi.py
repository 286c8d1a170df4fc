"""Updates as server-sent events on an event loop, where a stream holds no thread."""

from __future__ import annotations

from asyncio import create_task
from collections.abc import Iterable
from functools import partial
from wsgiref.types import WSGIEnvironment

from ..errors import Unavailable
from ..rpc.hub import Hub
from ..rpc.subscription import Subscription
from ..update import RUN
from .bells import Bell, Bells
from .origins import Guard
from .scope import Receive, Send
from .stream import BUSY_MS, HEADERS, RETRY_MS, asked, events
from .threads import Busy, Threads

STREAM = [(name.lower().encode(), value.encode()) for name, value in HEADERS]


class AsyncStreams:
    """GET of `/updates`."""

    def __init__(self, hub: Hub, guard: Guard, bells: Bells, threads: Threads) -> None:
        self._hub, self._guard, self._bells, self._threads = hub, guard, bells, threads

    async def serve(self, environ: WSGIEnvironment, receive: Receive, send: Send) -> None:
        """Answer a request. Raises `Refused` before anything was sent, and an `Error` for a wrong question."""
        caller = self._guard.admit(environ)
        topics, after = asked(environ)
        cors = [(name.lower().encode(), value.encode()) for name, value in self._guard.cors_headers(environ)]
        bell, ring = self._bells.new()
        subscription = self._hub.subscribe(caller, ring)
        try:
            try:
                await self._threads.run(partial(subscription.add, topics, after))
                retry = RETRY_MS
            except (Busy, Unavailable):  # any other status would make a browser give up for good
                retry = BUSY_MS
            await begin(send, retry, cors)
            if retry == RETRY_MS:
                seen = {topic: after.get(topic, 0) for topic in subscription.topics if topic.startswith(RUN)}
                await self._push(subscription, seen, bell, receive, send)
        finally:
            subscription.close()
            self._bells.drop(bell)

    async def _push(
        self, subscription: Subscription, seen: dict[str, int], bell: Bell, receive: Receive, send: Send
    ) -> None:
        gone = create_task(_until_gone(receive))
        gone.add_done_callback(lambda _: bell.set())
        try:
            while True:
                await bell.wait()
                if gone.done():
                    return
                is_beat, bell.is_beat = bell.is_beat, False
                updates = subscription.take()
                body = events(updates, seen)
                if subscription.lost is not None:
                    body += b": %b\n\n" % subscription.lost.encode()
                    await send({"type": "http.response.body", "body": body, "more_body": False})
                    return
                if body or is_beat:
                    await send({"type": "http.response.body", "body": body or b": still here\n\n", "more_body": True})
        except OSError:  # the client has gone
            return
        finally:
            gone.cancel()


async def begin(send: Send, retry: int, cors: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Begin a stream that comes back after so many milliseconds, and end it if that is BUSY_MS."""
    await send({"type": "http.response.start", "status": 200, "headers": [*STREAM, *cors]})
    await send({"type": "http.response.body", "body": b"retry: %d\n\n" % retry, "more_body": retry != BUSY_MS})


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
