"""Where a link to a run leads: the browser remembers it, and goes on to the run's page."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from ...caller import Caller
from ...errors import EngineError, NotFound, Unavailable
from ...rpc.share import ADDRESS
from ...share import hashed
from ..links import cookie
from ..reply import Headers, send_empty, send_error
from ..state import AppState
from . import console

_HEADERS: Headers = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),  # the address is the secret
    ("X-Robots-Tag", "noindex"),
    ("X-Content-Type-Options", "nosniff"),
]


def shared(environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller) -> Iterable[bytes]:
    """Let the browser remember the link, and send it to the run."""
    root = state.settings.prefix
    token = environ["PATH_INFO"].removeprefix(root + ADDRESS)
    try:
        run_id = state.engine().shares.find([hashed(token)]).get(hashed(token))
    except (EngineError, Unavailable):
        why = Unavailable(data="the engine's record cannot be reached; try again")
        return send_error(start_response, "503 Service Unavailable", why, _HEADERS)
    if run_id is None:
        return _nowhere(environ, start_response, state)
    page = quote(environ.get("SCRIPT_NAME", "").encode("latin-1")) + f"{root}/console/runs/{run_id}"
    headers = [*_HEADERS, ("Location", page), ("Set-Cookie", cookie(environ, token, root))]
    return send_empty(start_response, "303 See Other", headers)


def _nowhere(environ: WSGIEnvironment, start_response: StartResponse, state: AppState) -> Iterable[bytes]:
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        return console.send_page(environ, start_response, state, "404 Not Found")  # which says so
    return send_error(start_response, "404 Not Found", NotFound(data="this link leads nowhere"), _HEADERS)
