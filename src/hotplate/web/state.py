"""What Hotplate keeps for one application: `app.extensions["hotplate"]`."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable, Iterator, Mapping
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import ref

from flask import Flask
from msgspec.structs import asdict, replace
from werkzeug.exceptions import HTTPException

from ..caller import Caller
from ..config import Settings
from ..context import current_caller, here
from ..engine import Engine, KeptFile
from ..errors import Conflict, Error, Forbidden, HotplateError, NotFound, Unauthenticated
from ..file import File, NewFile
from ..job import Job
from ..live import PREFIX, Live
from ..method import Method
from ..options import StartOptions
from ..registry import Registry
from ..rpc.answer import Answerer, MethodTarget, Observer, Target
from ..rpc.builtin import SHOWN, JobTarget, builtin_targets
from ..rpc.calls import Calls
from ..rpc.hub import Hub
from ..rpc.openrpc import Discover
from ..rpc.start import Starting
from ..run import FileInfo, Run
from .asking import READY_S, Question, nodes_alive
from .metrics import COUNT_S, watch
from .stream import Streams

if TYPE_CHECKING:
    from .socketio.door import SocketIODoor
    from .wsgi import Door

EXTENSION = "hotplate"
"""Under this key of `app.extensions`."""

_ERRORS: dict[int | None, type[Error]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 409: Conflict}


class AppState:
    """One application with what is declared for it. Its engine is opened when it is first needed, in each process.

    version: the application's own, for those who read its OpenRPC document.
    observe: told of every call, for a log line a call; set it before the first one.
    celery: the Celery application that goes with it, once it was asked for. socketio: its Socket.IO object as a door.
    door: what stands before the application's own pages.
    """

    door: Door

    def __init__(
        self,
        app: Flask,
        settings: Settings,
        registry: Registry,
        version: str,
        open_engine: Callable[[AppState], Engine],
    ) -> None:
        self.app, self.settings, self.registry = app, settings, registry
        self.version = version
        self.observe: Observer | None = None
        self.celery: Any = None
        self.socketio: SocketIODoor | None = None
        self.starting = Starting(registry, self.engine)
        self.nodes_alive = Question(lambda: nodes_alive(self.engine), READY_S)
        self.watched = Question(lambda: watch(self.engine), COUNT_S)
        self.streams = Streams(settings.streams)
        self._calls: Calls | None = None
        self._answerers: list[Answerer] = []
        self._discovers: dict[str | None, Discover] = {}
        self._open_engine = open_engine
        self._engine: Engine | None = None
        self._engine_pid = 0
        self._hub: Hub | None = None
        self._hub_pid = 0
        self._lock = Lock()

    def engine(self) -> Engine:
        """This process's engine. Raises `EngineError` if it cannot be opened."""
        if self._engine is None or self._engine_pid != os.getpid():
            with self._lock:
                # one inherited over a fork belongs to the parent: it is neither used nor closed here
                if self._engine is None or self._engine_pid != os.getpid():
                    self._engine, self._engine_pid = self._open_engine(self), os.getpid()
                    atexit.register(_leave, ref(self._engine), self._engine_pid)
        return self._engine

    def hub(self) -> Hub:
        """This process's hub, which tells subscribers what is new."""
        with self._lock:
            if self._hub is None or self._hub_pid != os.getpid():
                self._hub, self._hub_pid = Hub(self.starting, self.settings.prefix, self.app.app_context), os.getpid()
            return self._hub

    def dismiss(self) -> None:
        """Tell this process's subscribers that it ends."""
        if self._hub is not None and self._hub_pid == os.getpid():
            self._hub.dismiss()
        if self.socketio is not None:
            self.socketio.dismiss()

    def close(self) -> None:
        """Close this process's hub and engine, if they were opened."""
        if self._hub is not None and self._hub_pid == os.getpid():
            self._hub.close()
        self._hub = None
        if self._engine is not None and self._engine_pid == os.getpid():
            self._engine.close()
        self._engine = None

    def start(self, job: Job[..., Any], params: bytes, options: StartOptions) -> Run:
        """Start a run for whoever is being answered. Raises `HotplateError` if the job is not declared here."""
        name = self.registry.name_of(job)
        if name is None:
            raise HotplateError(f"job {job.name!r} is not declared in application {self.app.name!r}")
        return self.starting.start(name, job, params, options, current_caller())

    def set_live(self, live: Live[Any], value: bytes) -> None:
        """`context.Setter`: push a live value that is declared here."""
        name, engine = self._name_of_live(live), self.engine()
        if engine.values.put(name, value, None, None):
            engine.feed.ring([PREFIX + name])

    def get_live(self, live: Live[Any]) -> bytes | None:
        """`context.Setter`: a live value as it was pushed last."""
        found = self.engine().values.read([self._name_of_live(live)])
        return found[0].data if found else None

    def _name_of_live(self, live: Live[Any]) -> str:
        name = self.registry.name_of(live)
        if name is None:
            raise HotplateError(f"live value {live.name!r} is not declared in application {self.app.name!r}")
        return name

    def file_for(self, file_id: str, caller: Caller) -> KeptFile | None:
        """A kept file that this caller may read."""
        kept = self.engine().files.info(file_id)
        if kept is None or caller.operator:
            return kept
        is_own = kept.caller == caller.id
        if is_own and (caller.authenticated or kept.run_id is None):
            return kept
        if kept.run_id is None or not (is_own or caller.shares):
            return None
        run = self.engine().find(kept.run_id)
        return kept if run is not None and self.starting.may_read(run, caller) else None

    def find_file(self, file_id: str) -> FileInfo | None:
        """`file.Keeping`: the facts of a file of whoever is being answered."""
        kept = self.file_for(file_id, current_caller())
        return replace(kept.info, url=self.settings.prefix + kept.info.url) if kept else None

    def read_file(self, file_id: str) -> Iterator[bytes]:
        """`file.Keeping`: the chunks of a file of whoever is being answered."""
        if self.file_for(file_id, current_caller()) is None:
            raise NotFound(data=f"there is no file {file_id[:100]}")
        return self.engine().files.read(file_id)

    def keep_file(self, new: NewFile) -> File:
        """`file.Keeping`: take a file that a function returns, as the caller's and as part of the run."""
        run = here()
        caller = current_caller().id
        kept = self.engine().files.keep(
            new.name, new.media_type, new.chunks(), caller=caller, run_id=run.id if run else None
        )
        return File(**{**asdict(kept), "url": self.settings.prefix + kept.url})

    def answerer(self, path: str | None, more: Mapping[str, Target] | None = None) -> Answerer:
        """What answers at an RPC address of a namespace, or (None) at the common one; more: what is there besides."""
        discover = self._discovers[path] = self._discover(path)
        targets: dict[str, Target] = {
            **builtin_targets(self.starting, self.settings.prefix),
            **(more or {}),
            discover.name: discover,
        }
        for name, full_name in self.registry.served(path).items():
            function = self.registry.functions[full_name]
            if isinstance(function, Method):
                targets[name] = MethodTarget(full_name, function)
            else:
                targets[name] = JobTarget(full_name, function, self.starting, self.settings.prefix)
        answerer = Answerer(
            targets, max_batch=self.settings.max_batch, shown=SHOWN, translate=translate, observe=self.observe
        )
        self._answerers.append(answerer)
        return answerer

    def calls(self) -> Calls:
        """The calls of this process, counted from the first time that somebody asks for them."""
        with self._lock:
            if self._calls is None:
                self._calls = Calls()
                for answerer in self._answerers:
                    answerer.count(self._calls)
        return self._calls

    def document(self, caller: Caller) -> bytes:
        """The OpenRPC document of the common RPC address. Raises `Unauthenticated` if nothing of it is public."""
        return (self._discovers.get(None) or self._discover(None)).document(caller)

    def _discover(self, path: str | None) -> Discover:
        functions = {name: self.registry.functions[full_name] for name, full_name in self.registry.served(path).items()}
        info = {"title": self.app.name, "version": self.version}
        builtins = builtin_targets(self.starting, self.settings.prefix)
        if path is not None:
            return Discover(info, functions, builtins, {}, {})
        shown = self.starting.shown_jobs
        return Discover(info, functions, builtins, self.registry.lives, self.registry.schedules, shown)


def _leave(engine: ref[Engine], pid: int) -> None:
    """At the end of a process: whoever starts a run as the last thing it does has it begin as soon as any other."""
    opened = engine()
    if opened is not None and pid == os.getpid():
        opened.leave()


def translate(raised: Exception) -> Error | None:
    """The error for `abort(404)` and its like in a method; None for what is no answer to the caller."""
    if isinstance(raised, RuntimeError) and str(raised).startswith("Working outside of request context"):
        raised.add_note("A method that uses flask.request or the session is declared with @hp.method(request=True).")
    if not isinstance(raised, HTTPException) or raised.code not in _ERRORS:
        return None
    own_words = raised.description != type(raised).description
    return _ERRORS[raised.code](data=raised.description if own_words else None)
