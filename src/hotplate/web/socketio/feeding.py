"""What Socket.IO clients are to be told, put into the queues of their connections as fast as each of them takes it.

Engine.IO keeps a queue for each connection, without a limit. So nobody is given more than there is room for here: what
is left waits in a subscription, which is bounded and keeps the latest.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any, Protocol

from msgspec import Raw, Struct, json

from ...errors import Unavailable
from ...rpc.hub import CLOSING, SLOW_S, TOO_SLOW
from ...rpc.subscription import Subscription
from ...update import Update

ROOM, ROOM_POLLING = 256, 8
"""So many packets may be in the queue of a connection. Python's client refuses more than 16 in the answer to a poll."""

AGAIN_S = 1.0
"""When it is tried again to follow a live value, in seconds."""

log = logging.getLogger("hotplate")


class Connection(Protocol):
    """A connection of Engine.IO. upgraded: whether it is a WebSocket."""

    closed: bool
    upgraded: bool
    queue: Any


class Fed(Protocol):
    """Who is to be told something."""

    def feed(self) -> bool:
        """Tell what there is room for; whether it is to be tried again in a moment."""


class Turns(Protocol):
    """How turns are taken where a server runs: in a thread, in a greenlet, on an event loop."""

    def begin(self, turn: Callable[[], bool]) -> None:
        """From now on `turn` is called when it is asked for, and again in a moment where it says so."""

    def ask(self) -> None:
        """Ask for a turn, in any thread."""

    def start(self, work: Callable[[], None]) -> None:
        """Do what may block, elsewhere."""


class Feeding:
    """All who are told something by one server. close: closes all of its connections, when it ends."""

    def __init__(self, turns: Turns, close: Callable[[], None]) -> None:
        self.turns, self._close = turns, close
        self._rung: deque[Fed] = deque()
        self._behind: list[Fed] = []
        self._is_asked, self._is_ending = False, False
        turns.begin(self._turn)

    def ring(self, one: Fed) -> None:
        """There is something to tell them, or they can be told again; in any thread."""
        self._rung.append(one)
        self._ask()

    def end(self) -> None:
        """Tell what is left, and close all connections."""
        self._is_ending = True
        self._ask()

    def _ask(self) -> None:
        if not self._is_asked:
            self._is_asked = True
            self.turns.ask()

    def _turn(self) -> bool:
        """Whether there is to be another one in a moment."""
        self._is_asked = False  # before anything is taken: who rings later asks again
        fed, self._behind = dict.fromkeys(self._behind), []
        while self._rung:
            fed[self._rung.popleft()] = None
        for one in fed:
            try:
                if one.feed():
                    self._behind.append(one)
            except Exception:
                log.exception("a Socket.IO client could not be told what is new")
        if self._is_ending:
            self._is_ending = False
            self._close()
        return bool(self._behind)


class Follower:
    """A client that follows topics. packets: an update as packets; lost: a reason as packets; end: disconnects it."""

    def __init__(
        self,
        connection: Connection,
        packets: Callable[[Update], Sequence[Any]],
        lost: Callable[[str], Sequence[Any]],
        end: Callable[[], None],
    ) -> None:
        self.subscription: Subscription
        self._connection, self._packets, self._lost, self._end = connection, packets, lost, end
        self._left: list[Any] = []
        self._full_since = 0.0
        self._is_over = False

    def feed(self) -> bool:
        if self._is_over or self._connection.closed:
            return False
        room, subscription = room_of(self._connection), self.subscription
        if room <= 0:
            self._look_at_the_time()
        elif self._full_since:
            self._full_since = 0.0
        if self._left and room > 0:
            room = self._put(self._left, room)
        if room > 0:
            packets = [packet for update in subscription.take() for packet in update.encoded(self._packets)]
            room = self._put(packets, room)
        if subscription.lost is not None and (not self._left or subscription.lost == TOO_SLOW):
            self._say_goodbye(subscription.lost)
            return False
        return room <= 0

    def _put(self, packets: list[Any], room: int) -> int:
        """Put those that there is room for, and keep the others; how much room there is after all of them."""
        put = self._connection.queue.put_nowait
        for packet in packets[:room]:
            put(packet)
        self._left = packets[room:]
        return room - len(packets)

    def _look_at_the_time(self) -> None:
        now = time.monotonic()
        self._full_since = self._full_since or now
        if now - self._full_since > SLOW_S:
            self.subscription.lost = self.subscription.lost or TOO_SLOW

    def _say_goodbye(self, why: str) -> None:
        self._is_over = True
        self.subscription.close()
        for packet in self._lost(why):
            self._connection.queue.put_nowait(packet)
        if why != CLOSING:  # whose connection ends by itself comes back by itself
            self._end()


class Audience:
    """The clients that the values of one live value are emitted to. The latest value is what each of them is owed.

    packets: a value, as JSON, as packets. subscribe: follows the topic; may block. is_connected: whether a client has
    been let in.
    """

    def __init__(
        self,
        feeding: Feeding,
        packets: Callable[[bytes], Sequence[Any]],
        subscribe: Callable[[Callable[[], None]], Subscription],
        is_connected: Callable[[str], bool],
    ) -> None:
        self._feeding, self._packets = feeding, packets
        self._subscribe, self._is_connected = subscribe, is_connected
        self._lock = Lock()
        self._coming: dict[str, Connection] = {}
        self._members: dict[str, Connection] = {}
        self._owed: dict[str, Connection] = {}
        self._subscription: Subscription | None = None
        self._is_beginning, self._begin_at = False, 0.0
        self._value: bytes | None = None
        self._latest: Sequence[Any] = ()

    def enter(self, sid: str, connection: Connection) -> None:
        """A client comes, who may yet be refused."""
        with self._lock:
            self._coming[sid] = connection
        self._feeding.ring(self)

    def leave(self, sid: str) -> None:
        """A client is gone, or is none of these any more."""
        with self._lock:
            for some in (self._coming, self._members, self._owed):
                some.pop(sid, None)
        if not (self._members or self._coming):
            self._feeding.ring(self)

    def feed(self) -> bool:
        self._let_in()
        if not (self._members or self._coming):
            self._stop()
            return False
        if self._subscription is None:
            if not self._is_beginning and time.monotonic() >= self._begin_at:
                self._is_beginning = True
                self._feeding.turns.start(self._begin)
            return bool(self._coming) or not self._is_beginning
        is_new = self._look(self._subscription)
        with self._lock:
            if is_new:
                self._owed = self._members.copy()
            owed = list(self._owed.items()) if self._latest else []
        for sid, connection in owed:
            if room_of(connection) > 0:
                for packet in self._latest:
                    connection.queue.put_nowait(packet)
                self._owed.pop(sid, None)
        return bool(self._coming or (self._owed and self._latest))

    def _let_in(self) -> None:
        with self._lock:
            for sid, connection in list(self._coming.items()):
                if connection.closed:  # nobody says so where a handler of the application has failed
                    del self._coming[sid]
                elif self._is_connected(sid):
                    self._owed[sid] = self._members[sid] = self._coming.pop(sid)

    def _look(self, subscription: Subscription) -> bool:
        """Whether there is another value."""
        is_new = False
        for update in subscription.take():
            pushed = _read(update.data)
            if bytes(pushed.at) != b"null" and bytes(pushed.value) != self._value:
                self._value, is_new = bytes(pushed.value), True
        if is_new and self._value is not None:
            self._latest = self._packets(self._value)
        return is_new

    def _begin(self) -> None:
        try:
            self._subscription = self._subscribe(lambda: self._feeding.ring(self))
        except Exception as error:
            if not isinstance(error, Unavailable):
                log.exception("a live value cannot be emitted; it is tried again")
            self._begin_at = time.monotonic() + AGAIN_S
        self._is_beginning = False
        self._feeding.ring(self)

    def _stop(self) -> None:
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            subscription.close()
        self._value, self._latest = None, ()


class _Pushed(Struct):
    value: Raw
    at: Raw


_read = json.Decoder(_Pushed).decode


def room_of(connection: Connection) -> int:
    """How many packets there is room for."""
    size: int = connection.queue.qsize()
    return (ROOM if connection.upgraded else ROOM_POLLING) - size
