"""Which application a command works with: its name, and the application itself."""

from __future__ import annotations

import os
import sys
import sysconfig
import traceback
from typing import TYPE_CHECKING

import click

from ..config import APP_KEY
from . import Failure, Misuse, is_debugged

if TYPE_CHECKING:
    from flask import Flask

_LOADERS = ("hotplate", "flask", "werkzeug", "importlib")
_LIBRARIES = tuple({f"{sysconfig.get_path(name)}/" for name in ("stdlib", "platstdlib", "purelib", "platlib")})

argument = click.argument("app", required=False)
"""APP of a command line: `module`, `module:app`, `module:factory`, `module:factory(arguments)` or a file."""


def app_name(given: str | None) -> str:
    """The application's name: as given, else `flask --app`, else HOTPLATE_APP, else FLASK_APP.

    Loads nothing. Raises `Misuse` naming the keys if there is none.
    """
    found = given or _flask_app() or os.environ.get(APP_KEY) or os.environ.get("FLASK_APP")
    if not found:
        raise Misuse(f"no application: name one (module:app), or set {APP_KEY} or FLASK_APP in the environment")
    return found


def load_app(name: str) -> Flask:
    """The application, found as Flask finds it. Raises `Failure` with the reason if it cannot be loaded."""
    # Only commands that load an application pay for Flask: a node's parent is to stay small.
    from flask.cli import NoAppException, ScriptInfo  # noqa: PLC0415

    info = ScriptInfo(app_import_path=name)
    try:
        return info.load_app()
    except NoAppException as error:
        raise Failure(f"cannot load {name!r}: {_reason(error)}") from error
    except Exception as error:
        if is_debugged():
            raise
        # the text of a SyntaxError has a place of its own
        text = error.msg if isinstance(error, SyntaxError) else error
        raise Failure(f"cannot load {name!r}: {type(error).__name__}: {text} ({_place(error)})") from error


def _reason(error: click.ClickException) -> str:
    lines = [line for line in error.format_message().splitlines() if line.strip()]
    if "Traceback" in "".join(lines):
        return f"{lines[-1].strip()} ({_place(error.__context__)})" if error.__context__ else lines[-1].strip()
    return " ".join(lines)


def _place(error: BaseException) -> str:
    """Where it went wrong in the user's own code, as far as can be told."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{error.filename}, line {error.lineno}; --debug shows how it came there"
    frames = traceback.extract_tb(error.__traceback__)
    loaders = tuple(f"{folder}/" for name in _LOADERS for folder in sys.modules[name].__path__)
    loaded = [frame for frame in frames if not frame.filename.startswith(("<frozen ", *loaders))]
    own = [frame for frame in loaded if not frame.filename.startswith(_LIBRARIES)]
    frame = (own or loaded or frames)[-1]
    return f"{frame.filename}, line {frame.lineno}; --debug shows how it came there"


def _flask_app() -> str | None:
    context = click.get_current_context(silent=True)
    # `flask hotplate …` hands down Flask's ScriptInfo; Flask is imported then.
    info = context.find_root().obj if context and "flask.cli" in sys.modules else None
    path: str | None = getattr(info, "app_import_path", None)
    return path
