"""Flask's application context around a direct call, at half its usual price.

Most of the price of `app.app_context()` is three signals, sent even where nobody listens (blinker's documentation
advises to look at `receivers` first). Nothing else is left out: every call has a context and a `g` of its own, and
`teardown_appcontext` functions run.
"""

from __future__ import annotations

from contextvars import Token
from importlib.metadata import version

from flask import Flask, appcontext_popped, appcontext_pushed, appcontext_tearing_down
from flask.ctx import AppContext
from flask.globals import _cv_app

_IS_KNOWN = version("flask").startswith("3.1.")
"""Only this Flask is known to do no more than set the variable when it pushes a context."""

Pushed = tuple[AppContext, Token[AppContext] | None]


def push(app: Flask) -> Pushed:
    """Push a new context; `pop` takes what this returns."""
    context = app.app_context()
    listened = appcontext_pushed.receivers or appcontext_tearing_down.receivers or appcontext_popped.receivers
    if listened or not _IS_KNOWN:
        context.push()
        return context, None
    return context, _cv_app.set(context)


def pop(pushed: Pushed) -> None:
    """Run the teardown functions and take the context away again."""
    context, token = pushed
    if token is None:
        context.pop()
        return
    try:
        if context.app.teardown_appcontext_funcs:
            context.app.do_teardown_appcontext()
    finally:
        _cv_app.reset(token)
