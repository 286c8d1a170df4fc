"""An application with something before it: who comes from where says a proxy, and some do not get in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from werkzeug.middleware.proxy_fix import ProxyFix

import hotplate
from hotplate import Hotplate

flask = Flask(__name__)
flask.config["HOTPLATE_ACCESS"] = "open"
hp = Hotplate(flask)
level = hp.value("level", int)


@hp.method(request=True)
def peer() -> str:
    """Where the caller is, as the proxy says."""
    return request.remote_addr or ""


@hp.method
def rise(to: int) -> None:
    """Set the level."""
    level.set(to)


class Gate:
    """Lets nobody in who comes from 192.0.2.13. A generator: it does nothing before it is asked for its first piece."""

    def __init__(self, inner: WSGIApplication) -> None:
        self._inner = inner

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        if environ["REMOTE_ADDR"] == "192.0.2.13":
            start_response("402 Payment Required", [("Content-Length", "3")])
            yield b"pay"
            return
        pieces: Iterable[bytes] = self._inner(environ, start_response)
        yield from pieces


flask.wsgi_app = ProxyFix(Gate(flask.wsgi_app), x_host=1)  # type: ignore[method-assign]
app = hotplate.asgi(flask)
