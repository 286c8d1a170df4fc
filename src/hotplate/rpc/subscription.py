"""What one subscriber is still to be told."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import Protocol

from ..caller import Caller
from ..update import RUN, Update

MOST_UPDATES, MOST_BYTES = 512, 1 << 20
"""What is kept ready for a subscriber; what is more stays in the record until this was taken."""


class Source(Protocol):
    """Where a subscription comes from."""

    def join(self, subscription: Subscription, topics: Collection[str], after: Mapping[str, int]) -> None:
        """Tell it what is on these topics, from now on."""

    def part(self, subscription: Subscription, topics: Collection[str]) -> None:
        """Tell it nothing more of these."""

    def again(self, topics: Collection[str]) -> None:
        """Somebody who had no room for more of these has room again."""


class Subscription:
    """What one subscriber is still to be told of the topics that they follow.

    What happened to a run is kept in order, as much as there is room for; where there is none it is read from the
    record later. Of all else the latest is kept. So nothing is lost however slow a subscriber is, and little is kept.

    wake: called, in any thread, when there is something to `take` again; it must not block.
    lost: why there will be no more, once that is so.
    """

    def __init__(self, source: Source, caller: Caller, wake: Callable[[], None]) -> None:
        self.caller = caller
        self.lost: str | None = None
        self._source, self.wake = source, wake
        self._lock = Lock()
        self._at: dict[str, int] = {}
        self._facts: dict[str, object] = {}
        self._awaited: set[str] = set()
        self._events: list[Update] = []
        self._size = 0
        self._latest: dict[tuple[str, str], Update] = {}
        self._missed: set[str] = set()
        self._full_since = float("inf")
        self._is_told = False

    @property
    def topics(self) -> list[str]:
        """The topics it follows."""
        return list(self._at)

    @property
    def is_current(self) -> bool:
        """Whether it was told how each topic stands at least once, with all that had happened before."""
        return not self._awaited

    def add(self, topics: Collection[str], after: Mapping[str, int] | None = None) -> None:
        """Follow more topics: those of runs from the seq seen last on (`after`), or from their beginning.

        Raises `NotFound` if there is no such topic for this caller, and `InvalidParams`; then none is added.
        """
        self._source.join(self, topics, after or {})

    def remove(self, topics: Collection[str]) -> None:
        """Follow these no more."""
        self._source.part(self, topics)

    def take(self) -> list[Update]:
        """All that is to be told now, in order."""
        with self._lock:
            updates = [*self._events, *self._latest.values()]
            self._events, self._latest, self._size, self._is_told = [], {}, 0, False
            missed, self._missed, self._full_since = self._missed, set(), float("inf")
        if missed:
            self._source.again(missed)
        if len(updates) < 2:
            return updates
        # stable: of the same seq, what has happened comes before how it stands
        return sorted(updates, key=lambda update: update.seq if update.topic.startswith(RUN) else 0)

    def close(self) -> None:
        """Follow nothing any more."""
        self._source.part(self, self.topics)

    # For the source alone

    def follow(self, after: Mapping[str, int]) -> None:
        """Begin with these topics, at a seq."""
        with self._lock:
            self._at.update(after)
            self._awaited.update(after)

    def leave(self, topics: Collection[str]) -> None:
        with self._lock:
            for topic in topics:
                self._at.pop(topic, None)
                self._facts.pop(topic, None)
                self._awaited.discard(topic)

    def wants(self, topic: str) -> int | None:
        """From which seq on it is to be told of a run; None if there is no room now."""
        if len(self._events) < MOST_UPDATES and self._size < MOST_BYTES:
            return self._at.get(topic)
        with self._lock:
            if not self._missed:
                self._full_since = time.monotonic()
            self._missed.add(topic)
            return None

    def known(self, topic: str) -> object:
        """What it was told last of how the topic stands, as `tell` was given it; None before."""
        return self._facts.get(topic)

    def tell(
        self,
        topic: str,
        events: Sequence[Update],
        latest: Mapping[str, Update],
        *,
        size: int = 0,
        at: int = 0,
        facts: object = None,
        is_current: bool = True,
    ) -> bool:
        """Tell what has happened, and how it stands: each of `latest` takes the place of the one before it.

        Whether it is to be woken: by `wake`, when all others were told, too.

        size: of the events, in bytes. at: the seq up to which that is all. facts: kept for `known`. is_current: whether
        that is all there is.
        """
        with self._lock:
            if topic not in self._at:
                return False
            self._at[topic], self._facts[topic] = at, facts
            if is_current:
                self._awaited.discard(topic)
            self._events += events
            self._size += size
            for key, update in latest.items():
                self._latest.pop((topic, key), None)
                self._latest[topic, key] = update
            is_first = not self._is_told and bool(events or latest)
            self._is_told = self._is_told or is_first
        return is_first

    def lose(self, why: str) -> None:
        """Tell it nothing any more."""
        if self.lost is None:
            self.lost = why
            self.wake()

    def is_stuck(self, seconds: float) -> bool:
        """Whether nothing was taken for so long although there was no room for more."""
        return time.monotonic() - self._full_since > seconds
