"""`engine.Queue` on Celery's broker: messages that say that a queue has work.

Whoever starts a run never waits for the broker: a thread speaks to it. Nothing depends on a message: nodes look by
themselves as well, and where the broker is away the database tells them (NOTIFY).
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Collection
from typing import Any, Protocol
from urllib.parse import urlsplit

from ..pauses import pause_after

RETRY_S = 1.0
LEAVE_S = 2.0
LOOK_EVERY = 500

log = logging.getLogger("hotplate")


class Beside(Protocol):
    """Another way to tell nodes."""

    def work(self) -> None:
        """Tell all nodes to look."""


def prefix_of(app_name: str, database_url: str) -> str:
    """How the names of the broker's queues of an application begin.

    Many applications are called `app`: the name of the database, too, keeps those on one broker apart.
    """
    return f"hotplate.{app_name}.{urlsplit(database_url).path.strip('/')}."


class CeleryQueue:
    """Wakes one node that has room, of those that serve the queue.

    open_celery: gives the Celery application; called in the thread that speaks, when there is first something to say.
    prefix: see `prefix_of`. beside: tells nodes while the broker is away.
    """

    def __init__(self, open_celery: Callable[[], Any], prefix: str, beside: Beside | None = None) -> None:
        self._open_celery, self._prefix, self._beside = open_celery, prefix, beside
        self._thread: threading.Thread | None = None
        self._reset()

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._thread = None
        self._wanted: dict[str, int] = {}
        self._alarm = threading.Event()
        self._is_closed = False
        self._is_away = False

    def wake(self, queues: Collection[str]) -> None:
        if self._pid != os.getpid():
            self._reset()
        with self._lock:
            for queue in queues:
                self._wanted[queue] = self._wanted.get(queue, 0) + 1
            if self._thread is None and not self._is_closed:
                self._thread = threading.Thread(target=self._serve, name="hotplate-queue", daemon=True)
                self._thread.start()
        self._alarm.set()

    def stop(self) -> None:
        if self._beside is not None:
            self._beside.work()

    def close(self) -> None:
        """Say what is still to be said, and end; what the broker is not there for, the database is told."""
        self._is_closed = True
        self._alarm.set()
        if self._thread is not None and self._pid == os.getpid():
            self._thread.join(LEAVE_S)

    def _serve(self) -> None:
        while not self._is_closed:
            try:
                # no heartbeats, which nobody would send while there is nothing to say
                with self._open_celery().connection_for_write(heartbeat=0) as connection:
                    self._speak(connection)
            except Exception as error:  # whatever a transport raises for a broker that is away
                if self._is_closed:  # or what an import raises at the end of a process
                    self.stop()
                    return
                self._say_away(error)
                self._alarm.clear()
                self._take()
                self.stop()
                self._alarm.wait(RETRY_S)
        if self._take():
            self.stop()

    def _speak(self, connection: Any) -> None:
        from .app import Wakes  # noqa: PLC0415 - Celery is loaded when there is first something to say

        wakes, sent = Wakes(self._prefix), 0
        connection.connect()  # raises at once, and does not try for ever as it would when it is first used
        producer = connection.Producer(serializer="json")
        while True:
            self._alarm.wait()
            self._alarm.clear()
            is_last = self._is_closed
            wanted = self._take()
            began = time.monotonic()
            for name in wanted:
                queue = wakes.queue(name)
                producer.publish({}, exchange="", routing_key=queue.name, declare=[queue], delivery_mode=1)
                sent += 1
                if sent % LOOK_EVERY == 0:
                    _thin_out(connection, producer.channel, queue)
            if self._is_away:
                self._is_away = False
                log.warning("the broker can be reached again")
            if is_last:
                return
            time.sleep(pause_after(sum(wanted.values()), time.monotonic() - began))

    def _take(self) -> dict[str, int]:
        with self._lock:
            wanted, self._wanted = self._wanted, {}
        return wanted

    def _say_away(self, error: Exception) -> None:
        if not self._is_away:
            self._is_away = True
            log.warning("the broker cannot be reached (%s); runs wait in the database, workers look for them", error)


def _thin_out(connection: Any, channel: Any, queue: Any) -> None:
    """Throw away what nobody has fetched; brokers other than RabbitMQ keep no limits of their own."""
    try:
        is_long = channel.queue_declare(queue=queue.name, passive=True).message_count > queue.max_length
    except connection.channel_errors:  # an empty queue is none to Redis
        return
    if is_long:
        channel.queue_purge(queue.name)
