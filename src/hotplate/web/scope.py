"""An ASGI request as the environ that a WSGI server would make of it (PEP 3333)."""

from __future__ import annotations

import io
import sys
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote_to_bytes
from wsgiref.types import WSGIEnvironment

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

_REMEMBERED = 256
_keys: dict[bytes, str] = {
    b"content-type": "CONTENT_TYPE",
    b"content-length": "CONTENT_LENGTH",
}


def environ_of(scope: Scope) -> WSGIEnvironment:
    """All that WSGI knows of a request, with an empty body that ends; the same keys whichever server made the scope."""
    root, path = scope.get("root_path", ""), scope["path"]
    raw: bytes | None = scope.get("raw_path")
    # servers replace what is no UTF-8 in `path`
    octets = (
        unquote_to_bytes(raw.partition(b"?")[0]) if raw and b"%" in raw else path.encode("utf-8", "surrogateescape")
    )
    if root:
        prefix = root.encode()
        octets = octets.removeprefix(prefix) if octets.startswith(prefix + b"/") or octets == prefix else octets
    server, client = scope.get("server") or ("", ""), scope.get("client")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": root.encode().decode("latin-1"),
        "PATH_INFO": octets.decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1] or ""),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
    }
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    for name, value in scope["headers"]:
        key = _keys.get(name) or _key(name)
        if key in environ:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value.decode("latin-1")
        elif key:
            environ[key] = value.decode("latin-1")
    return environ


def _key(name: bytes) -> str:
    """The key of a header; empty for one that could be taken for another, as `X_Real_IP` for `X-Real-IP`."""
    if b"_" in name:
        return ""
    lower = name.lower()
    key = _keys.get(lower) or "HTTP_" + lower.decode("latin-1").upper().replace("-", "_")
    if len(_keys) < _REMEMBERED:
        _keys[name] = key
    return key
