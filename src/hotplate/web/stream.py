"""Updates as server-sent events (HTML standard, section 9.2), on any WSGI server.

A stream holds a thread of the server for as long as it lasts, so there are only so many. Whoever comes when there is no
room is told how things stand at once, and when to come back: the same protocol, slower.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from threading import BoundedSemaphore, Event
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIEnvironment

from ..caller import Caller
from ..errors import Error, Forbidden, InvalidParams, NotFound, Unauthenticated, Unavailable
from ..rpc.hub import Hub
from ..rpc.subscription import Subscription
from ..update import RUN, Update, read_seen, write_seen
from .reply import UNAUTHORIZED, send_error

HEARTBEAT_S = 15.0
"""So often something is sent: proxies close what is silent, and only a write tells that the client has left."""

RETRY_MS, BUSY_MS = 2000, 5000
"""When to come back after a stream has ended, and after one that was not kept open, in milliseconds."""

AT_ONCE_S = 5.0
"""How long to wait for how things stand, where a stream is not kept open."""

ENDLESS = 1000
"""Streams at once where they hold no thread, or a thread of their own."""

OWN_SERVER = "hotplate"
"""The server of ours that has a thread for each connection calls itself so (PEP 3333: SERVER_SOFTWARE)."""

HEADERS = [
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-store"),
    ("X-Accel-Buffering", "no"),
    ("X-Content-Type-Options", "nosniff"),
]


class Streams:
    """The page `/updates`. most: how many streams are kept open, unless the server has a thread for each."""

    def __init__(self, most: int) -> None:
        self._room = BoundedSemaphore(most) if most else None
        self._much_room = BoundedSemaphore(ENDLESS)

    def serve(
        self, environ: WSGIEnvironment, start_response: StartResponse, hub: Hub, caller: Caller
    ) -> Iterable[bytes]:
        """The stream of the topics that the query names."""
        bell = Event()
        subscription = hub.subscribe(caller, bell.set)
        try:
            topics, after = asked(environ)
            subscription.add(topics, after)
        except Unavailable:  # any other status would make a browser give up for good
            start_response("200 OK", HEADERS)
            return [b"retry: %d\n\n" % BUSY_MS]
        except Error as error:
            return send_error(start_response, status_of(error), error)
        room = self._much_room if _is_roomy(environ) else self._room
        start_response("200 OK", HEADERS)
        if environ["REQUEST_METHOD"] == "HEAD":
            subscription.close()
            return []
        if room is None or not environ.get("wsgi.multithread") or not room.acquire(blocking=False):
            return Stream(subscription, bell, after, None)
        return Stream(subscription, bell, after, room)


class Stream:
    """What is sent of a subscription, until the client leaves.

    room: given back at the end; None for a stream that ends when it has told how things stand.
    """

    def __init__(
        self, subscription: Subscription, bell: Event, after: dict[str, int], room: BoundedSemaphore | None
    ) -> None:
        self._subscription, self._bell, self._room = subscription, bell, room
        self._seen = {topic: after.get(topic, 0) for topic in subscription.topics if topic.startswith(RUN)}
        self._is_open = True
        self._said = self._say()

    def __iter__(self) -> Iterator[bytes]:
        return self._said

    def close(self) -> None:
        """Called by the server, also if the client has left (PEP 3333)."""
        if self._is_open:
            self._is_open = False
            self._subscription.close()
            if self._room is not None:
                self._room.release()

    def _say(self) -> Iterator[bytes]:
        yield b"retry: %d\n\n" % (BUSY_MS if self._room is None else RETRY_MS)
        while self._is_open:
            rang = self._bell.wait(AT_ONCE_S if self._room is None else HEARTBEAT_S)
            self._bell.clear()
            updates = self._subscription.take()
            if updates:
                yield events(updates, self._seen)
            elif not rang:
                yield b": still here\n\n"
            if self._subscription.lost is not None:
                yield b": %b\n\n" % self._subscription.lost.encode()
                return
            if self._room is None and (self._subscription.is_current or not rang):
                return


def asked(environ: WSGIEnvironment) -> tuple[list[str], dict[str, int]]:
    """The topics that are asked for, and the seq seen last of each. Raises `InvalidParams`."""
    query = parse_qs(environ.get("QUERY_STRING", ""))
    topics = [topic for value in query.get("topics", ()) for topic in value.split(",") if topic]
    if not topics:
        raise InvalidParams(data="name the topics in the query: ?topics=runs or ?topics=run/<id>,workers")
    try:
        return topics, read_seen(environ.get("HTTP_LAST_EVENT_ID") or query.get("after", [""])[0])
    except ValueError:
        raise InvalidParams(data="Last-Event-ID or parameter 'after': as the id of an event, run/<id>=17") from None


def events(updates: Iterable[Update], seen: dict[str, int]) -> bytes:
    """Updates as events. The last of each run topic gets an id, which says what was seen of all of them."""
    pieces = list[bytes]()
    for update in updates:
        if update.topic.startswith(RUN):
            seen[update.topic] = max(seen.get(update.topic, 0), update.seq)
            pieces.append(b"id: %b\n" % write_seen(seen).encode())
        pieces.append(update.event)
    return b"".join(pieces)


def status_of(error: Error) -> str:
    """The HTTP status with which a wrong question is answered."""
    return _STATUS.get(type(error), "400 Bad Request")


_STATUS = {NotFound: "404 Not Found", Unauthenticated: UNAUTHORIZED, Forbidden: "403 Forbidden"}


def _is_roomy(environ: WSGIEnvironment) -> bool:
    """Whether the server has a thread for each connection, or none for any (gevent)."""
    if environ.get("SERVER_SOFTWARE", "").startswith(("Werkzeug/", OWN_SERVER)):
        return True
    monkey = sys.modules.get("gevent.monkey")
    return bool(monkey and monkey.is_module_patched("threading"))
