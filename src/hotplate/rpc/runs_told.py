"""The topics of single runs: what has happened, gapless, and how the run stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from ..caller import Caller
from ..run import History, Run
from ..update import RUN, Update
from .start import Starting
from .subscription import Subscription
from .wire import event_to_wire, to_wire

AT_ONCE = 200
"""So many runs are read at once."""

EVENTS = 500
"""So many events of a run are read at once."""

_encode = msgspec.json.Encoder().encode

Facts = tuple[Any, ...]


class RunTopics:
    """`run/<id>`, for all runs that somebody follows: each is read once for all who have seen as much of it."""

    def __init__(self, starting: Starting, prefix: str) -> None:
        self._starting, self._engine, self._prefix = starting, starting.engine, prefix
        self._followers: dict[str, set[Subscription]] = {}
        self._ended: set[str] = set()

    def join(self, topic: str, subscription: Subscription) -> None:
        self._followers.setdefault(topic, set()).add(subscription)

    def part(self, topic: str, subscription: Subscription) -> None:
        followers = self._followers.get(topic, set())
        followers.discard(subscription)
        if not followers:
            self._followers.pop(topic, None)
            self._ended.discard(topic)

    def among(self, ids: Collection[str]) -> set[str]:
        """The topics somebody follows of these runs."""
        return {RUN + id_ for id_ in ids} & self._followers.keys() if self._followers else set()

    def going_on(self) -> set[str]:
        """The topics of runs of which something may come."""
        return self._followers.keys() - self._ended

    def tell(self, topics: Collection[str], lock: AbstractContextManager[Any], woken: list[Subscription]) -> list[str]:
        """Read what is new and tell it; the topics of which there is more to tell at once.

        woken: who is to be woken.
        """
        wanted: dict[tuple[str, int], list[Subscription]] = {}
        with lock:
            for topic in topics:
                for follower in self._followers.get(topic, ()):
                    at = follower.wants(topic)
                    if at is not None:
                        wanted.setdefault((topic.removeprefix(RUN), at), []).append(follower)
        more, seen = list[str](), list(wanted)
        links = self._links(wanted.values())
        for first in range(0, len(seen), AT_ONCE):
            some = seen[first : first + AT_ONCE]
            histories = self._engine().ledger.histories(some, EVENTS)
            for (run_id, at), history in zip(some, histories, strict=True):
                topic, followers = RUN + run_id, wanted[run_id, at]
                if history is None:
                    self._ended.add(topic)
                    woken += self._tell_gone(topic, at, followers)
                    continue
                shut_out = [one for one in followers if not self._may_read(history.run, one.caller, links)]
                if shut_out:
                    woken += self._tell_gone(topic, at, shut_out)
                    self._part_all(topic, shut_out, lock)
                    followers = [one for one in followers if one not in shut_out]
                woken += self._tell(topic, at, history, followers)
                if history.seq < history.run.seq:
                    more.append(topic)
                elif history.run.is_final:
                    self._ended.add(topic)
        return more

    def _links(self, groups: Iterable[Sequence[Subscription]]) -> Mapping[str, str]:
        """The links that followers have opened, and that still lead somewhere: the runs by the hashes of the tokens."""
        hashes = {link for followers in groups for follower in followers for link in follower.caller.shares}
        return self._engine().shares.find(hashes) if hashes else {}

    def _may_read(self, run: Run, caller: Caller, links: Mapping[str, str]) -> bool:
        return self._starting.is_theirs(run, caller) or any(links.get(link) == run.id for link in caller.shares)

    def _part_all(self, topic: str, followers: Sequence[Subscription], lock: AbstractContextManager[Any]) -> None:
        with lock:
            for follower in followers:
                self.part(topic, follower)
                follower.leave([topic])

    def _tell(self, topic: str, at: int, history: History, followers: Sequence[Subscription]) -> list[Subscription]:
        run, is_whole = history.run, history.seq == history.run.seq
        facts = (run.state, run.attempt, run.stop_requested, run.waiting_for)
        events = [Update(topic, event.seq, event.type, _encode(event_to_wire(event))) for event in history.events]
        size = sum(len(event.data) for event in events)
        progress = {}
        if is_whole and run.progress is not None and run.seq > at:  # whatever came after it: it may be new
            progress = {"progress": Update(topic, run.seq, "progress", _encode(run.progress))}
        # who has seen a run that has ended, with its own seq, has seen all of it
        is_over = is_whole and run.is_final and at < run.seq
        state = {"run": self._state(topic, history.seq, run)} if is_whole else {}
        begun, woken = list[Update](), list[Subscription]()
        for follower in followers:
            known = follower.known(topic)
            if known is None:
                begun = begun or [self._state(topic, at, run), *events]
                said, stands, known = begun, state if is_over else {}, facts
            elif is_over or is_whole and known != facts:
                said, stands, known = events, state, facts
            else:
                said, stands = events, progress
            if follower.tell(topic, said, stands, size=size, at=history.seq, facts=known, is_current=is_whole):
                woken.append(follower)
        return woken

    def _state(self, topic: str, seq: int, run: Run) -> Update:
        return Update(topic, seq, "run", _encode(to_wire(run, self._prefix)))

    def _tell_gone(self, topic: str, at: int, followers: Sequence[Subscription]) -> list[Subscription]:
        gone = {"run": Update(topic, at, "gone", b"null")}
        return [follower for follower in followers if follower.tell(topic, [], gone, at=at, facts="gone")]
