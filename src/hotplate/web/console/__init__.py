"""A page for a browser: functions to call, and the runs with their state."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib.resources import files
from wsgiref.types import StartResponse, WSGIEnvironment

from ...caller import Caller
from ...errors import NotFound
from ..reply import send, send_error
from ..state import AppState

_HEADERS = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-cache"),
]

_PARTS = {
    "": ("index.html", "text/html; charset=utf-8"),
    "console.css": ("console.css", "text/css; charset=utf-8"),
    "console.js": ("console.js", "text/javascript; charset=utf-8"),
    "client.js": ("client.js", "text/javascript; charset=utf-8"),
    "shared.js": ("shared.js", "text/javascript; charset=utf-8"),
}


def console(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """The page and its parts. It shows what whoever opens it may see: all of it comes through the RPC address."""
    part = _PARTS.get(environ["PATH_INFO"].rpartition("/")[2])
    if part is None:
        return send_error(start_response, "404 Not Found", NotFound(data="the console has no such part"))
    name, media_type = part
    text = (files(__name__) / name).read_text("utf-8")
    if name == "index.html":
        rpc = environ.get("SCRIPT_NAME", "") + state.settings.prefix + state.settings.rpc_path
        text = text.replace("{rpc}", escape(rpc))
    return send(start_response, "200 OK", text.encode(), [("Content-Type", media_type), *_HEADERS])
