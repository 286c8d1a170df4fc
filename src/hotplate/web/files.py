"""Files over HTTP: `PUT /files?name=…` keeps one, `GET /files/<id>` gives it back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from urllib.parse import parse_qs, quote
from wsgiref.types import StartResponse, WSGIEnvironment

import msgspec
from msgspec.structs import replace

from ..caller import Caller
from ..errors import NotFound, Unauthenticated
from ..file import CHUNK, guess_type
from .body import BodyRefused, chunks_of
from .reply import Headers, send, send_error
from .state import AppState

LONGEST_NAME = 200

_INERT = "sandbox; default-src 'none'"
"""Content-Security-Policy of whatever somebody uploaded or a job wrote: shown, it can do nothing."""


def put_file(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """Keep the body as a file of the caller's. The answer is its facts, with status 201."""
    if not caller.authenticated:
        return send_error(start_response, "401 Unauthorized", Unauthenticated(data="sign in to upload files"))
    asked = parse_qs(environ.get("QUERY_STRING", ""))
    name = _clean(asked.get("name", ["file"])[0])
    media_type = _media_type(asked.get("type", [environ.get("CONTENT_TYPE") or ""])[0], name)
    try:
        chunks = _regular(chunks_of(environ, state.settings.max_file))
        info = state.engine().files.keep(name, media_type, chunks, caller=caller.id, run_id=None)
    except BodyRefused as refused:
        return send_error(start_response, refused.status, refused.error)
    placed = replace(info, url=state.settings.prefix + info.url)
    headers: Headers = [("Content-Type", "application/json"), ("Location", placed.url)]
    return send(start_response, "201 Created", msgspec.json.encode(placed), headers)


def get_file(
    environ: WSGIEnvironment, start_response: StartResponse, state: AppState, caller: Caller
) -> Iterable[bytes]:
    """The file whose id is the last part of the address. Somebody else's answers like one that does not exist."""
    file_id = environ["PATH_INFO"].rpartition("/")[2]
    kept = state.file_for(file_id, caller)
    if kept is None:
        return send_error(start_response, "404 Not Found", NotFound(data=f"there is no file {file_id[:100]}"))
    start_response(
        "200 OK",
        [
            ("Content-Type", kept.info.media_type),
            ("Content-Length", str(kept.info.size)),
            ("Content-Disposition", f"attachment; filename*=UTF-8''{quote(kept.info.name)}"),
            ("Content-Security-Policy", _INERT),
            ("X-Content-Type-Options", "nosniff"),
            ("Cache-Control", "private, max-age=31536000, immutable"),
        ],
    )
    return [] if environ["REQUEST_METHOD"] == "HEAD" else state.engine().files.read(file_id)


def _regular(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in chunks of the size in which files are kept."""
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK:
            yield bytes(waiting[:CHUNK])
            del waiting[:CHUNK]
    if waiting:
        yield bytes(waiting)


def _clean(name: str) -> str:
    """A file's name without folders and without characters that could end a header."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in last if c.isprintable())[:LONGEST_NAME] or "file"


def _media_type(given: str, name: str) -> str:
    kind, slash, subtype = given.partition(";")[0].strip().partition("/")
    named = slash and kind.isalnum() and subtype and all(c.isalnum() or c in "!#$&-^_.+" for c in subtype)
    if not named or given.startswith(("application/x-www-form-urlencoded", "multipart/")):
        return guess_type(name)
    return f"{kind}/{subtype}"
