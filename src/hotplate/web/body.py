"""The body of a call over HTTP: what kinds are taken, and how much is read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from wsgiref.types import WSGIEnvironment

from ..errors import Error, InvalidRequest, ParseError
from .scope import Message, Receive

MEDIA_TYPES = frozenset({"application/json", "application/json-rpc", "application/jsonrequest"})

_CHARSET = re.compile(r""";\s*charset\s*=\s*("[^"]*"|[^;\s]*)""", re.IGNORECASE)
_CHUNK = 64 * 1024


class BodyRefused(Exception):
    """A body that is not taken: the HTTP status and the JSON-RPC error that goes with it."""

    def __init__(self, status: str, error: Error) -> None:
        self.status, self.error = status, error
        super().__init__(str(error))


def read_body(environ: WSGIEnvironment, limit: int) -> bytes:
    """The whole body. Raises `BodyRefused`; one that is of a wrong kind or too large is not read."""
    size = check_body(environ, limit)
    if size is None:
        return b"".join(_chunks_to_end(environ, limit))
    try:
        body: bytes = environ["wsgi.input"].read(size)
    except Exception as error:  # each server has its own for a client that went away or sends nonsense
        raise _broken(error) from error
    if len(body) != size:
        raise BodyRefused("200 OK", ParseError(data="the body ended early"))
    return body


def check_body(environ: WSGIEnvironment, limit: int) -> int | None:
    """The length that the client states for a call's body, None if it states none.

    Raises `BodyRefused` for a body of a wrong kind, and for one that is too large by its own account.
    """
    content_type = environ.get("CONTENT_TYPE", "")
    if content_type not in MEDIA_TYPES:
        _check_media_type(content_type)
    return _length(environ, limit)


async def receive_body(message: Message, receive: Receive, size: int | None, limit: int) -> bytes:
    """The whole body of an ASGI request, of which `check_body` has said the size and `message` is the first piece.

    Raises `BodyRefused` if it turns out to be too large, or if it ended early: the client has gone.
    """
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        pieces, length = [body], len(body)
        while message.get("more_body"):
            message = await receive()
            pieces.append(message.get("body", b""))
            length += len(pieces[-1])
            if length > limit:
                raise _too_large(limit)
        body = b"".join(pieces)
    if message["type"] == "http.disconnect" or size not in (None, len(body)):
        raise BodyRefused("200 OK", ParseError(data="the body ended early"))
    if len(body) > limit:
        raise _too_large(limit)
    return body


def chunks_of(environ: WSGIEnvironment, limit: int) -> Iterator[bytes]:
    """The body of any kind, piece by piece. Raises `BodyRefused` at once if it is too large by its own account, and
    on the way if it turns out to be."""
    length = _length(environ, limit)
    return _chunks_to_end(environ, limit) if length is None else _chunks(environ, length)


def _length(environ: WSGIEnvironment, limit: int) -> int | None:
    """The length that the client states, None if it states none."""
    if "HTTP_CONTENT_ENCODING" in environ and environ["HTTP_CONTENT_ENCODING"].strip().lower() != "identity":
        raise BodyRefused("415 Unsupported Media Type", InvalidRequest(data="content encodings are not taken"))
    length = environ.get("CONTENT_LENGTH")
    if not length:
        return None
    if not length.isdecimal():
        raise BodyRefused("400 Bad Request", ParseError(data="Content-Length is no number"))
    if len(length) > 15 or (size := int(length)) > limit:
        raise _too_large(limit)
    return size


def _check_media_type(content_type: str) -> None:
    media_type, _, _ = content_type.partition(";")
    if media_type.strip().lower() not in MEDIA_TYPES:
        raise BodyRefused(
            "415 Unsupported Media Type", InvalidRequest(data="Content-Type must be application/json (or -rpc)")
        )
    if any(charset.strip('"').lower() not in ("utf-8", "utf8") for charset in _CHARSET.findall(content_type)):
        raise BodyRefused("415 Unsupported Media Type", InvalidRequest(data="the only charset is utf-8"))


def _chunks(environ: WSGIEnvironment, length: int) -> Iterator[bytes]:
    while length:
        try:
            piece = environ["wsgi.input"].read(min(_CHUNK, length))
        except Exception as error:  # as above
            raise _broken(error) from error
        if not piece:
            raise BodyRefused("200 OK", ParseError(data="the body ended early"))
        length -= len(piece)
        yield piece


def _chunks_to_end(environ: WSGIEnvironment, limit: int) -> Iterator[bytes]:
    """A body without a stated length: chunked, where the server marks its end, else none at all."""
    if not environ.get("wsgi.input_terminated"):
        if "HTTP_TRANSFER_ENCODING" in environ:
            raise BodyRefused("411 Length Required", InvalidRequest(data="this server does not take chunked bodies"))
        return
    size = 0
    while True:
        try:
            part = environ["wsgi.input"].read(min(_CHUNK, limit + 1 - size))
        except Exception as error:  # as above
            raise _broken(error) from error
        if not part:
            return
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        yield part


def _too_large(limit: int) -> BodyRefused:
    return BodyRefused("413 Content Too Large", InvalidRequest(data=f"the body is larger than {limit} bytes"))


def _broken(error: Exception) -> BodyRefused:
    return BodyRefused("200 OK", ParseError(data=f"the body cannot be read: {type(error).__name__}"))
