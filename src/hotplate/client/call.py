"""A call as it goes over the wire: the request written, the response read. No HTTP here."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import count
from typing import Any
from uuid import uuid4

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from ..errors import Error, from_wire

READS = frozenset(
    {
        "live.get",
        "live.list",
        "rpc.discover",
        "run.cancel",
        "run.count",
        "run.get",
        "run.list",
        "run.log",
        "run.wait",
        "schedule.list",
        "worker.list",
    }
)
"""Built-in methods whose repetition changes nothing: they read, or bring about what has come about already."""

_ids = count(1)

Arguments = Sequence[Any] | Mapping[str, Any]


class Call(Struct, frozen=True):
    """A method's name and arguments; `id` is None for a notification."""

    name: str
    arguments: Arguments
    id: int | None

    @property
    def repeatable(self) -> bool:
        """Whether it may be sent again when nobody knows if it has arrived."""
        if self.name == "run.start":
            return isinstance(self.arguments, Mapping) and self.arguments.get("key") is not None
        return self.name in READS

    def request(self) -> dict[str, Any]:
        """The JSON-RPC request object. Raises `TypeError` for an argument that JSON cannot hold."""
        request: dict[str, Any] = {"jsonrpc": "2.0", "method": self.name}
        if self.arguments:
            request["params"] = msgspec.to_builtins(self.arguments, str_keys=True)
        if self.id is not None:
            request["id"] = self.id
        return request


class Response(Struct, frozen=True):
    """A JSON-RPC response object; `error` where the call failed, else `result`."""

    id: Any = None
    result: Raw | UnsetType = UNSET
    error: ErrorObject | None = None

    def value(self) -> Any:
        """The result. Raises the error's class of `hotplate.errors`."""
        if self.error is not None:
            raise self.error.exception()
        return None if isinstance(self.result, UnsetType) else msgspec.json.decode(self.result)


class ErrorObject(Struct, frozen=True):
    """A JSON-RPC error object."""

    code: int
    message: str
    data: Any = None

    def exception(self) -> Error:
        return from_wire(self.code, self.message, self.data)


_response = msgspec.json.Decoder(Response)
_responses = msgspec.json.Decoder(list[Response] | Response)


def new_call(name: str, args: Sequence[Any], kwargs: Mapping[str, Any], *, notify: bool = False) -> Call:
    """The call that a Python call stands for. Raises `TypeError` if it mixes both kinds of arguments."""
    if args and kwargs:
        raise TypeError(f"{name}: JSON-RPC takes parameters by position or by name, not both")
    return Call(name, list(args) or dict(kwargs), None if notify else next(_ids))


def start_call(
    job: str,
    params: Arguments | None = None,
    *,
    key: str | None = None,
    delay: float = 0.0,
    priority: int | None = None,
    queue: str | None = None,
) -> Call:
    """The call of `run.start`; it always has a key, so that sent twice it starts one run."""
    options = {"delay": delay or None, "priority": priority, "queue": queue}
    given = {name: value for name, value in options.items() if value is not None}
    return new_call("run.start", (), {"job": job, "params": params or {}, "key": key or str(uuid4()), **given})


def write(requests: Any) -> bytes:
    """The request body. Raises `ValueError` for NaN and infinity, which JSON does not have."""
    return json.dumps(requests, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def read_response(body: bytes) -> Response | None:
    """The response in a body, None if it is none."""
    try:
        response = _response.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
    return response if response.error is not None or response.result is not UNSET else None


def read_batch(body: bytes) -> list[Response] | Response | None:
    """The responses to a batch, one response if it was refused as a whole, None if it is neither."""
    try:
        return _responses.decode(body) if body else []
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
