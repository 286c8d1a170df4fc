"""`updates.*`: topics followed and left on a connection that is open, among other calls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from ..caller import Caller
from .builtin import BuiltinTarget
from .subscription import Subscription

_following: ContextVar[Subscription] = ContextVar("hotplate_following")


@contextmanager
def following(subscription: Subscription) -> Iterator[None]:
    """Calls within it come over the connection of this subscriber."""
    token = _following.set(subscription)
    try:
        yield
    finally:
        _following.reset(token)


def subscribe(caller: Caller, topics: list[str], after: dict[str, int] = {}) -> None:  # noqa: B006 - never changed
    """Follow topics on this connection. `after`: the seq seen last on topics of runs, by topic."""
    _following.get().add(topics, after)


def unsubscribe(caller: Caller, topics: list[str]) -> None:
    """Follow topics on this connection no more."""
    _following.get().remove(topics)


def following_targets() -> Mapping[str, BuiltinTarget]:
    """The methods by name. Who may follow what is seen when they do."""
    methods = {"updates.subscribe": subscribe, "updates.unsubscribe": unsubscribe}
    return {name: BuiltinTarget(name, fn, public=True) for name, fn in methods.items()}
