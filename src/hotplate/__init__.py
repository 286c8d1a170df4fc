"""Hotplate: heavy Python functions as an interactive web application.

The public names, loaded when they are first used, so that `import hotplate.client` imports no Flask.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .caller import Caller as Caller
    from .context import current_run as current_run, progress as progress
    from .errors import (
        Cancelled as Cancelled,
        ConfigError as ConfigError,
        DeclarationError as DeclarationError,
        EngineError as EngineError,
        Error as Error,
        HotplateError as HotplateError,
        Stopped as Stopped,
        TimedOut as TimedOut,
    )
    from .extension import Hotplate as Hotplate
    from .file import File as File
    from .job import Job as Job
    from .live import Live as Live
    from .method import Method as Method
    from .registry import Namespace as Namespace
    from .run import Progress as Progress, Run as Run
    from .view import Chart as Chart, Image as Image, LongText as LongText, Markdown as Markdown, Table as Table
    from .web.asgi import asgi as asgi

_HOME = {
    "Caller": "caller",
    "Cancelled": "errors",
    "Chart": "view",
    "ConfigError": "errors",
    "DeclarationError": "errors",
    "EngineError": "errors",
    "Error": "errors",
    "File": "file",
    "Hotplate": "extension",
    "HotplateError": "errors",
    "Image": "view",
    "Job": "job",
    "Live": "live",
    "LongText": "view",
    "Markdown": "view",
    "Method": "method",
    "Namespace": "registry",
    "Progress": "run",
    "Run": "run",
    "Stopped": "errors",
    "Table": "view",
    "TimedOut": "errors",
    "asgi": "web.asgi",
    "current_run": "context",
    "progress": "context",
}

__all__ = sorted(_HOME)  # noqa: PLE0605 - the table above is the list


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'hotplate' has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__
