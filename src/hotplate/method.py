"""A method: a typed function that answers at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Generic, Literal, ParamSpec, TypeVar

from .errors import DeclarationError
from .signature import Signature

P = ParamSpec("P")
R = TypeVar("R")


class Method(Generic[P, R]):
    """A function declared with `@hp.method`. Calling it is a plain call of the function.

    allow: "public" lets everybody call it, else only who is signed in.
    request: it uses `flask.request`, the session or Flask-Login, so it is always answered within a Flask request.
    """

    def __init__(
        self,
        fn: Callable[P, R],
        *,
        name: str | None = None,
        allow: Literal["public"] | None = None,
        request: bool = False,
    ) -> None:
        self.fn = fn
        self.name = name or fn.__name__
        self.doc = inspect.getdoc(fn) or ""
        self.is_async = inspect.iscoroutinefunction(fn)
        self._check(allow, request)
        self.allow, self.request = allow, request
        self.signature = Signature(fn, name=self.name, noun="method")
        self.__name__, self.__doc__, self.__wrapped__ = fn.__name__, fn.__doc__, fn
        self.__module__, self.__qualname__ = fn.__module__, fn.__qualname__

    def __repr__(self) -> str:
        return f"<Method {self.name}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.fn(*args, **kwargs)

    def _check(self, allow: object, request: object) -> None:
        if inspect.isgeneratorfunction(self.fn) or inspect.isasyncgenfunction(self.fn):
            raise DeclarationError(
                f"method {self.name!r} is a generator, but a method has one result; declare it as a job, "
                "whose yields are partial results"
            )
        if allow not in (None, "public"):
            raise DeclarationError(f"method {self.name!r}: allow is {allow!r}; allowed: 'public' or None")
        if not isinstance(request, bool):
            raise DeclarationError(f"method {self.name!r}: request is {request!r}; allowed: True or False")
