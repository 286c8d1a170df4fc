"""A live value: one that is pushed to everybody who looks whenever it changes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from msgspec import Struct

from .context import setter
from .errors import DeclarationError, HotplateError
from .signature import Signature

T = TypeVar("T")

PREFIX = "live/"
"""Topics of live values, and what the feed rings when one has changed, begin so."""

LEAST_S = 0.05
"""The shortest pause between two looks of a live function, in seconds."""


LONGEST_LEASE_S = 60.0
"""For so many seconds the lease of a live value can be had at most."""


class Kept(Struct, frozen=True):
    """A live value as it stands on record: `data` is JSON, None before the first; `error` is a JSON error object while
    its function fails. `version` is raised with each change, at the Unix timestamp `at`."""

    name: str
    version: int
    data: bytes | None
    error: bytes | None
    at: float


class Emission(Struct, frozen=True):
    """That a live value is also emitted as an event of Socket.IO: on a namespace, to one room of it or to all."""

    event: str
    live: Live[Any]
    namespace: str
    to: str | None


class Values(Protocol):
    """The record of live values. Every verb is one transaction."""

    def read(self, names: Collection[str]) -> Sequence[Kept]:
        """Those of these names that are on record."""

    def put(self, name: str, data: bytes | None, error: bytes | None, watcher: str | None) -> bool:
        """Put a value, or an error beside the last value, on record; False if nothing has changed by it.

        watcher: who may do so only while they have the lease.
        """

    def lease(self, name: str, watcher: str, seconds: float) -> bool:
        """Have, or keep, the lease of a value for so long, which is `LONGEST_LEASE_S` at most; False if another watcher
        has it."""

    def release(self, watcher: str, names: Collection[str]) -> None:
        """Give back the leases that the watcher has."""


class Live(Generic[T]):
    """A live value: declared with `@hp.live`, it is what its function gives; with `hp.value`, what was set last.

    Calling it calls the function. every: seconds between two looks, of which there is one at a time per machine or
    cluster; always: also while nobody is subscribed.
    """

    def __init__(
        self,
        fn: Callable[[], T],
        *,
        name: str | None = None,
        every: float | None = None,
        always: bool = False,
        allow: str | None = None,
    ) -> None:
        self.fn = fn
        self.name = name or fn.__name__
        self.doc = inspect.getdoc(fn) or ""
        self.every, self.always, self.allow = every, always, allow
        self._check()
        self.signature = Signature(fn, name=self.name, noun="live value")
        if self.signature.parameters:
            raise DeclarationError(f"live value {self.name!r} has parameters; nobody is there to give them")
        self.__name__, self.__doc__, self.__wrapped__ = self.name, fn.__doc__, fn
        self.__module__, self.__qualname__ = fn.__module__, fn.__qualname__

    def __repr__(self) -> str:
        return f"<Live {self.name}>"

    def __call__(self) -> T:
        return self.fn()

    def set(self, value: T) -> None:
        """Push a value to all subscribers, from wherever this code is: web process, job or script.

        Raises `ResultUnusable` if it does not fit the declared type.
        """
        setter(self).set_live(self, self.encode(value))

    def encode(self, value: Any) -> bytes:
        """A value as JSON. Raises `ResultUnusable` naming what in it does not fit the declared type, and where."""
        written = self.signature.encode(value)
        self.signature.decode_result(written)
        return written

    def get(self) -> T | None:
        """The value that was pushed last; None before the first.

        Raises `ResultUnusable` if it was pushed when another type was declared, which it does not fit.
        """
        raw = setter(self).get_live(self)
        return None if raw is None else self.signature.decode_result(raw)

    def _check(self) -> None:
        if inspect.isgeneratorfunction(self.fn) or inspect.iscoroutinefunction(self.fn):
            raise DeclarationError(f"live value {self.name!r} is no plain function; it is called again and again")
        every = self.every
        if every is not None and (type(every) not in (int, float) or not every >= LEAST_S):
            raise DeclarationError(
                f"live value {self.name!r}: every is {every!r}; allowed: a number of seconds from {LEAST_S} on"
            )
        if self.allow not in (None, "public"):
            raise DeclarationError(f"live value {self.name!r}: allow is {self.allow!r}; allowed: 'public' or None")


def always(lives: Mapping[str, Live[Any]]) -> list[str]:
    """The names of those that are looked at also while nobody is subscribed."""
    return [name for name, live in lives.items() if live.always]


def live_options(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The options of `@hp.live` with their defaults. Raises `DeclarationError` naming one that there is not."""
    options: dict[str, Any] = {"every": 1.0, "always": False, "allow": None}
    for option in given:
        if option not in options:
            known = ", ".join(options)
            raise DeclarationError(f"live value {name!r}: unknown option {option!r}; the options are {known}")
    return options | given


def value(name: str, kind: Any, *, doc: str = "", allow: str | None = None) -> Live[Any]:
    """A live value that is only ever set by hand, of a type."""

    def unset() -> None:
        raise HotplateError(f"live value {name!r} has no function; it is set by hand")

    unset.__annotations__["return"] = kind
    unset.__doc__ = doc or None
    return Live(unset, name=name, allow=allow)
