"""Feed and queue over LISTEN and NOTIFY: ids only, never within a transaction that moves a run.

A NOTIFY takes a lock that all of the cluster's NOTIFYs share until its transaction has ended, which would line up all
commits. So each process has one connection of its own for this, whose commits wait for no disk, and which says what has
gathered meanwhile: 50 times a second where there is much to say or where it takes long, since others speak too.
Nobody depends on it: whoever waits also looks by itself, and everybody looks after it was lost.
"""

from __future__ import annotations

import logging
import os
import select
import socket
import threading
import time
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, suppress

import psycopg

from ..pauses import pause_after
from ..waiters import Waiter, Waiters
from .database import connect

PER_MESSAGE = 200  # ids; a payload has at most 8,000 bytes
PATIENCE_S = 1.0
LEAVE_S = 2.0
RUNS, WORK = "hotplate_runs", "hotplate_work"

log = logging.getLogger("hotplate")


class NotifyFeed:
    """`engine.Feed`, and the way to tell nodes to look.

    on_work: called, in the feed's own thread, when there may be work or a request to stop; then it is listened for.
    """

    def __init__(self, url: str, on_work: Callable[[], None] | None = None) -> None:
        self._url, self._on_work = url, on_work
        self._waiters = Waiters()
        self._lock = threading.Lock()
        self._rung: dict[str, None] = {}
        self._work = False
        self._wanted: set[str] = set()
        self._heard: set[str] = set()
        self._is_heard = threading.Event()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._alarm, self._ear = socket.socketpair()
        self._is_closed = False
        for end in (self._alarm, self._ear):
            end.setblocking(False)
        if on_work is not None:
            self._listen_for(WORK)

    def ring(self, ids: Sequence[str]) -> None:
        if ids:
            with self._lock:
                self._rung.update(dict.fromkeys(ids))
            self._wake()

    def work(self) -> None:
        """Tell all nodes to look."""
        self._work = True
        self._wake()

    def listen(self, run_id: str) -> AbstractContextManager[Waiter]:
        return self._waiters.waiting(run_id, lambda: self._listen_for(RUNS))

    def hear(self, told: Callable[[Collection[str]], None]) -> AbstractContextManager[None]:
        return self._waiters.hearing(told, lambda: self._listen_for(RUNS))

    def close(self) -> None:
        """Say what is still to be said, if the database is there, and end."""
        self._is_closed = True
        if self._thread is not None and self._pid == os.getpid():
            self._wake()
            self._thread.join(LEAVE_S)
            if self._thread.is_alive():
                return
        self._alarm.close()
        self._ear.close()

    def _listen_for(self, channel: str) -> None:
        """Hear of the channel from now on; waits until it is so, unless the database is away."""
        if channel not in self._heard:
            self._wanted.add(channel)
            self._is_heard.clear()
            self._wake()
            if channel not in self._heard:
                self._is_heard.wait(PATIENCE_S)

    def _wake(self) -> None:
        if self._thread is None:
            with self._lock:
                self._begin()
        with suppress(OSError):  # full: it is awake
            self._alarm.send(b"!")

    def _begin(self) -> None:
        if self._thread is None and not self._is_closed:
            self._thread = threading.Thread(target=self._serve, name="hotplate-feed", daemon=True)
            self._thread.start()

    def _serve(self) -> None:
        pause, is_last = 0.05, False
        while not is_last:
            is_last = self._is_closed  # what was to be said before is said, if it can be
            try:
                with connect(self._url, "hotplate feed") as cx:
                    cx.execute("set synchronous_commit to off")
                    cx.add_notify_handler(lambda notice: self._hear(notice.channel, notice.payload))
                    self._talk(cx)
                    return
            except (psycopg.Error, OSError) as error:
                log.debug("the feed is away: %s", error)
            self._heard = set()
            if not self._is_closed:
                select.select([self._ear], [], [], 0)
                time.sleep(pause)
                pause = min(pause * 2, 2.0)

    def _talk(self, cx: psycopg.Connection) -> None:
        next_at = 0.0
        while True:
            if self._wanted - self._heard:
                self._begin_to_hear(cx)
            is_last = self._is_closed
            now = time.monotonic()
            is_waiting = bool(self._rung or self._work)
            if is_waiting and (is_last or now >= next_at):
                next_at = self._say(cx, now)
                continue
            if is_last:
                return
            patience = max(next_at - now, 0.0) if is_waiting else None
            readable, _, _ = select.select([cx.fileno(), self._ear.fileno()], [], [], patience)
            if self._ear.fileno() in readable:
                self._ear.recv(4096)
            if cx.fileno() in readable:
                cx.pgconn.consume_input()
                while notice := cx.pgconn.notifies():
                    self._hear(notice.relname.decode(), notice.extra.decode())

    def _begin_to_hear(self, cx: psycopg.Connection) -> None:
        for channel in self._wanted:
            cx.execute(f"listen {channel}".encode())
        self._heard = set(self._wanted)
        self._is_heard.set()
        self._waiters.wake_all()  # what was said before was not heard
        if self._on_work is not None:
            self._on_work()

    def _say(self, cx: psycopg.Connection, now: float) -> float:
        """Say what has gathered; when to speak again: soon where there is little to say and it is said quickly."""
        with self._lock:
            ids, self._rung = list(self._rung), {}
            work, self._work = self._work, False
        said = [(RUNS, " ".join(ids[at : at + PER_MESSAGE])) for at in range(0, len(ids), PER_MESSAGE)]
        if work:
            said.append((WORK, ""))
        cx.execute(
            b"select pg_notify(c, p) from unnest(%s::text[], %s::text[]) as n (c, p)",
            ([channel for channel, _ in said], [payload for _, payload in said]),
        )
        return now + pause_after(len(ids), time.monotonic() - now)

    def _hear(self, channel: str, payload: str) -> None:
        if channel == WORK and self._on_work is not None:
            self._on_work()
        elif channel == RUNS:
            self._waiters.wake(payload.split(" "))


class NotifyQueue:
    """`engine.Queue` without a broker: tells all nodes to look."""

    def __init__(self, feed: NotifyFeed) -> None:
        self._feed = feed

    def wake(self, queues: Collection[str]) -> None:
        self._feed.work()

    def stop(self) -> None:
        self._feed.work()

    def close(self) -> None:
        """The feed is closed by whoever opened it."""
