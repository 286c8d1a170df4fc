"""Flask's application context around a direct call, at half its usual price.

Most of the price of `app.app_context()` is three signals, sent even where nobody listens (blinker's documentation
advises to look at `receivers` first). Nothing else is left out: every call has a context and a `g` of its own, and
`teardown_appcontext` functions run.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from functools import partial
from importlib.metadata import version
from typing import TypeVar

from flask import Flask, appcontext_popped, appcontext_pushed, appcontext_tearing_down, globals
from flask.ctx import AppContext

from ..caller import Caller
from .threads import Threads

T = TypeVar("T")
A = TypeVar("A")

_IS_KNOWN = version("flask").startswith("3.1.")
"""Only this Flask is known to do no more than set the variable when it pushes a context."""

_variable: ContextVar[AppContext] = globals._cv_app if _IS_KNOWN else ContextVar("unused")

_pushed, _tearing_down = appcontext_pushed.receivers, appcontext_tearing_down.receivers
_popped = appcontext_popped.receivers


def within(app: Flask, answer: Callable[[A, Caller], T], asked: A, caller: Caller) -> T:
    """`answer(asked, caller)` within a new context of `app`."""
    context = app.app_context()
    if _pushed or _tearing_down or _popped or not _IS_KNOWN:
        with context:
            return answer(asked, caller)
    token = _variable.set(context)
    try:
        return answer(asked, caller)
    finally:
        try:
            if app.teardown_appcontext_funcs:
                app.do_teardown_appcontext()
        finally:
            _variable.reset(token)


async def within_async(app: Flask, answer: Callable[[A, Caller], Awaitable[T]], asked: A, caller: Caller) -> T:
    """`await answer(asked, caller)` within a new context of `app`, which other tasks of the event loop do not see."""
    context = app.app_context()
    if _pushed or _tearing_down or _popped or not _IS_KNOWN:
        with context:
            return await answer(asked, caller)
    token = _variable.set(context)
    try:
        return await answer(asked, caller)
    finally:
        try:
            if app.teardown_appcontext_funcs:
                app.do_teardown_appcontext()
        finally:
            _variable.reset(token)


class AppPlaces:
    """`rpc.answer.Places`: within contexts of an application. threads: in which things may block."""

    def __init__(self, app: Flask, threads: Threads) -> None:
        self._app, self.threads = app, threads

    def in_thread(self, answer: Callable[[A, Caller], T], asked: A, caller: Caller) -> Awaitable[T]:
        """In a thread, so that it may block."""
        return self.threads.submit(partial(within, self._app, answer, asked, caller))

    def on_loop(self, answer: Callable[[A, Caller], Awaitable[T]], asked: A, caller: Caller) -> Awaitable[T]:
        """Here."""
        return within_async(self._app, answer, asked, caller)
