"""Answers over WSGI, as small as they come."""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse

from ..errors import Error
from ..rpc.message import error_response

Headers = list[tuple[str, str]]

JSON = ("Content-Type", "application/json")
UNAUTHORIZED, AUTHENTICATE = "401 Unauthorized", ("WWW-Authenticate", "Bearer")


def send(start_response: StartResponse, status: str, body: bytes, headers: Headers) -> list[bytes]:
    """An answer that is whole."""
    start_response(status, [("Content-Length", str(len(body))), *headers])
    return [body]


def send_json(start_response: StartResponse, body: bytes, headers: Iterable[tuple[str, str]] = ()) -> list[bytes]:
    return send(start_response, "200 OK", body, [JSON, ("X-Content-Type-Options", "nosniff"), *headers])


def send_empty(start_response: StartResponse, status: str, headers: Headers) -> list[bytes]:
    """An answer without a body. One of status 204 or 304 has no length (RFC 9110, section 8.6)."""
    length = [] if status.startswith(("204", "304")) else [("Content-Length", "0")]
    start_response(status, [*length, *headers])
    return []


def send_error(
    start_response: StartResponse, status: str, error: Error, headers: Iterable[tuple[str, str]] = ()
) -> list[bytes]:
    """An HTTP error whose body is a JSON-RPC response."""
    more = [AUTHENTICATE] if status == UNAUTHORIZED else []
    return send(start_response, status, error_response(error), [JSON, *more, *headers])


def send_not_allowed(start_response: StartResponse, methods: str) -> list[bytes]:
    return send_empty(start_response, "405 Method Not Allowed", [("Allow", methods)])
