"""An application for ASGI servers: methods of both kinds, pages that are streamed, uploads."""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from flask import Flask, Response, request

import hotplate
from hotplate import Hotplate

app = Flask(__name__)
app.config["HOTPLATE_ACCESS"] = "open"
hp = Hotplate(app)
notes = Path(os.environ.get("NOTES", "."))


@hp.method
async def pause(name: str, seconds: float = 0.0) -> str:
    await asyncio.sleep(seconds)
    return name


@hp.method
def echo(text: str) -> str:
    return text


@hp.method(request=True)
def agent() -> str:
    return request.headers["User-Agent"]


@hp.method
def hold(name: str) -> str:
    """Answer when the file `go` is there."""
    (notes / name).touch()
    while not (notes / "go").exists():
        time.sleep(0.01)
    return name


@app.get("/endless/<name>")
def endless(name: str) -> Response:
    """A page without an end. What has become of it is in the notes."""

    def pieces() -> Iterator[bytes]:
        count = 0
        try:
            while True:
                count += 1
                (notes / f"{name}.sent").write_text(str(count))
                yield b"x" * 65536
                time.sleep(0.001)
        finally:
            (notes / f"{name}.closed").touch()

    return Response(pieces(), mimetype="application/octet-stream")


@app.get("/page")
def page() -> Response:
    answer = Response(f"{request.args['q']} {request.cookies.get('a', '')}")
    answer.set_cookie("a", "1")
    answer.set_cookie("b", "2")
    return answer


@app.post("/digest")
def digest() -> str:
    found, size = hashlib.sha256(), 0
    while piece := request.stream.read(65536):
        found.update(piece)
        size += len(piece)
    return f"{size} {found.hexdigest()}"


@app.get("/broken")
def broken() -> Response:
    def pieces() -> Iterator[bytes]:
        yield b"begun"
        raise RuntimeError("in the middle")

    return Response(pieces())


asgi = hotplate.asgi(app)
