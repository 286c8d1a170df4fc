"""The door for WSGI servers: Hotplate's own addresses, before the application's.

A call goes one of two ways. *Direct*: around Flask's routing, within an app context. *View*: through an ordinary Flask
view, where the application has before/after/teardown_request functions or the method is declared `request=True`.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Callable, Iterable, Mapping
from threading import Lock
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, Response, request

from .. import tracing
from ..caller import ANONYMOUS, Caller
from ..errors import DeclarationError, Forbidden, Unauthenticated
from ..rpc.answer import SIGN_IN
from ..rpc.message import error_response
from .app_context import within
from .before import note
from .body import BodyRefused, read_body
from .origins import Guard, Refused
from .pages import Page
from .reply import AUTHENTICATE, JSON, UNAUTHORIZED, Headers, send, send_empty, send_error, send_not_allowed
from .state import AppState

log = logging.getLogger("hotplate")

CALLER_KEY, BODY_KEY = "hotplate.caller", "hotplate.body"

SOCKETIO_PATH = "/socket.io/"
"""Where an `AsyncServer` is; Flask-SocketIO stands before the application by itself."""

_NO_METHODS: frozenset[str] = frozenset()


class Door:
    """Stands before `app.wsgi_app`. What it serves is settled at the first request, when all is declared.

    rpc_doors: those of the RPC addresses, by path.
    """

    def __init__(self, inner: WSGIApplication, state: AppState, pages: Mapping[str, Page]) -> None:
        self.inner, self._state, self._pages = inner, state, pages
        self._places: dict[str, WSGIApplication] = {}
        self._folders: dict[str, WSGIApplication] = {}
        self.guard: Guard | None = None
        self.rpc_doors: dict[str, RpcDoor] = {}
        self._page_doors: dict[str, PageDoor] = {}
        self._page_folders: dict[str, PageDoor] = {}
        self._is_ready = False
        self._lock = Lock()

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application."""
        path = environ.get("PATH_INFO", "")
        place = self._places.get(path)
        if place is not None:
            return place(environ, start_response)
        if not self._is_ready:
            self.prepare()
            return self.serve(environ, start_response)
        for folder, place in self._folders.items():
            if path.startswith(folder):
                return place(environ, start_response)
        return self.inner(environ, start_response)

    def serves(self, path: str) -> bool:
        """Whether this is one of our own addresses, once that is settled."""
        return path in self._places

    def quick_door(self, path: str) -> PageDoor | None:
        """That of a page that never waits for anything, if this is its path."""
        door = self._page_doors.get(path)
        if door is None:
            door = next((door for folder, door in self._page_folders.items() if path.startswith(folder)), None)
        return door if door is not None and door.is_quick else None

    def prepare(self) -> None:
        """Settle what is served, unless that was done."""
        with self._lock:
            if self._is_ready:
                return
            app, settings = self._state.app, self._state.settings
            self._state.registry.freeze()
            own = _own_routes(app)
            guard = self.guard = Guard(settings, filter(None, [app.config.get("SERVER_NAME")]))
            doors = {
                settings.prefix + path: PageDoor(page, guard, self._state)
                for path, page in sorted(self._pages.items(), key=lambda item: len(item[0]), reverse=True)
                if own.get(settings.prefix + path.removesuffix("*"), _NO_METHODS).isdisjoint(page.methods.split(", "))
            }
            self._page_folders = {path[:-1]: door for path, door in doors.items() if path.endswith("/*")}
            self._page_doors = {path: door for path, door in doors.items() if not path.endswith("/*")}
            pages: dict[str, WSGIApplication] = {path: door.serve for path, door in self._page_doors.items()}
            self._folders = {path: door.serve for path, door in self._page_folders.items()}
            self._look_at_socketio()
            self.rpc_doors = self._make_rpc_doors(guard, own)
            serve = _traced if tracing.tracer() is not None else _plain
            self._places = {**pages, **{path: serve(door.serve) for path, door in self.rpc_doors.items()}}
            self._is_ready = True

    def _look_at_socketio(self) -> None:
        socketio = self._state.socketio
        if socketio is None and self._state.registry.emissions:
            events = ", ".join(sorted({repr(one.event) for one in self._state.registry.emissions}))
            log.error(
                "hp.emits() has no effect on event %s: give Hotplate the application's Socket.IO object, "
                "Hotplate(app, socketio=…) or init_app(app, socketio=…)",
                events,
            )
        elif socketio is not None:
            socketio.check()
            if socketio.is_async:
                self._folders[SOCKETIO_PATH] = socketio.refuse

    def _make_rpc_doors(self, guard: Guard, own: Mapping[str, frozenset[str]]) -> dict[str, RpcDoor]:
        settings, doors = self._state.settings, dict[str, RpcDoor]()
        for path in (None, *self._state.registry.addresses):
            address = settings.prefix + (settings.rpc_path if path is None else path)
            taken = own.get(address, _NO_METHODS)
            if "POST" in taken:
                log.warning("calls at %s are not answered: the application has a route of its own there", address)
                continue
            if address in doors:
                raise DeclarationError(f"{address!r} is given to two RPC addresses; give the namespace another path")
            door = RpcDoor(self.inner, self._state, guard, path, taken - {"OPTIONS"})
            door.add_view(address)
            doors[address] = door
        return doors


class RpcDoor:
    """An RPC address: that of a namespace, by its path, or (None) the common one.

    own_methods: HTTP methods that the application itself answers at this address.
    by_view: whether all calls go through the Flask view. has_origins: whether pages of foreign origins may call.
    """

    def __init__(
        self, inner: WSGIApplication, state: AppState, guard: Guard, path: str | None, own_methods: frozenset[str]
    ) -> None:
        self.inner, self.app, self.guard, self.path = inner, state.app, guard, path
        answerer = self.answerer = state.answerer(path)
        self._own_methods = own_methods
        self.max_body = state.settings.max_body
        self.has_origins = bool(state.settings.origins)
        self._console = f"{state.settings.prefix}/console/"
        self.by_view = _has_request_functions(state.app)
        self._admit, self._answer = guard.admit, answerer.answer
        self._some_need_request, self._is_public = answerer.some_need_request, answerer.is_public

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application."""
        try:
            if environ["REQUEST_METHOD"] != "POST":
                return self.other_method(environ, start_response)
            caller = self.admit(environ)
            if self.by_view:
                return self._enter_view(environ, start_response, caller)
            body = read_body(environ, self.max_body)
            if self._some_need_request and self.answerer.needs_request(body):
                environ[BODY_KEY] = body
                return self._enter_view(environ, start_response, caller)
            answer = within(self.app, self._answer, body, caller)
        except (Refused, BodyRefused) as refused:
            return self.send_refusal(refused, environ, start_response)
        if answer is not None and caller.authenticated and not self.has_origins:
            start_response("200 OK", [JSON, ("Content-Length", str(len(answer)))])
            return [answer]
        return self.send_answer(answer, body, caller, environ, start_response)

    def admit(self, environ: WSGIEnvironment) -> Caller:
        """The Caller of a call. Raises `Refused`, or `BodyRefused` where nothing can be called without signing in."""
        caller = self._admit(environ)
        if not (caller.authenticated or self._is_public or caller.shares):
            raise BodyRefused(UNAUTHORIZED, Unauthenticated(data=SIGN_IN))
        return caller

    def needs_request(self, body: bytes) -> bool:
        """Whether a function is called that must be answered within a Flask request."""
        return self._some_need_request and self.answerer.needs_request(body)

    def send_answer(
        self,
        answer: bytes | None,
        body: bytes,
        caller: Caller,
        environ: WSGIEnvironment,
        start_response: StartResponse,
    ) -> Iterable[bytes]:
        """What was answered to a body."""
        if not caller.authenticated and self.answerer.is_denied(body, caller):
            return send(start_response, UNAUTHORIZED, answer or b"", self._denial_headers(environ))
        if answer is None:
            return send_empty(start_response, "204 No Content", self.guard.cors_headers(environ))
        headers = [JSON, ("Content-Length", str(len(answer)))]
        if self.has_origins:
            headers += self.guard.cors_headers(environ)
        start_response("200 OK", headers)
        return [answer]

    def send_refusal(
        self, refused: Refused | BodyRefused, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """What is said to a request whose body is not answered."""
        if isinstance(refused, Refused):
            return send_error(start_response, refused.status, Forbidden(data=refused.reason))
        return send_error(start_response, refused.status, refused.error, self.guard.cors_headers(environ))

    def add_view(self, address: str) -> None:
        """Add the Flask view that answers at `address`."""
        endpoint = f"hotplate:{address}"
        host = "<hotplate_host>" if self.app.url_map.host_matching else None
        # not by add_url_rule, which refuses once the application has answered a request
        self.app.url_map.add(self.app.url_rule_class(address, methods=["POST"], endpoint=endpoint, host=host))
        self.app.view_functions[endpoint] = self._view

    def _enter_view(self, environ: WSGIEnvironment, start_response: StartResponse, caller: Caller) -> Iterable[bytes]:
        environ[CALLER_KEY] = caller
        return self.inner(environ, start_response)

    def _view(self, **_: str) -> Response:
        environ = request.environ
        caller, cors = environ[CALLER_KEY], self.guard.cors_headers(environ)
        try:
            body = environ[BODY_KEY] if BODY_KEY in environ else read_body(environ, self.max_body)
        except BodyRefused as refused:
            return Response(error_response(refused.error), refused.status, cors, content_type=JSON[1])
        environ["wsgi.input"] = io.BytesIO(body)  # a method may read it once more
        answer = self.answerer.answer(body, caller)
        if not caller.authenticated and self.answerer.is_denied(body, caller):
            return Response(answer, UNAUTHORIZED, self._denial_headers(environ))
        if answer is None:
            return Response(status=204, headers=cors)
        return Response(answer, 200, cors, content_type=JSON[1])

    def _denial_headers(self, environ: WSGIEnvironment) -> Headers:
        return [JSON, AUTHENTICATE, *self.guard.cors_headers(environ)]

    def is_own(self, method: str) -> bool:
        """Whether the application itself answers this HTTP method here."""
        return method in self._own_methods

    def other_method(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The answer to what is no POST request."""
        method = environ["REQUEST_METHOD"]
        if method in self._own_methods:
            return self.inner(environ, start_response)
        self.guard.admit(environ)
        if method == "OPTIONS":
            headers = self.guard.preflight_headers(environ, "POST, OPTIONS")
            return send_empty(start_response, "204 No Content", headers)
        if method == "GET" and "text/html" in environ.get("HTTP_ACCEPT", ""):
            location = environ.get("SCRIPT_NAME", "") + self._console
            return send_empty(start_response, "303 See Other", [("Location", location)])
        return send_not_allowed(start_response, "POST, OPTIONS")


class PageDoor:
    """An address that is no RPC address."""

    def __init__(self, page: Page, guard: Guard, state: AppState) -> None:
        self._page, self._guard, self._state = page, guard, state
        self.is_quick = page.is_quick
        self._methods = frozenset(page.methods.split(", "))
        self._allow = f"{page.methods}, OPTIONS"

    def serve(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """The WSGI application."""
        if note(environ, start_response):
            return []
        try:
            caller = self._guard.admit(environ) if self._page.guarded else ANONYMOUS
        except Refused as refused:
            return send_error(start_response, refused.status, Forbidden(data=refused.reason))
        method = environ["REQUEST_METHOD"]
        if method == "OPTIONS":
            headers = self._guard.preflight_headers(environ, self._allow)
            return send_empty(start_response, "204 No Content", headers)
        if method not in self._methods:
            return send_not_allowed(start_response, self._allow)
        cors = self._guard.cors_headers(environ)

        def start(status: str, headers: Headers, exc_info: Any = None, /) -> Callable[[bytes], object]:
            return start_response(status, [*headers, *cors], exc_info)

        sent = self._page.serve(environ, start, self._state, caller)
        return [] if method == "HEAD" else sent


def _plain(serve: WSGIApplication) -> WSGIApplication:
    return serve


def _traced(serve: WSGIApplication) -> WSGIApplication:
    def traced(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with tracing.joined(environ.get("HTTP_TRACEPARENT")):
            return serve(environ, start_response)

    return traced


def _own_routes(app: Flask) -> dict[str, frozenset[str]]:
    """The application's own fixed addresses -> HTTP methods; one with a variable part takes no address of ours."""
    own: dict[str, frozenset[str]] = {}
    for rule in app.url_map.iter_rules():
        if not rule.arguments:
            own[rule.rule] = own.get(rule.rule, _NO_METHODS) | frozenset(rule.methods or ())
    return own


def _has_request_functions(app: Flask) -> bool:
    kinds = (
        app.before_request_funcs,
        app.after_request_funcs,
        app.teardown_request_funcs,
        app.url_value_preprocessors,
    )
    return any(kind.get(None) for kind in kinds)
