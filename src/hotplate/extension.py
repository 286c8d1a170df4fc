"""Hotplate as a Flask extension: what is declared, bound to applications."""

from __future__ import annotations

import os
import sys
from typing import Any
from weakref import WeakSet

from flask import Flask, current_app, has_app_context

from . import config, context, file
from .engine import Engine
from .errors import DeclarationError, EngineError, HotplateError
from .live import Emission, Live
from .registry import Namespace, Registry
from .web.pages import PAGES
from .web.state import EXTENSION, AppState
from .web.wsgi import Door

_bound: WeakSet[Flask] = WeakSet()


class Hotplate(Namespace):
    """Declares functions and serves them in a Flask application: `Hotplate(app)`, or `init_app(app)` later.

    It holds declarations only; what belongs to one application is in `app.extensions["hotplate"]`. So one object may
    serve several applications.

    version: of the application's interface, for those who read its OpenRPC document.
    """

    def __init__(self, app: Flask | None = None, *, version: str = "0.0.0", socketio: Any = None) -> None:
        self.name = ""
        self.registry = Registry()
        self._version = version
        if app is not None:
            self.init_app(app, socketio=socketio)
        elif socketio is not None:
            raise DeclarationError("socketio= goes with an application: give it to init_app(app, socketio=…)")

    def init_app(self, app: Flask, *, socketio: Any = None) -> None:
        """Serve what is declared in `app`. Opens and starts nothing. Raises `ConfigError` for a wrong setting.

        socketio: the application's `flask_socketio.SocketIO`, or a `socketio.AsyncServer`: updates are pushed over it,
        too, on its namespace `/hotplate`. Needs the extra `socketio`.
        """
        if not isinstance(app, Flask):
            raise DeclarationError(f"Hotplate serves a Flask application, not {app!r}")
        if EXTENSION in app.extensions:
            raise DeclarationError(
                f"application {app.name!r} has a Hotplate already; declare in that one, or in a Namespace it includes"
            )
        state = AppState(app, config.load(app.config), self.registry, self._version, _open_engine)
        if socketio is not None:
            state.socketio = _attach(state, socketio)
        app.extensions[EXTENSION] = state
        state.door = Door(app.wsgi_app, state, PAGES)
        app.wsgi_app = state.door.serve  # type: ignore[method-assign]
        _bound.add(app)

    def emits(self, event: str, live: Live[Any], *, namespace: str = "/", to: str | None = None) -> None:
        """Emit a live value as an event of the application's own Socket.IO object, too, whenever it changes.

        `hp.emits("message", state, namespace="/test")`. Its payload is the value. Each client that comes to the
        namespace, or to its room `to`, gets the present value; they count as somebody who looks.
        """
        self.registry.add_emission(Emission(event, live, namespace, to))

    @property
    def celery(self) -> Any:
        """The Celery application that goes with the Flask application, for `celery -A module:celery …`.

        With HOTPLATE_DATABASE_URL and a broker, its workers execute runs. Needs the extra `celery`. An application that
        a factory makes has none here: then `celery -A hotplate.celery_app …` serves it, with HOTPLATE_APP.
        """
        states = [state for state in map(state_of, _bound) if state.registry is self.registry]
        if len(states) != 1:
            raise HotplateError(
                f"hp.celery goes with one application, and {len(states)} are bound; for a factory's application use "
                f"celery -A hotplate.celery_app, with {config.APP_KEY}"
            )
        return celery_of(states[0])

    def include(self, namespace: Namespace, path: str | None = None) -> None:
        """Take in a namespace: its functions are called `<namespace>.<function>`.

        With `path` they are served at that RPC address by their short names, instead of at the common one.
        """
        if not isinstance(namespace, Namespace):
            raise DeclarationError(f"include() takes a Namespace, not {namespace!r}")
        self.registry.include(namespace.registry, f"{namespace.name}.", path)


def find_state(job: Any, noun: str = "job") -> AppState:
    """The application that a job or live value belongs to: the current one, else the only one bound that has it.

    Raises `HotplateError` if there is none, or more than one.
    """
    if has_app_context() and EXTENSION in current_app.extensions:
        state = state_of(current_app)
        if state.registry.name_of(job) is not None:
            return state
    found = [state for state in map(state_of, _bound) if state.registry.name_of(job) is not None]
    if len(found) != 1:
        where = "no application" if not found else f"{len(found)} applications; use one's app.app_context()"
        raise HotplateError(f"{noun} {job.name!r} is declared in {where}")
    return found[0]


def find_live_state(live: Any) -> AppState:
    """The application that a live value belongs to; as `find_state`."""
    return find_state(live, "live value")


def state_of(app: Flask) -> AppState:
    """What Hotplate keeps for `app`. Raises `HotplateError` if it was never bound to it."""
    if EXTENSION not in app.extensions:
        raise HotplateError(f"application {app.name!r} has no Hotplate: make Hotplate(app), or call hp.init_app(app)")
    state: AppState = app.extensions[EXTENSION]
    return state


def find_keeping() -> AppState | None:
    """Where files are kept for the code that asks: the current application's engine."""
    return state_of(current_app) if has_app_context() and EXTENSION in current_app.extensions else None


def _attach(state: AppState, socketio: Any) -> Any:
    try:
        from .web.socketio.door import attach  # noqa: PLC0415 - Socket.IO is there with an extra only
    except ImportError as error:
        raise DeclarationError(f"socketio= needs Socket.IO: pip install 'hotplate[socketio]' ({error})") from error
    return attach(state, socketio)


def _open_engine(state: AppState) -> Engine:
    # an application without jobs never needs one
    from .engines.choice import open_engine, place_of  # noqa: PLC0415

    place = place_of(state.settings, state.app.name, state.app.root_path)
    return open_engine(place, state.registry.jobs.get, lambda: celery_of(state), state.app.name)


def celery_of(state: AppState, name: str | None = None) -> Any:
    """The Celery application that goes with a Flask application. Its workers host nodes where the settings say so.

    name: the Flask application's on command lines; else the module is looked for that has it.
    Raises `EngineError` where Celery is not installed.
    """
    if state.celery is None:
        try:
            from .engines.celery.app import make_celery  # noqa: PLC0415 - Celery is there with an extra only
        except ImportError as error:
            raise EngineError(f"this needs Celery: pip install 'hotplate[celery]' ({error})") from error
        state.celery = make_celery(
            state.app.name,
            state.settings.broker_url,
            state.app.config.get(config.CELERY_KEY) or {},
            state.app.app_context,
        )
        if state.settings.broker_url:
            _host_nodes(state, name)
    return state.celery


def _host_nodes(state: AppState, name: str | None) -> None:
    """Let the workers of the Celery application be hosts of nodes."""
    from .engines.celery.app import Wakes  # noqa: PLC0415 - as above
    from .engines.celery.host import Hosted, Hosting, attach  # noqa: PLC0415
    from .engines.celery.queue import CeleryQueue, prefix_of  # noqa: PLC0415

    prefix = prefix_of(state.app.name, state.settings.database_url)
    queue = CeleryQueue(lambda: state.celery, prefix)

    def hosting() -> Hosting:
        queues = {job.options_.queue for job in state.registry.jobs.values()}
        return Hosting(name or _reference(state.app), Wakes(prefix), sorted(queues), queue.wake)

    attach(state.celery, Hosted(hosting))


def _reference(app: Flask) -> str:
    """The application's name on command lines. Raises `HotplateError` if it cannot be told."""
    own = sys.modules.get(app.import_name)
    for module in ([own] if own else []) + list(sys.modules.values()):
        for name, value in list(getattr(module, "__dict__", {}).items()):
            if value is app and module.__name__ != "__main__":
                return f"{module.__name__}:{name}"
    if os.environ.get(config.APP_KEY):
        return os.environ[config.APP_KEY]
    raise HotplateError(f"set {config.APP_KEY} to the application (module:app): it cannot be told from {app.name!r}")


context.find_starter = find_state
context.find_setter = find_live_state
file.find_keeping = find_keeping
