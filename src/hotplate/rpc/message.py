"""JSON-RPC 2.0 messages as bytes: requests read, responses written.

Specification: https://www.jsonrpc.org/specification
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeVar

from msgspec import DecodeError, Raw, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from ..errors import Error, InvalidRequest, ParseError

T = TypeVar("T")

LONGEST_ID = 128
"""Longest `id` that is answered, in bytes as sent."""

LONGEST_DETAIL = 1000
"""Characters of a detail about a wrong request that are sent back: it may quote what the caller sent."""

ID_BYTES = [LONGEST_ID if first in b'"-0123456789n' else 0 for first in range(256)]
"""How long an id may be by its first byte: a string, a number and null may be an id, other JSON values may not."""

BEFORE_ID, BEFORE_RESULT, AFTER_RESULT = b',{"jsonrpc":"2.0","id":', b',"result":', b"}"
"""What stands around an id as it was sent and a result as JSON in a response; a comma goes before each response."""


class Request(Struct, gc=False):
    """One request object. `params` and `id` stay as sent; they are empty where they are missing."""

    method: str
    jsonrpc: Literal["2.0"]
    params: Raw = Raw(b"")
    id: Raw = Raw(b"")


class WrongRequest(Request, kw_only=True, gc=False):
    """What stands in a batch for an element that is no request: the error it is answered with."""

    method: str = ""
    jsonrpc: Literal["2.0"] = "2.0"
    error: InvalidRequest


encode = Encoder().encode
_decode_body = Decoder(Request | list[Request]).decode
_decode_request = Decoder(Request).decode
_decode_elements = Decoder(list[Raw]).decode
_decode_raw = Decoder(Raw).decode


def read(body: bytes, max_batch: int) -> Request | Sequence[Request]:
    """The request, or the requests of a batch, in which an element may be a `WrongRequest`.

    Raises `ParseError` and `InvalidRequest`.
    """
    try:
        # msgspec.Raw skips strings without looking at their UTF-8
        body.isascii() or str(body, "utf-8")
        message = _decode_body(body)
    except ValidationError as error:
        return _read_elements(body, max_batch, error)
    except (DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _parse_error(error) from None
    return _bounded(message, max_batch) if type(message) is list else message


def _read_elements(body: bytes, max_batch: int, error: ValidationError) -> Sequence[Request]:
    """A batch with wrong elements in it: each is read by itself."""
    try:
        _decode_raw(body)  # the error came before the end of the body was seen
        if body.lstrip(b" \t\r\n")[:1] != b"[":
            raise InvalidRequest(data=clip(str(error)))
        return [_read_element(element) for element in _bounded(_decode_elements(body), max_batch)]
    except (DecodeError, RecursionError) as broken:
        raise _parse_error(broken) from None


def _bounded(batch: list[T], max_batch: int) -> list[T]:
    if not batch:
        raise InvalidRequest(data="an empty batch")
    if len(batch) > max_batch:
        raise InvalidRequest(data=f"a batch of {len(batch)} calls; at most {max_batch} are allowed")
    return batch


def _read_element(element: Raw) -> Request:
    try:
        return _decode_request(element)
    except ValidationError as error:
        return WrongRequest(error=InvalidRequest(data=clip(str(error))))


def _parse_error(error: Exception) -> ParseError:
    if isinstance(error, RecursionError):
        return ParseError(data="nested too deeply")
    return ParseError(data=clip(str(error)))


def is_valid_id(raw: bytes) -> bool:
    """Whether an id, known to be JSON, is a string, a number or null, and no longer than is answered."""
    return len(raw) <= ID_BYTES[raw[0]]


def is_structured(params: bytes) -> bool:
    """Whether params, known to be JSON, are missing, an array or an object (section 4.2)."""
    return params[:1] in (b"", b"[", b"{")


def error_response(error: Error, request_id: bytes = b"null") -> bytes:
    """A response with an error. Raises if `error.data` cannot be written as JSON."""
    body: dict[str, Any] = {"code": error.code, "message": error.message}
    if error.data is not None:
        body["data"] = error.data
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (request_id or b"null", encode(body))


class SentError(Struct):
    """The error of a response that was sent."""

    code: int | float
    message: str = ""


class _ErrorResponse(Struct):
    error: SentError


_read_error = Decoder(_ErrorResponse).decode


def sent_error(response: bytes) -> SentError:
    """What `error_response` has written."""
    return _read_error(response).error


def clip(text: str) -> str:
    """Text about a wrong request, short enough to be sent back."""
    return text if len(text) <= LONGEST_DETAIL else f"{text[:LONGEST_DETAIL]}…"
