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
from ..reply import Headers, send, send_empty, send_error
from ..state import AppState

_HEADERS: Headers = [
    ("Cache-Control", "no-store"),
    ("Referrer-Policy", "no-referrer"),  # the address is the secret
    ("X-Robots-Tag", "noindex"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"),
]

_NOWHERE = b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="color-scheme" content="light dark">
<title>This link leads nowhere</title>
<h1>This link leads nowhere</h1>
<p>It was taken back, or the run that it led to is no longer kept. Ask whoever gave it to you for a new one.</p>
</html>
"""


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
        return _nowhere(environ, start_response)
    page = quote(environ.get("SCRIPT_NAME", "").encode("latin-1")) + f"{root}/console/runs/{run_id}"
    headers = [*_HEADERS, ("Location", page), ("Set-Cookie", cookie(environ, token, root))]
    return send_empty(start_response, "303 See Other", headers)


def _nowhere(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    if "text/html" in environ.get("HTTP_ACCEPT", ""):
        return send(
            start_response, "404 Not Found", _NOWHERE, [("Content-Type", "text/html; charset=utf-8"), *_HEADERS]
        )
    return send_error(start_response, "404 Not Found", NotFound(data="this link leads nowhere"), _HEADERS)
