"""A file that pages load: read once, sent in the coding that whoever asks likes best."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from ..reply import send, send_empty

FOREVER = "public, max-age=31536000, immutable"
HASHED = "assets/"
"""In this folder names change with what they name."""

CODINGS = {"br": ".br", "gzip": ".gz", "identity": ""}
"""What is liked best first; and how a file ends that is kept in it beside the file itself."""

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".woff2": "font/woff2",
}
_ELEMENT = re.compile(r"\s*([\w*!#$%&'+.^`|~-]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?", re.IGNORECASE)


class Part(NamedTuple):
    """A file. bodies: by their coding; etag: a weak one, the same for all of them."""

    media_type: str
    cache_control: str
    etag: str
    bodies: Mapping[str, bytes]

    def send(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        """Answer with it, or that it has not changed."""
        headers = [
            ("Cache-Control", self.cache_control),
            ("ETag", self.etag),
            ("Vary", "Accept-Encoding"),
            ("X-Content-Type-Options", "nosniff"),
        ]
        if is_known(self.etag, environ):
            return send_empty(start_response, "304 Not Modified", headers)
        coding = choose(self.bodies, environ.get("HTTP_ACCEPT_ENCODING", ""))
        if coding != "identity":
            headers.append(("Content-Encoding", coding))
        return send(start_response, "200 OK", self.bodies[coding], [("Content-Type", self.media_type), *headers])


def read(folder: Path) -> Iterator[tuple[str, Part]]:
    """The files of a folder, by their paths below it with '/'; what begins with a dot is not for pages."""
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.suffix in _MEDIA_TYPES and not any(part.startswith(".") for part in PurePosixPath(name).parts):
            yield name, read_one(path, FOREVER if name.startswith(HASHED) else "no-cache")


def read_one(path: Path, cache_control: str = "no-cache") -> Part:
    """A file, with what is kept beside it in other codings; JavaScript and CSS are compressed here if nothing is."""
    bodies = {
        coding: kept.read_bytes()
        for coding, ending in CODINGS.items()
        if (kept := path.with_name(path.name + ending)).is_file()
    }
    whole = bodies["identity"]
    if len(bodies) == 1 and path.suffix in {".js", ".css"}:
        bodies["gzip"] = gzip.compress(whole, mtime=0)
    return Part(_MEDIA_TYPES[path.suffix], cache_control, etag_of(whole), bodies)


def etag_of(body: bytes) -> str:
    """A weak ETag, which is the same in each coding (RFC 9110, section 8.8.3)."""
    return f'W/"{hashlib.sha256(body).hexdigest()[:24]}"'


def is_known(etag: str, environ: WSGIEnvironment) -> bool:
    """Whether whoever asks has just this one already (RFC 9110, section 13.1.2)."""
    known = environ.get("HTTP_IF_NONE_MATCH", "")
    return known.strip() == "*" or etag.removeprefix("W/") in re.findall(r'"[^"]*"', known)


def choose(there: Mapping[str, bytes], accepted: str) -> str:
    """The coding to send, of those that are there, by an Accept-Encoding header (RFC 9110, section 12.5.3).

    What nobody can send is sent as it is: a page that is not shown helps nobody.
    """
    likes = {
        match[1].lower(): float(match[2] or 1)
        for element in accepted.split(",")
        if (match := _ELEMENT.fullmatch(element))
    }
    others = likes.get("*", 0.0)
    by_name = [(likes.get(coding, others), coding) for coding in CODINGS if coding in there and coding != "identity"]
    liking, coding = max(by_name, key=lambda pair: pair[0], default=(0.0, "identity"))
    return coding if liking > 0 and liking >= likes.get("identity", 0.0) else "identity"
