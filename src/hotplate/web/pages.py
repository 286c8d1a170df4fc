"""The addresses that are no RPC addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from ..caller import Caller
from ..errors import EngineError, Forbidden, Unauthenticated, Unavailable
from .console import console, to_console
from .console.sharing import shared
from .exposition import MEDIA_TYPE, exposition
from .files import get_file, put_file
from .metrics import of_calls, of_record
from .origins import is_local
from .reply import JSON, UNAUTHORIZED, send, send_error, send_json
from .state import AppState

NO_STORE = [("Cache-Control", "no-store")]

Serve = Callable[[WSGIEnvironment, StartResponse, AppState, Caller], Iterable[bytes]]


class Page(NamedTuple):
    """What is served at an address: `methods` as in an Allow header; `guarded` against foreign hosts and origins.

    is_quick: it waits for nothing, so that an event loop may serve it.
    """

    methods: str
    serve: Serve
    guarded: bool = True
    is_quick: bool = False


def health(environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller) -> Iterable[bytes]:
    """Say that this process answers, whatever else is the matter; called by any host name."""
    return send_json(start_response, b'{"status":"ok"}', NO_STORE)


def ready(environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller) -> Iterable[bytes]:
    """Say whether this process can do its work, for load balancers. Where there are no jobs, that needs no record."""
    if not state.registry.jobs:
        return send_json(start_response, b'{"status":"ready"}', NO_STORE)
    try:
        nodes = state.nodes_alive.answer()
    except Unavailable as error:
        body = b'{"status":"unavailable","reason":"%b"}' % str(error.data).encode()
        return send(start_response, "503 Service Unavailable", body, [JSON, *NO_STORE])
    return send_json(start_response, b'{"status":"ready","nodes":%d}' % nodes, NO_STORE)


def metrics(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """Figures for Prometheus; for operators, and for whoever is on this very machine."""
    if not (caller.operator or is_local(environ)):
        if caller.authenticated:
            return send_error(start_response, "403 Forbidden", Forbidden(data="metrics are for operators"))
        return send_error(start_response, UNAUTHORIZED, Unauthenticated(data="metrics are for operators"))
    families = list(of_calls(state.calls()))
    if state.registry.jobs:
        try:
            families += of_record(state.watched.answer())
        except Unavailable:
            families += of_record(None)
    body = exposition(families)
    return send(start_response, "200 OK", body, [("Content-Type", MEDIA_TYPE), *NO_STORE])


def openrpc(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """The OpenRPC document of the common RPC address: what `rpc.discover` answers there."""
    try:
        return send_json(start_response, state.document(caller))
    except Unauthenticated as error:
        return send_error(start_response, UNAUTHORIZED, error)
    except (EngineError, Unavailable):  # it is asked where links lead
        why = Unavailable(data="the engine's record cannot be reached; try again")
        return send_error(start_response, "503 Service Unavailable", why)


def updates(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """What is new on topics, as server-sent events."""
    return state.streams.serve(environ, start_response, state.hub(), caller)


PAGES: Mapping[str, Page] = {
    "/openrpc.json": Page("GET, HEAD", openrpc),
    "/health": Page("GET, HEAD", health, guarded=False, is_quick=True),
    "/health/ready": Page("GET, HEAD", ready, guarded=False),
    "/metrics": Page("GET, HEAD", metrics),
    "/updates": Page("GET, HEAD", updates),
    "/files": Page("PUT", put_file),
    "/files/*": Page("GET, HEAD", get_file),
    "/console": Page("GET, HEAD", to_console, is_quick=True),
    "/console/shared/*": Page("GET, HEAD", shared),
    "/console/*": Page("GET, HEAD", console.serve, is_quick=True),
}
"""Below the prefix; a path that ends in '/*' stands for all paths below it that no longer one stands for."""
