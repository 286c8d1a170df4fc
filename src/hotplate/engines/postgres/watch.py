"""Which nodes are dead. One of all nodes looks: the *sweeper*, named in the record; the others look after that one.

A node raises a counter every few seconds. It is dead if the sweeper has seen that counter stand still for a whole lease
by the sweeper's own monotonic clock, begun anew whenever the database was away: neither an outage nor a clock that was
put forward ends anybody. It is struck off the record only if the counter is still the one that was seen, so a sweeper
that stood still itself, and judges by what it read long ago, ends nobody either.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from typing import Protocol

from .database import Database


class Local(Protocol):
    """What is known of the nodes of this machine by other means than their beats."""

    def ended(self) -> Collection[str]:
        """Those that have ended without a goodbye."""

    def forget(self, nodes: Collection[str]) -> None:
        """These are off the record."""


class Watch:
    """Watches the nodes for one of them, `node`, once it is enlisted."""

    def __init__(self, database: Database, local: Local | None, lease: float) -> None:
        self.node = ""
        self._db, self._local, self._lease = database, local, lease
        self._seen: dict[str, tuple[int, float]] = {}
        self._losses = database.losses

    def strike(self) -> tuple[list[str], bool]:
        """Strike dead nodes off the record; which it were, and whether this node is the sweeper."""
        ended = self._local.ended() if self._local else ()
        struck = self._strike([(node, None) for node in ended])
        if self._local and ended:
            self._local.forget(ended)
        now = time.monotonic()  # before anything is read: a pause after that makes nobody older
        if not self._lead(now):
            return struck, False
        beats: dict[str, int] = dict(self._db.read("select id, beat from hotplate.nodes"))
        return struck + self._strike(self._still(beats, now)), True

    def _strike(self, dead: Collection[tuple[str, int | None]]) -> list[str]:
        if not dead:
            return []
        rows = self._db.run(
            b"delete from hotplate.nodes n using unnest(%s::text[], %s::bigint[]) as d (d_id, d_beat) "
            b"where n.id = d_id and (d_beat is null or n.beat = d_beat) returning n.id",
            ([node for node, _ in dead], [beat for _, beat in dead]),
        )
        return [node for (node,) in rows]

    def _still(self, beats: dict[str, int], now: float) -> list[tuple[str, int]]:
        """Those whose counter stands still for a lease, as far as they were watched."""
        if self._losses != self._db.losses:
            self._losses = self._db.losses
            self._seen.clear()
        self._seen = {
            node: self._seen[node] if node in self._seen and self._seen[node][0] == beat else (beat, now)
            for node, beat in beats.items()
        }
        return [(node, beat) for node, (beat, since) in self._seen.items() if now - since > self._lease]

    def _lead(self, now: float) -> bool:
        """Whether this node is the sweeper, now or from now on."""
        rows = self._db.read(
            "select value, beat from hotplate.meta m left join hotplate.nodes n on n.id = value "
            "where m.name = 'sweeper'"
        )
        sweeper, beat = rows[0] if rows else (None, None)
        if sweeper == self.node:
            return True
        if beat is not None and not self._still({sweeper: beat}, now):
            return False
        return bool(
            self._db.run(
                b"insert into hotplate.meta (name, value) values ('sweeper', %s) on conflict (name) do update "
                b"set value = excluded.value where meta.value is not distinct from %s returning name",
                (self.node, sweeper),
            )
        )
