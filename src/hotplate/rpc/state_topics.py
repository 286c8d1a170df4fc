"""State topics: how things stand, then each that changes. Nothing is resumed: who comes back begins anew."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from typing import Any

import msgspec
from msgspec.structs import replace

from ..caller import OPEN, Caller
from ..engine import Engine
from ..filter import Filter
from ..firing import TOPIC
from ..update import Update
from .schedule import ScheduleMethods
from .start import Starting
from .subscription import Subscription
from .wire import listed, node_to_wire

_encode = msgspec.json.Encoder().encode

State = Mapping[str, tuple[int, bytes]]
"""The objects by name, each with its version and as JSON."""


class StateTopic(ABC):
    """One of them: read once for all who may see the same.

    name: the topic, and the type of an update with all objects. one: the type of an update with one of them, which are
    told apart by the field `key`. pause_s: how long to wait at least between two looks, in seconds.
    """

    name: str
    one: str
    key: str = "id"
    pause_s: float

    def __init__(self) -> None:
        self._followers: dict[Subscription, str | None] = {}
        self._before: dict[str | None, State] = {}
        self._behind: set[Subscription] = set()
        self._next_at = 0.0
        self._is_new = False

    @abstractmethod
    def read(self, audience: str | None) -> State:
        """How it stands for those who are told the same."""

    def audience(self, caller: Caller) -> str | None:
        """With whom the caller shares what they may see."""
        return None

    def concerns(self, ids: Collection[str]) -> bool:
        """Whether what rings may have changed something here."""
        return False

    def join(self, topic: str, subscription: Subscription) -> None:
        self._followers[subscription] = self.audience(subscription.caller)
        self._behind.add(subscription)
        self._is_new = True

    def part(self, topic: str, subscription: Subscription) -> None:
        self._followers.pop(subscription, None)
        self._behind.discard(subscription)

    @property
    def is_followed(self) -> bool:
        return bool(self._followers)

    def tell(self, lock: AbstractContextManager[Any], woken: list[Subscription]) -> float:
        """Look, and tell what is new; after how many seconds to do it again if it is too soon now, else 0.

        woken: who is to be woken.
        """
        now = time.monotonic()
        with lock:
            followers, behind = dict(self._followers), set(self._behind)
            is_new, self._is_new = self._is_new, False
        if not followers:
            self._before.clear()
            return 0.0
        if now < self._next_at and not is_new:
            return self._next_at - now
        self._next_at = now + self.pause_s
        audiences = set(followers.values())
        self._before = {audience: state for audience, state in self._before.items() if audience in audiences}
        for audience in audiences:
            after = self.read(audience)
            changes = self._changes(self._before.get(audience, {}), after)
            self._before[audience] = after
            for follower, of in followers.items():
                if of != audience:
                    continue
                if follower.wants(self.name) is None:
                    with lock:
                        self._behind.add(follower)
                elif follower in behind:
                    with lock:
                        self._behind.discard(follower)
                    if follower.tell(self.name, [], {"": self._all(after)}):
                        woken.append(follower)
                elif follower.tell(self.name, [], changes):
                    woken.append(follower)
        return 0.0

    def _all(self, state: State) -> Update:
        return Update(self.name, 0, self.name, b"[%b]" % b",".join(data for _, data in state.values()))

    def _changes(self, before: State, after: State) -> dict[str, Update]:
        changes = {
            key: Update(self.name, version, self.one, data)
            for key, (version, data) in reversed(list(after.items()))
            if before.get(key) != (version, data)
        }
        for key in before.keys() - after.keys():
            changes[key] = Update(self.name, before[key][0], "gone", _encode({self.key: key}))
        return changes


class RunsTopic(StateTopic):
    """`runs`: the newest runs of the caller, of an operator those of everybody; without their results."""

    name, one, pause_s = "runs", "run", 0.25

    def __init__(self, engine: Callable[[], Engine], prefix: str) -> None:
        super().__init__()
        self._engine, self._prefix = engine, prefix

    def audience(self, caller: Caller) -> str | None:
        return None if caller.operator else caller.id

    def concerns(self, ids: Collection[str]) -> bool:
        return self.is_followed and any("/" not in id_ for id_ in ids)

    def read(self, audience: str | None) -> State:
        runs, _ = self._engine().ledger.page(Filter(caller=audience))
        return {run.id: (run.seq, _encode(replace(listed(run, self._prefix), result=None))) for run in runs}

    def _changes(self, before: State, after: State) -> dict[str, Update]:
        # one that is no longer among the newest is still there
        return {key: update for key, update in super()._changes(before, after).items() if update.type != "gone"}


class NodesTopic(StateTopic):
    """`workers`: the nodes that are alive."""

    name, one, pause_s = "workers", "worker", 1.0

    def __init__(self, engine: Callable[[], Engine]) -> None:
        super().__init__()
        self._engine = engine

    def read(self, audience: str | None) -> State:
        nodes = self._engine().ledger.nodes()
        return {node.id: (int(node.seen_at * 1000), _encode(node_to_wire(node))) for node in nodes}


class SchedulesTopic(StateTopic):
    """`schedules`: those of the application."""

    name, one, key, pause_s = TOPIC, "schedule", "name", 0.25

    def __init__(self, starting: Starting, prefix: str) -> None:
        super().__init__()
        self._methods = ScheduleMethods(starting, prefix)

    def concerns(self, ids: Collection[str]) -> bool:
        return TOPIC in ids

    def read(self, audience: str | None) -> State:
        return {found.name: (found.version, _encode(found)) for found in self._methods.list(OPEN)}
