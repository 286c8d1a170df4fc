"""The doors that calls come in by: in this process, and behind real servers."""

from __future__ import annotations

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
IN_PROCESS = ("direct", "view")
SERVERS = ("flask", "gunicorn", "granian")


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
            urls[kind] = getattr(processes, kind)("tests.protocol.service:direct", *more, cwd=ROOT).url
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
        yield sending_to(getattr(service, door))
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


def _headers(given: Mapping[str, str]) -> dict[str, str]:
    named = {name.replace("_", "-"): value for name, value in given.items()}
    return {"Content-Type": "application/json", **named}
