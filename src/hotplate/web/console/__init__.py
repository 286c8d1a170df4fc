"""The console, a page for browsers, and the JavaScript that other pages import.

The page is what `make console` builds into `static/`; `client.js` and `shared.js` beside this module are the JavaScript
client.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIEnvironment

from ...caller import Caller
from ...errors import NotFound
from ..reply import send, send_empty, send_error
from ..state import AppState
from .part import HASHED, Part, etag_of, is_known, read, read_one

HERE = Path(__file__).parent
PAGE = "index.html"

HEADERS = [
    (
        "Content-Security-Policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("Cache-Control", "no-cache"),
]
"""Those of a page. Only its own files are loaded, and nothing becomes code that is not in one of them."""

NOT_BUILT = """\
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>{title}: the console is not built</title>
<h1>The console is not built</h1>
<p>{title} runs on the sources of Hotplate, and what they have for browsers is still to be built. In their folder, with
Node 20 and npm installed (<code>sudo apt-get install nodejs npm</code>), run</p>
<pre>make console</pre>
<p>and load this page again. All else works meanwhile: <code>{rpc}</code> answers what
<a href="{root}/openrpc.json">can be called</a>.</p>
"""

CLIENT = ("client.js", "shared.js")

_PLACE = re.compile(r'\{(rpc|root|title)\}|(?<==")\./')
_ODD = re.compile(r"[\x00-\x1f\x7f\\]|(?:^|/)\.{1,2}(?:/|$)|//|^/")
"""In what comes after `/console/`, nothing of which is a path of a file."""


class Console:
    """Serves the page and the files of the folder to which it was built, all read when first asked for."""

    def __init__(self, static: Path) -> None:
        self._static = static
        self._parts: Mapping[str, Part] = {}

    def serve(
        self, environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
    ) -> Iterable[bytes]:
        """The page, at every path below that is none of a file. It shows what whoever opens it may see."""
        name = environ["PATH_INFO"].removeprefix(f"{state.settings.prefix}/console/")
        part = self._read().get(name)
        if part is not None and name != PAGE:
            return part.send(environ, start_response)
        if name and not _is_place(name, environ.get("HTTP_ACCEPT", "")):
            absent = NotFound(data="the console has no such part")
            return send_error(start_response, "404 Not Found", absent, [("Cache-Control", "no-store")])
        return self.send_page(environ, start_response, state)

    def _read(self) -> Mapping[str, Part]:
        if PAGE not in self._parts:  # what is built later on is found
            self._parts = {**dict(read(self._static)), **{name: read_one(HERE / name) for name in CLIENT}}
        return self._parts

    def send_page(
        self, environ: WSGIEnvironment, start_response: StartResponse, state: AppState, status: str = "200 OK"
    ) -> Iterable[bytes]:
        """The page, which knows by its address what to show; or one that says that it is not built."""
        page = self._read().get(PAGE)
        root = root_of(environ, state)
        text = page.bodies["identity"].decode() if page else NOT_BUILT
        body = fill_in(text, root, root + state.settings.rpc_path, state.app.name).encode()
        headers = [*HEADERS, ("ETag", etag_of(body))]
        if page and status == "200 OK" and is_known(etag_of(body), environ):
            return send_empty(start_response, "304 Not Modified", headers)
        if not page and status == "200 OK":
            status = "503 Service Unavailable"
        return send(start_response, status, body, [("Content-Type", "text/html; charset=utf-8"), *headers])


console = Console(HERE / "static")


def to_console(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """Lead to the console whoever has left out the last slash."""
    location = f"{root_of(environ, state)}/console/"
    return send_empty(start_response, "308 Permanent Redirect", [("Location", location)])


def root_of(environ: WSGIEnvironment, state: AppState) -> str:
    """The path below which Hotplate's addresses are, as a browser writes it; without a slash at its end."""
    mounted = quote(environ.get("SCRIPT_NAME", "").encode("latin-1"))
    return re.sub("^/+", "/", mounted) + state.settings.prefix


def fill_in(page: str, root: str, rpc: str, title: str) -> str:
    """The page with its facts, and the addresses of its files made absolute, as it is shown at deep paths, too."""
    facts = {"root": root, "rpc": rpc, "title": title, None: f"{root}/console/"}
    return _PLACE.sub(lambda found: escape(facts[found[1]]), page)


def _is_place(name: str, accepted: str) -> bool:
    """Whether this may be a place within the console, not a file that is not there."""
    if name.startswith(HASHED) or _ODD.search(name):
        return False
    return "text/html" in accepted or "." not in name.rpartition("/")[2]
