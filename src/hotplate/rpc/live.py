"""`live.*`: live values as they stand, and as what subscribers are told."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

import msgspec
from msgspec import Raw, Struct

from ..caller import Caller
from ..engine import Engine
from ..errors import NotFound
from ..live import PREFIX, Kept, Live as Declared
from ..registry import Registry
from ..run import ErrorInfo, utc
from ..update import Update
from .mistake import close_to
from .state_topics import State, StateTopic
from .subscription import Subscription
from .watching import Watching

_error = msgspec.json.Decoder(ErrorInfo).decode
_encode = msgspec.json.Encoder().encode


class LiveValue(Struct, frozen=True):
    """A live value as it was pushed last: null and no time before the first. `error` is there while its function fails;
    `value` is the last one that there was. `version` rises with each change."""

    name: str
    value: Any
    at: datetime | None
    error: ErrorInfo | None
    version: int


class LiveMethods:
    """What can be asked of live values, by whoever may see them."""

    def __init__(self, registry: Registry, engine: Callable[[], Engine]) -> None:
        self._registry, self._engine = registry, engine

    def list(self, caller: Caller) -> builtins.list[LiveValue]:
        """The live values of the application, by name, as they stand."""
        names = [name for name, live in self._registry.lives.items() if is_for(caller, live)]
        return read(self._engine, sorted(names))

    def get(self, caller: Caller, name: str) -> LiveValue:
        """A live value as it stands. Nobody looks at its function for that: it may be old if nobody is subscribed."""
        live = self._registry.lives.get(name)
        if live is None or not is_for(caller, live):
            seen = (other for other, declared in self._registry.lives.items() if is_for(caller, declared))
            raise NotFound(data=f"there is no live value {name[:100]!r}{close_to(name, seen)}")
        return read(self._engine, [name])[0]


class LiveTopic(StateTopic):
    """`live/<name>`: the value, whole each time. While somebody follows it, its function is looked at."""

    one, pause_s = "value", 0.05

    def __init__(self, name: str, engine: Callable[[], Engine], watching: Watching) -> None:
        super().__init__()
        self.name, self._live = PREFIX + name, name
        self._engine, self._watching = engine, watching

    def concerns(self, ids: Collection[str]) -> bool:
        return self.name in ids

    def join(self, topic: str, subscription: Subscription) -> None:
        super().join(topic, subscription)
        self._watching.begin(self._live)

    def part(self, topic: str, subscription: Subscription) -> None:
        super().part(topic, subscription)
        if not self.is_followed:
            self._watching.end(self._live)

    def read(self, audience: str | None) -> State:
        (found,) = read(self._engine, [self._live])
        return {"": (found.version, _encode(found))}

    def _all(self, state: State) -> Update:
        version, data = state[""]
        return Update(self.name, version, self.one, data)


def is_for(caller: Caller, live: Declared[Any]) -> bool:
    """Whether a caller may see a live value."""
    return caller.authenticated or live.allow == "public"


def read(engine: Callable[[], Engine], names: Collection[str]) -> list[LiveValue]:
    """The live values of these names as they stand, in their order."""
    if not names:
        return []
    found = {kept.name: kept for kept in engine().values.read(names)}
    return [live_to_wire(found[name]) if name in found else LiveValue(name, None, None, None, 0) for name in names]


def live_to_wire(kept: Kept) -> LiveValue:
    """A live value as it goes over the wire."""
    value = None if kept.data is None else Raw(kept.data)
    error = None if kept.error is None else _error(kept.error)
    return LiveValue(kept.name, value, utc(kept.at), error, kept.version)
