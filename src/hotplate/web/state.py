"""What Hotplate keeps for one application: `app.extensions["hotplate"]`."""

from __future__ import annotations

import os
from collections.abc import Callable
from threading import Lock

from flask import Flask
from werkzeug.exceptions import HTTPException

from ..config import Settings
from ..engine import Engine
from ..errors import Conflict, Error, Forbidden, NotFound, Unauthenticated
from ..method import Method
from ..registry import Registry
from ..rpc.answer import Answerer, MethodTarget, Observer, Target

EXTENSION = "hotplate"
"""Under this key of `app.extensions`."""

_ERRORS: dict[int | None, type[Error]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict}


class AppState:
    """One application with what is declared for it. Its engine is opened when it is first needed, in each process.

    observe: told of every call, for a log line a call; set it before the first one.
    """

    def __init__(
        self, app: Flask, settings: Settings, registry: Registry, open_engine: Callable[[AppState], Engine]
    ) -> None:
        self.app, self.settings, self.registry = app, settings, registry
        self.observe: Observer | None = None
        self._open_engine = open_engine
        self._engine: Engine | None = None
        self._engine_pid = 0
        self._lock = Lock()

    def engine(self) -> Engine:
        """This process's engine. Raises `EngineError` if it cannot be opened."""
        if self._engine is None or self._engine_pid != os.getpid():
            with self._lock:
                # one inherited over a fork belongs to the parent: it is neither used nor closed here
                if self._engine is None or self._engine_pid != os.getpid():
                    self._engine, self._engine_pid = self._open_engine(self), os.getpid()
        return self._engine

    def answerer(self, path: str | None) -> Answerer:
        """What answers at an RPC address of a namespace, or (None) at the common one."""
        targets: dict[str, Target] = {}
        for name, full_name in self.registry.served(path).items():
            function = self.registry.functions[full_name]
            if isinstance(function, Method):
                targets[name] = MethodTarget(full_name, function)
        return Answerer(targets, max_batch=self.settings.max_batch, translate=translate, observe=self.observe)


def translate(raised: Exception) -> Error | None:
    """The error for `abort(404)` and its like in a method; None for what is no answer to the caller."""
    if not isinstance(raised, HTTPException) or raised.code not in _ERRORS:
        return None
    own_words = raised.description != type(raised).description
    return _ERRORS[raised.code](data=raised.description if own_words else None)
