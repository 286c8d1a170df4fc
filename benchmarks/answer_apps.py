"""The same service on each peer, as WSGI and ASGI applications: `echo`, and `quote` with typed line items in and out.

`python -m benchmarks.answer` measures them; a server imports one as `benchmarks.answer_apps:<name>`, as `direct`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any, Literal

import msgspec
from flask import Flask, Response, jsonify, request

import hotplate
from hotplate import Hotplate

os.environ["HOTPLATE_ACCESS"] = "open"


class Item(msgspec.Struct, gc=False):
    sku: str
    quantity: int
    price: float


class Order(msgspec.Struct, gc=False):
    customer: str
    currency: str
    items: list[Item]


class Line(msgspec.Struct, gc=False):
    sku: str
    amount: float


class Quote(msgspec.Struct, gc=False):
    customer: str
    currency: str
    total: float
    lines: list[Line]


def echo(text: str) -> str:
    return text


def quote(order: Order) -> Quote:
    lines = [Line(item.sku, item.quantity * item.price) for item in order.items]
    return Quote(order.customer, order.currency, sum([line.amount for line in lines]), lines)


class EchoParams(msgspec.Struct, gc=False):
    text: str


class QuoteParams(msgspec.Struct, gc=False):
    order: Order


class EchoCall(msgspec.Struct, tag_field="method", tag="echo", gc=False):
    params: EchoParams
    id: int | str
    jsonrpc: Literal["2.0"]

    def answer(self) -> str:
        return echo(self.params.text)


class QuoteCall(msgspec.Struct, tag_field="method", tag="quote", gc=False):
    params: QuoteParams
    id: int | str
    jsonrpc: Literal["2.0"]

    def answer(self) -> Quote:
        return quote(self.params.order)


class Answer(msgspec.Struct, gc=False):
    id: int | str
    result: Any
    jsonrpc: Literal["2.0"] = "2.0"


_decode = msgspec.json.Decoder(EchoCall | QuoteCall | list[EchoCall | QuoteCall]).decode
_encode = msgspec.json.Encoder().encode


def _answer(body: bytes) -> bytes:
    calls = _decode(body)
    if isinstance(calls, list):
        return _encode([Answer(call.id, call.answer()) for call in calls])
    return _encode(Answer(calls.id, calls.answer()))


async def raw_asgi(scope: Any, receive: Callable[[], Any], send: Callable[[Any], Any]) -> None:
    """The same limit for ASGI servers."""
    message = await receive()
    body = message["body"]
    while message["more_body"]:
        message = await receive()
        body += message["body"]
    answer = _answer(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


def raw(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The limit: all calls known to one decoder, no errors, no notifications, no limits, no framework."""
    body = _answer(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _direct() -> Flask:
    app = Flask("direct")
    hp = Hotplate(app)
    hp.method(echo)
    hp.method(quote)
    return app


def _view() -> Flask:
    app = _direct()
    app.before_request(lambda: None)
    return app


def _by_hand() -> Flask:
    """Flask's own means, without checking anything."""
    app = Flask("by_hand")

    def answer(call: Any) -> Any:
        params = call["params"]
        result = params["text"] if call["method"] == "echo" else plain_quote(params["order"])
        return {"jsonrpc": "2.0", "id": call["id"], "result": result}

    @app.post("/rpc")
    def rpc() -> Response:
        calls = request.get_json()
        return jsonify([answer(call) for call in calls] if isinstance(calls, list) else answer(calls))

    return app


def plain_quote(order: dict[str, Any]) -> dict[str, Any]:
    lines = [{"sku": item["sku"], "amount": item["quantity"] * item["price"]} for item in order["items"]]
    total = sum([line["amount"] for line in lines])
    return {"customer": order["customer"], "currency": order["currency"], "total": total, "lines": lines}


def _flask_jsonrpc() -> Flask:
    # an optional peer: it is installed for benchmarks only
    from .peers.flask_jsonrpc import make  # noqa: PLC0415

    return make()


async def _echo(text: str) -> str:
    return text


async def _quote(order: Order) -> Quote:
    return quote(order)


def _on_loop() -> Any:
    app = Flask("on_loop")
    hp = Hotplate(app)
    hp.method("echo")(_echo)
    hp.method("quote")(_quote)
    return hotplate.asgi(app)


def _fastapi_jsonrpc() -> Any:
    from .peers.fastapi_jsonrpc import make  # noqa: PLC0415 - as above

    return make()


def _jsonrpc_py() -> Any:
    from .peers.jsonrpc_py import make  # noqa: PLC0415 - as above

    return make()


ASGI_PEERS: Mapping[str, Callable[[], Any]] = {
    "raw_asgi": lambda: raw_asgi,
    "on_loop": _on_loop,
    "in_threads": lambda: hotplate.asgi(_direct()),
    "jsonrpc_py": _jsonrpc_py,
    "fastapi_jsonrpc": _fastapi_jsonrpc,
}
"""The same for ASGI servers."""

PEERS: Mapping[str, Callable[[], Any]] = {
    "raw": lambda: raw,
    "direct": _direct,
    "view": _view,
    "by_hand": _by_hand,
    "flask_jsonrpc": _flask_jsonrpc,
}
"""Makers of the applications, by the names that servers import."""


@cache
def __getattr__(name: str) -> Any:
    make = PEERS.get(name) or ASGI_PEERS.get(name)
    if make is None:
        raise AttributeError(name)
    return make()


def bodies() -> dict[str, bytes]:
    """What is sent, by the name of the case."""
    call = {"jsonrpc": "2.0", "method": "echo", "params": {"text": "The quick brown fox jumps over the lazy dog"}}
    items = [{"sku": f"SKU-{n:05}", "quantity": n % 7 + 1, "price": n * 1.25 + 0.99} for n in range(20)]
    order = {"customer": "Acme Corporation", "currency": "EUR", "items": items}
    return {
        "echo": _encode(call | {"id": 1}),
        "batch of 50": _encode([call | {"id": n} for n in range(50)]),
        "quote": _encode({"jsonrpc": "2.0", "method": "quote", "params": {"order": order}, "id": 1}),
    }
