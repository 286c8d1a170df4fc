"""The doors that calls come in by: in this process, and behind real servers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from werkzeug.test import Client

from tests.processes import Processes
from tests.protocol import service

ROOT = Path(__file__).parents[2]
IN_PROCESS = ("direct", "view", "asgi", "asgi_view")
WSGI_SERVERS = ("flask", "gunicorn", "granian")
SERVERS = (*WSGI_SERVERS, "uvicorn")


class Answer(NamedTuple):
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


Send = Callable[..., Answer]
"""`send(body, path="/rpc", method="POST", **headers)`; a header's name is written with underscores."""


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """The address of a server of each kind, started when it is first asked for."""
    processes, urls = Processes(tmp_path_factory.mktemp("servers")), dict[str, str]()

    def url(kind: str) -> str:
        if kind not in urls:
            more = {"gunicorn": ("--no-control-socket",), "granian": ("--blocking-threads", "4")}.get(kind, ())
            app = "direct" if kind in WSGI_SERVERS else "asgi"
            urls[kind] = getattr(processes, kind)(f"tests.protocol.service:{app}", *more, cwd=ROOT).url
        return urls[kind]

    yield url
    processes.end_all()


@pytest.fixture(params=[*IN_PROCESS, *SERVERS])
def send(request: pytest.FixtureRequest) -> Iterator[Send]:
    """Sends a request in by each of the doors, one after the other."""
    yield from _sending(request, request.param)


@pytest.fixture(params=IN_PROCESS)
def send_here(request: pytest.FixtureRequest) -> Iterator[Send]:
    """Sends a request in by the doors of this process."""
    yield from _sending(request, request.param)


def _sending(request: pytest.FixtureRequest, door: str) -> Iterator[Send]:
    if door in IN_PROCESS:
        made = getattr(service, door)
        yield sending_to_asgi(made) if door.startswith("asgi") else sending_to(made)
        return
    with httpx.Client(base_url=request.getfixturevalue("servers")(door), timeout=30) as client:

        def send(body: bytes, path: str = "/rpc", method: str = "POST", **headers: str) -> Answer:
            response = client.request(method, path, content=body, headers=_headers(headers))
            return Answer(response.status_code, response.headers, response.content)

        yield send


def sending_to(app: Any, **environ: Any) -> Send:
    """Sends requests to a WSGI application in this process, with more in their environ."""
    client = Client(app)

    def send(body: bytes, path: str = "/rpc", method: str = "POST", **headers: str) -> Answer:
        sized = _headers(headers) | {"Content-Length": str(len(body))}
        more = {"REMOTE_ADDR": "127.0.0.1", **environ}
        options: dict[str, Any] = {"method": method, "headers": sized, "environ_overrides": more}
        with client.open(path, input_stream=io.BytesIO(body), **options) as response:
            return Answer(response.status_code, response.headers, response.get_data())

    return send


def sending_to_asgi(app: Any) -> Send:
    """Sends requests to an ASGI application in this process, each from an event loop of its own."""

    async def ask(body: bytes, path: str, method: str, headers: Mapping[str, str]) -> Answer:
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            response = await client.request(method, path, content=body, headers=headers)
            return Answer(response.status_code, response.headers, response.content)

    def send(body: bytes, path: str = "/rpc", method: str = "POST", **headers: str) -> Answer:
        return asyncio.run(ask(body, path, method, _headers(headers)))

    return send


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return {"Content-Type": "application/json", **named}
