"""The addresses that are no RPC addresses."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from ..caller import Caller
from ..errors import Unauthenticated
from .console import console
from .files import get_file, put_file
from .reply import UNAUTHORIZED, send_error, send_json
from .state import AppState

Serve = Callable[[WSGIEnvironment, StartResponse, AppState, Caller], Iterable[bytes]]


class Page(NamedTuple):
    """What is served at an address: `methods` as in an Allow header; `guarded` against foreign hosts and origins."""

    methods: str
    serve: Serve
    guarded: bool = True


def health(environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller) -> Iterable[bytes]:
    """Say that this process answers; for load balancers, which call it by any host name."""
    return send_json(start_response, b'{"status":"ok"}')


def openrpc(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """The OpenRPC document of the common RPC address: what `rpc.discover` answers there."""
    try:
        return send_json(start_response, state.document(caller))
    except Unauthenticated as error:
        return send_error(start_response, UNAUTHORIZED, error)


PAGES: Mapping[str, Page] = {
    "/openrpc.json": Page("GET, HEAD", openrpc),
    "/health": Page("GET, HEAD", health, guarded=False),
    "/files": Page("PUT", put_file),
    "/files/*": Page("GET, HEAD", get_file),
    "/console/*": Page("GET, HEAD", console),
}
"""Below the prefix; a path that ends in '/*' stands for all paths below it."""
