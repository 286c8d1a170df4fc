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


def head_of(scope: Scope) -> WSGIEnvironment:
    """What an environ says of who asks, and how: as much as is needed to let a request in, or not."""
    server, client = scope.get("server"), scope.get("client")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": scope["root_path"].encode().decode("latin-1") if scope.get("root_path") else "",
        "SERVER_NAME": server[0] if server else "",
        "wsgi.url_scheme": scope.get("scheme", "http"),
    }
    if client:
        environ["REMOTE_ADDR"] = client[0]
    for name, value in scope["headers"]:
        key = _keys.get(name) or _key(name)
        if key in environ:
            environ[key] += ("; " if key == "HTTP_COOKIE" else ",") + value.decode("latin-1")
        elif key:
            environ[key] = value.decode("latin-1")
    return environ


def environ_of(scope: Scope) -> WSGIEnvironment:
    """All that WSGI knows of a request, with an empty body that ends; the same keys whichever server made the scope."""
    server, client = scope.get("server"), scope.get("client")
    environ = head_of(scope) | {
        "PATH_INFO": _path_of(scope).decode("latin-1"),
        "QUERY_STRING": scope.get("query_string", b"").decode("latin-1"),
        "SERVER_PORT": str(server[1] or "") if server else "",
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input": io.BytesIO(),
        "wsgi.input_terminated": True,
    }
    if client:
        environ["REMOTE_PORT"] = str(client[1])
    return environ


def own_path(scope: Scope) -> str:
    """The path below the one at which the application is mounted."""
    path: str = scope["path"]
    root = scope.get("root_path")
    if root and (path == root or path.startswith(f"{root}/")):
        return path[len(root) :]
    return path


def _path_of(scope: Scope) -> bytes:
    raw: bytes | None = scope.get("raw_path")
    if not raw or b"%" not in raw:
        return own_path(scope).encode("utf-8", "surrogateescape")
    # servers replace what is no UTF-8 in `path`
    octets, root = unquote_to_bytes(raw.partition(b"?")[0]), scope.get("root_path", "").encode()
    return octets[len(root) :] if octets == root or octets.startswith(root + b"/") else octets


def _key(name: bytes) -> str:
    """The key of a header; empty for one that could be taken for another, as `X_Real_IP` for `X-Real-IP`."""
    if b"_" in name:
        return ""
    lower = name.lower()
    key = _keys.get(lower) or "HTTP_" + lower.decode("latin-1").upper().replace("-", "_")
    if len(_keys) < _REMEMBERED:
        _keys[name] = key
    return key
