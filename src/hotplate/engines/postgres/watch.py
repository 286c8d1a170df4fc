"""Which nodes are dead. One process of all looks: the *sweeper*, who holds an advisory lock.

A node raises a counter every few seconds. It is dead if the sweeper has seen that counter stand still for a whole lease
by the sweeper's own monotonic clock, begun anew whenever the database was away: neither an outage nor a clock that was
put forward ends anybody. A node that has ended on this very machine is known to be dead at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

import psycopg

from .database import Database, connect

_LOCK = 4_770_102
_FREE = f"select not exists (select from pg_locks where locktype = 'advisory' and classid = 0 and objid = {_LOCK})"


class Watch:
    """Watches the nodes for one process. `is_dead` tells of a node that has ended on this machine."""

    def __init__(self, database: Database, is_dead: Callable[[str], bool], lease: float) -> None:
        self._db, self._is_dead, self._lease = database, is_dead, lease
        self._seen: dict[str, tuple[int, float]] = {}
        self._losses = database.losses
        self._lock: psycopg.Connection | None = None

    def look(self) -> tuple[list[str], bool]:
        """The nodes that are dead, as far as this process can tell; and whether it is the sweeper."""
        is_sweeper = self._lead()
        beats = self._db.read("select id, beat from hotplate.nodes")
        dead = [node for node, _ in beats if self._is_dead(node)]
        if is_sweeper:
            dead += [node for node in self._standing_still(dict(beats)) if node not in dead]
        else:
            self._seen.clear()
        return dead, is_sweeper

    def close(self) -> None:
        if self._lock is not None:
            with suppress(psycopg.Error):
                self._lock.close()
            self._lock = None

    def _standing_still(self, beats: dict[str, int]) -> list[str]:
        now = time.monotonic()
        if self._losses != self._db.losses:
            self._losses = self._db.losses
            self._seen.clear()
        self._seen = {
            node: self._seen[node] if node in self._seen and self._seen[node][0] == beat else (beat, now)
            for node, beat in beats.items()
        }
        return [node for node, (_, since) in self._seen.items() if now - since > self._lease]

    def _lead(self) -> bool:
        """Whether this process is the sweeper, now or from now on."""
        try:
            if self._lock is not None:
                self._lock.execute("select 1")
                return True
            if self._db.read(_FREE) != [(True,)]:
                return False
            self._lock = connect(self._db.url, "hotplate sweeper")
            if self._lock.execute("select pg_try_advisory_lock(%s)", (_LOCK,)).fetchone() == (True,):
                self._seen.clear()
                return True
        except psycopg.Error:
            self._seen.clear()
        self.close()
        return False
