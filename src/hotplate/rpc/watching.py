"""Live functions looked at again and again while somebody follows them: by one process per machine or cluster."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from threading import Event, Lock, Thread
from typing import Any

import msgspec

from ..engine import Engine
from ..errors import Error, InternalError, Unavailable, log_failure, printable
from ..live import LONGEST_LEASE_S, PREFIX, Live
from ..run import ErrorInfo, new_id

LEASE_S = 4.0
"""Whoever looks at a live function and is heard of no more is replaced after so many seconds, and three times as many
as a look takes: so that nobody else begins meanwhile."""

FIRST_LOOK_S = 2.0
"""So long the first look is thought to take, in seconds."""

LOOK_S = 1.0
"""How often it is tried to have the lease, in seconds, while another has it."""

log = logging.getLogger("hotplate")

_encode = msgspec.json.Encoder().encode


class Watching:
    """Looks at the live functions of this process that are wanted, each in a thread of its own.

    within: the context that an application's code needs. watcher: the id of one that has died, whose leases are taken.
    """

    def __init__(
        self,
        engine: Callable[[], Engine],
        lives: Mapping[str, Live[Any]],
        within: Callable[[], AbstractContextManager[Any]],
        watcher: str | None = None,
    ) -> None:
        self._engine, self._lives, self._within = engine, lives, within
        self._id = watcher or new_id()
        self._lock = Lock()
        self._ends: dict[str, Event] = {}
        self._said: dict[str, tuple[str, str]] = {}
        self._threads: list[Thread] = []

    def begin(self, name: str) -> None:
        """Look at a live function from now on, unless that is done or it has none."""
        live = self._lives[name]
        with self._lock:
            if live.every is None or name in self._ends:
                return
            end = self._ends[name] = Event()
            self._threads = [thread for thread in self._threads if thread.is_alive()]
            thread = Thread(target=self._watch, args=(name, live, end), name=f"hotplate-live-{name}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def end(self, name: str) -> None:
        """Look at it no more."""
        with self._lock:
            end = self._ends.pop(name, None)
        if end is not None:
            end.set()

    def close(self) -> None:
        """Look at nothing any more, and let others do so: waits for looks that are going on, but not for long."""
        for name in list(self._ends):
            self.end(name)
        deadline = time.monotonic() + LOOK_S
        for thread in self._threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _watch(self, name: str, live: Live[Any], end: Event) -> None:
        values, held_until = self._engine().values, 0.0
        took = FIRST_LOOK_S
        while not end.is_set():
            begun = time.monotonic()
            pause = LOOK_S
            try:
                if begun < held_until or values.lease(name, self._id, min(LEASE_S + 3 * took, LONGEST_LEASE_S)):
                    held_until = held_until if begun < held_until else begun + LEASE_S / 3
                    data, error = self._look(name, live)
                    took = time.monotonic() - begun
                    if values.put(name, data, error, self._id):
                        self._engine().feed.ring([PREFIX + name])
                    pause = max((live.every or LOOK_S) - (time.monotonic() - begun), 0.0)
            except Exception as error:
                held_until = 0.0
                if not isinstance(error, Unavailable):
                    log.exception("live value %r could not be looked at; it is tried again", name)
            end.wait(pause)
        with suppress(Unavailable):
            values.release(self._id, [name])

    def _look(self, name: str, live: Live[Any]) -> tuple[bytes | None, bytes | None]:
        """The value, or the error, as JSON."""
        try:
            with self._within():
                data = live.encode(live.fn())
        except Exception as raised:
            return None, _encode(ErrorInfo.of(self._said_of(name, _writable(raised))))
        self._said.pop(name, None)
        return data, None

    def _said_of(self, name: str, raised: Exception) -> Error:
        """The error that subscribers see. The log is told once, until there is a value again or another error."""
        is_answer = isinstance(raised, Error)
        text = str(raised) if is_answer else repr(raised)
        error_id, said = self._said.get(name, ("", None))
        if text != said:
            if is_answer:
                log.warning("live value %r raised %s: %s", name, type(raised).__name__, printable(text))
            error_id = "" if is_answer else log_failure(f"live value {name!r}", raised)
            self._said[name] = error_id, text
        return raised if isinstance(raised, Error) else InternalError(data={"error_id": error_id})


def _writable(raised: Exception) -> Exception:
    """What was raised, unless it is an answer whose data is no JSON: then what says so."""
    if isinstance(raised, Error):
        try:
            _encode(ErrorInfo.of(raised))
        except Exception as unusable:
            return unusable
    return raised
