"""The application under test: the same functions, answered in two ways, `direct` and `view`, by WSGI and by ASGI."""

from __future__ import annotations

import math
from typing import Any

import flask
from flask import Flask, abort
from msgspec import Struct

import hotplate
from hotplate import Error, Hotplate, Namespace

hp = Hotplate(version="1.2.3")
remembered: list[str] = []


class Point(Struct):
    x: float
    y: float = 0.0


@hp.method
def subtract(minuend: int, subtrahend: int) -> int:
    return minuend - subtrahend


@hp.method("sum")
def sum_of(a: int, b: int, c: int) -> int:
    return a + b + c


@hp.method
def update(a: int, b: int, c: int, d: int, e: int) -> None:
    """Nothing."""


@hp.method
def notify_hello(n: int) -> None:
    """Nothing."""


@hp.method
def notify_sum(a: int, b: int, c: int) -> None:
    """Nothing."""


@hp.method
def get_data() -> list[Any]:
    return ["hello", 5]


@hp.method
def echo(text: str) -> str:
    return text


@hp.method
def same(value: Any) -> Any:
    return value


@hp.method
def greet(name: str = "you", *, loud: bool = False) -> str:
    return f"HELLO {name}" if loud else f"Hello {name}"


@hp.method
def mirror(point: Point) -> Point:
    return Point(-point.x, -point.y)


@hp.method
def ratio(a: float, b: float = 2.0) -> float:
    return a / b


@hp.method
def nothing() -> None:
    """Nothing."""


@hp.method
def remember(text: str) -> None:
    remembered.append(text)


@hp.method
def recall() -> list[str]:
    return remembered


@hp.method
def fail(text: str = "secret /etc/passwd") -> None:
    raise RuntimeError(text)


@hp.method
def refuse(code: Any = 42, message: Any = "No", data: Any = None) -> None:
    raise Error(code, message, data)


@hp.method
def refuse_unwritable() -> None:
    raise Error(7, "No", {"secret": object()})


@hp.method
def missing(status: int = 404) -> None:
    abort(status)


@hp.method
def not_finite(where: str) -> Any:
    values = {"alone": math.nan, "in a list": [1.0, math.inf], "in an object": {"a": {"b": -math.inf}}}
    return values[where]


@hp.method
def not_writable(kind: str) -> Any:
    loop: list[Any] = []
    loop.append(loop)
    return {"an object": object(), "a circle": loop, "a surrogate": "\ud800", "a huge number": 10**5000}[kind]


@hp.method
async def later(text: str) -> str:
    return f"{text} later"


@hp.method(request=True)
def agent() -> str:
    return flask.request.headers["User-Agent"]


@hp.method
def agent_without_request() -> str:
    return flask.request.headers["User-Agent"]


@hp.service
class Echo:
    def uppercase(self, msg: str) -> str:
        return msg.upper()


short = Namespace("short")


@short.method
def lowercase(msg: str) -> str:
    return msg.lower()


hp.include(short, path="/short/")


def make(name: str, **config: Any) -> Flask:
    app = Flask(name)
    app.config.update({"HOTPLATE_ACCESS": "open", **config})
    hp.init_app(app)
    return app


direct = make("direct")
view = make("view")
view.before_request(lambda: None)
asgi, asgi_view = hotplate.asgi(direct), hotplate.asgi(view)
