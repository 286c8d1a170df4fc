"""The links to runs that a browser has opened, in a cookie: their tokens, the one opened last first."""

from __future__ import annotations

import re
from urllib.parse import quote
from wsgiref.types import WSGIEnvironment

from ..share import hashed

COOKIE = "hotplate_shares"

MOST_OPENED = 20
"""So many links a browser remembers; the one opened longest ago is forgotten first."""

MAX_AGE_S = 30 * 86400
"""For so long a browser remembers them after the last one was opened."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


def opened(environ: WSGIEnvironment) -> tuple[str, ...]:
    """What callers are known by who have opened links: the hashes of their tokens."""
    cookies = environ.get("HTTP_COOKIE", "")
    return tuple(map(hashed, _tokens(cookies))) if COOKIE in cookies else ()


def cookie(environ: WSGIEnvironment, token: str, prefix: str) -> str:
    """The header `Set-Cookie` once one more link was opened."""
    known = [other for other in _tokens(environ.get("HTTP_COOKIE", "")) if other != token]
    path = quote((environ.get("SCRIPT_NAME", "") + prefix).encode("latin-1", "replace")) or "/"
    secure = "; Secure" if environ.get("wsgi.url_scheme") == "https" else ""
    value = ".".join([token, *known][:MOST_OPENED])
    return f"{COOKIE}={value}; Path={path}; Max-Age={MAX_AGE_S}; HttpOnly; SameSite=Lax{secure}"


def _tokens(cookies: str) -> list[str]:
    for pair in cookies.split(";"):
        name, _, value = pair.strip().partition("=")
        if name == COOKIE:
            return [token for token in value.split(".") if _TOKEN.fullmatch(token)][:MOST_OPENED]
    return []
