"""The hub: everybody in this process who follows topics, told by one thread that reads the record for all of them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Mapping, Set
from contextlib import AbstractContextManager
from threading import Event, Lock, Thread
from typing import Any

from ..caller import Caller
from ..errors import EngineError, InvalidParams, NotFound, Unauthenticated, Unavailable
from ..live import PREFIX
from ..update import RUN
from .answer import SIGN_IN
from .live import LiveTopic, is_for
from .runs_told import RunTopics
from .start import Starting
from .state_topics import NodesTopic, RunsTopic, SchedulesTopic, StateTopic
from .subscription import Subscription
from .watching import Watching

MOST_TOPICS = 100
"""So many topics one subscriber may follow."""

SLOW_S = 30.0
"""Who takes nothing for so long, although there is no room for more, is told no more, in seconds."""

LOOK_S = 1.0
"""How often the record is looked at while nothing rings, in seconds."""

TOO_SLOW = f"too slow: nothing was taken for {SLOW_S:.0f} s"
CLOSING = "the server ends; come back"

Within = Callable[[], AbstractContextManager[Any]]

log = logging.getLogger("hotplate")


class Hub:
    """Tells subscribers what is new on their topics. Its thread begins with the first of them.

    prefix: the path that stands before Hotplate's addresses. within: the context that live functions need.
    """

    def __init__(self, starting: Starting, prefix: str, within: Within) -> None:
        self._starting = starting
        self._runs = RunTopics(starting, prefix)
        states: list[StateTopic] = [
            RunsTopic(starting.engine, prefix),
            NodesTopic(starting.engine),
            SchedulesTopic(starting, prefix),
        ]
        self._watching = Watching(starting.engine, starting.registry.lives, within)
        states += [LiveTopic(name, starting.engine, self._watching) for name in starting.registry.lives]
        self._states = {state.name: state for state in states}
        jobs, lives = starting.registry.jobs, starting.registry.lives
        self._is_public = "public" in {one.allow for one in jobs.values()} | {one.allow for one in lives.values()}
        self._lock = Lock()
        self._all: set[Subscription] = set()
        self._changed: set[str] = set()
        self._bell = Event()
        self._thread: Thread | None = None
        self._look_at = 0.0
        self._later: dict[str, float] = {}
        self._is_closed = False

    def subscribe(self, caller: Caller, wake: Callable[[], None]) -> Subscription:
        """A new subscriber, who follows nothing yet. `wake`: see `Subscription`."""
        subscription = Subscription(self, caller, wake)
        if self._is_closed:
            subscription.lose(CLOSING)
        return subscription

    def dismiss(self) -> None:
        """Say goodbye to all, and to those who will come."""
        self._is_closed = True
        self._bell.set()
        with self._lock:
            everybody = list(self._all)
        for subscription in everybody:
            subscription.lose(CLOSING)

    def close(self) -> None:
        """The same, and end."""
        self.dismiss()
        self._watching.close()
        if self._thread is not None:
            self._thread.join(LOOK_S)

    # subscription.Source

    def join(self, subscription: Subscription, topics: Collection[str], after: Mapping[str, int]) -> None:
        topics = list(dict.fromkeys(topics))
        if len({*subscription.topics, *topics}) > MOST_TOPICS:
            raise InvalidParams(data=f"parameter 'topics': at most {MOST_TOPICS}")
        try:
            self._starting.engine()
        except EngineError as error:
            log.error("updates cannot be pushed: %s", error)
            raise Unavailable(data="the engine's record cannot be used; the server's log says why") from error
        begun = {topic: self._admit(topic, subscription.caller, after.get(topic, 0)) for topic in topics}
        subscription.follow(begun)
        with self._lock:
            self._all.add(subscription)
            for topic in topics:
                self._state_or_runs(topic).join(topic, subscription)
            if self._thread is None and not self._is_closed:
                self._thread = Thread(target=self._serve, name="hotplate-hub", daemon=True)
                self._thread.start()
        self.again(topics)

    def part(self, subscription: Subscription, topics: Collection[str]) -> None:
        with self._lock:
            for topic in topics:
                self._state_or_runs(topic).part(topic, subscription)
            subscription.leave(topics)
            if not subscription.topics:
                self._all.discard(subscription)

    def again(self, topics: Collection[str]) -> None:
        with self._lock:
            self._changed.update(topics)
        self._bell.set()

    def _admit(self, topic: str, caller: Caller, after: int) -> int:
        """The seq to begin with. Raises `NotFound` if there is no such topic for the caller."""
        is_run = topic.startswith(RUN)
        if not (caller.authenticated or self._is_public or is_run and caller.shares):
            raise Unauthenticated(data=SIGN_IN)
        if is_run:
            return min(max(after, 0), self._starting.shown(topic.removeprefix(RUN), caller).seq)
        if topic not in self._states:
            raise NotFound(data=f"there is no topic {topic[:100]!r}; there are run/<id>, {', '.join(self._states)}")
        live = self._starting.registry.lives.get(topic.removeprefix(PREFIX)) if topic.startswith(PREFIX) else None
        if not (caller.authenticated or live is not None and is_for(caller, live)):
            raise Unauthenticated(data=SIGN_IN)
        return 0

    def _state_or_runs(self, topic: str) -> StateTopic | RunTopics:
        return self._states.get(topic, self._runs)

    # The thread

    def _serve(self) -> None:
        pause = 0.1
        with self._starting.engine().feed.hear(self._heard):
            while not self._is_closed:
                changed = self._wait()
                try:
                    self._tell(changed)
                    pause = 0.1
                except Exception as error:
                    if not isinstance(error, Unavailable):
                        log.exception("subscribers could not be told what is new; it is tried again")
                    self.again(changed)
                    time.sleep(pause)
                    pause = min(2 * pause, 5.0)

    def _heard(self, ids: Collection[str]) -> None:
        """What has rung; nothing if something may have been missed."""
        with self._lock:
            if ids:
                changed = self._runs.among(ids)
                changed.update(state.name for state in self._states.values() if state.concerns(ids))
            else:
                changed = {*self._runs.going_on(), *self._states}
            self._changed |= changed
        if changed:
            self._bell.set()

    def _wait(self) -> set[str]:
        """What has changed, as soon as there is something; after a while everything that may have."""
        now = time.monotonic()
        self._bell.wait(max(min([self._look_at, *self._later.values()]) - now, 0.0))
        self._bell.clear()
        now = time.monotonic()
        changed = {topic for topic, at in self._later.items() if at <= now}
        is_idle = now >= self._look_at
        with self._lock:
            changed |= self._changed
            self._changed = set()
            if is_idle:
                changed |= {*self._runs.going_on(), *self._states}
                slow = [one for one in self._all if one.is_stuck(SLOW_S)]
        if is_idle:
            self._look_at = now + LOOK_S
            for subscription in slow:
                subscription.lose(TOO_SLOW)
        return changed

    def _tell(self, changed: Set[str]) -> None:
        woken = list[Subscription]()
        try:
            self._tell_all(changed, woken)
        finally:
            for subscription in woken:
                subscription.wake()

    def _tell_all(self, changed: Set[str], woken: list[Subscription]) -> None:
        more = self._runs.tell([topic for topic in changed if topic.startswith(RUN)], self._lock, woken)
        if more:
            self.again(more)
        for name in changed & self._states.keys():
            pause = self._states[name].tell(self._lock, woken)
            self._later.pop(name, None)
            if pause:
                self._later[name] = time.monotonic() + pause
