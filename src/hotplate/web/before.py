"""What stands before the door, as Werkzeug's `ProxyFix` does, is shown requests that are served without it."""

from __future__ import annotations

from contextlib import closing, nullcontext
from functools import partial
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .threads import Threads

SEEN_KEY = "hotplate.seen"
"""In an environ that is only shown: a list, to which the door appends the environ that has come to it."""


class Before:
    """A WSGI application that has the door somewhere behind it."""

    def __init__(self, application: WSGIApplication, threads: Threads) -> None:
        self._application, self._threads = application, threads

    async def show(self, environ: WSGIEnvironment) -> WSGIEnvironment | None:
        """The environ as it comes to the door; None if it does not, as the request is answered before.

        Raises `Busy`, and whatever stands there raises.
        """
        return await self._threads.run(partial(_show, self._application, environ))


def note(environ: WSGIEnvironment, start_response: StartResponse) -> bool:
    """At the door: whether a request is only shown. Then it is answered."""
    seen = environ.get(SEEN_KEY)
    if seen is None:
        return False
    seen.append(environ)
    start_response("204 No Content", [])
    return True


def _show(application: WSGIApplication, environ: WSGIEnvironment) -> WSGIEnvironment | None:
    seen: list[WSGIEnvironment] = []
    pieces: Any = application(environ | {SEEN_KEY: seen}, _start_response)
    with closing(pieces) if hasattr(pieces, "close") else nullcontext():
        next(iter(pieces), b"")  # a generator does nothing before
    return seen[0] if seen else None


def _start_response(*_: Any) -> Any:
    return lambda _: None
