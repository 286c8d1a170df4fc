"""A function of the server, found by its name as an attribute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

Called = TypeVar("Called")
Started = TypeVar("Started")


class Function(Generic[Called, Started]):
    """`client.company.get(id=1)` calls `company.get`; `client.estimate_pi.start(samples=10)` starts a run.

    A function whose own name ends in `.start`, or is that of an attribute of the client (`run`, `batch`, …), is
    reached by `client.call(name, …)`.
    """

    def __init__(self, name: str, call: Callable[..., Called], start: Callable[..., Started]) -> None:
        self._name, self._call, self._start = name, call, start

    def __call__(self, *args: Any, **kwargs: Any) -> Called:
        """Call it, with arguments by position or by name."""
        return self._call(self._name, *args, **kwargs)

    def start(self, *args: Any, **kwargs: Any) -> Started:
        """Start a run of it. For a delay, a priority or a key of your own use `client.start`."""
        if args and kwargs:
            raise TypeError(f"{self._name}: JSON-RPC takes parameters by position or by name, not both")
        return self._start(self._name, list(args) or kwargs)

    def __getattr__(self, name: str) -> Function[Called, Started]:
        if name.startswith("_"):
            raise AttributeError(f"no function of the server is called {name!r}")
        return Function(f"{self._name}.{name}", self._call, self._start)

    def __repr__(self) -> str:
        return f"<function {self._name} of the server>"
