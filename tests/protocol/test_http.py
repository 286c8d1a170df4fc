"""What stands around a JSON-RPC message: media types, HTTP methods, sizes, chunks, addresses."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

import httpx
import pytest

from tests.protocol import service
from tests.protocol.cases import call
from tests.protocol.conftest import SERVERS, WSGI_SERVERS, Send, sending_to

GOOD = call(b'"echo", "params": ["abc"]')
RESULT = b'{"jsonrpc":"2.0","id":1,"result":"abc"}'
REMEMBER = b'{"jsonrpc": "2.0", "method": "remember", "params": ["%b"], "id": 1}'

TAKEN = [
    "application/json",
    "application/json-rpc",
    "application/jsonrequest",
    "Application/JSON",
    "application/json; charset=utf-8",
    'application/json;charset="UTF-8"',
    "application/json; indent=4",
    "application/json ;profile=x; charset=utf-8",
]

NOT_TAKEN = [
    "text/plain",
    "text/plain; charset=utf-8",
    "text/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/xml",
    "application/jsonp",
    "application/json2",
    "application/vnd.api+json",
    "application/*",
    "application/json, text/plain",
    "application/json; charset=latin-1",
    "application/json; charset=utf-16",
    'application/json; charset="utf-7"',
    "application/json; indent=4; charset=iso-8859-1",
    "json",
    "",
]


def recalled(send: Send) -> list[str]:
    texts: list[str] = json.loads(send(call(b'"recall"')).body)["result"]
    return texts


@pytest.mark.parametrize("media_type", TAKEN)
def test_json_is_taken(media_type: str, send: Send) -> None:
    assert send(GOOD, Content_Type=media_type)[::2] == (200, RESULT)


@pytest.mark.parametrize("media_type", NOT_TAKEN)
def test_anything_else_is_refused_and_not_carried_out(media_type: str, send: Send) -> None:
    status, _, body = send(REMEMBER % b"of a wrong type", Content_Type=media_type)
    assert status == 415
    assert json.loads(body)["error"]["code"] == -32600
    assert "of a wrong type" not in recalled(send)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "gzip, identity"])
def test_an_encoded_body_is_refused(coding: str, send: Send) -> None:
    assert send(gzip.compress(REMEMBER % b"packed"), Content_Encoding=coding).status == 415
    assert "packed" not in recalled(send)


def test_the_identity_coding_is_none(send: Send) -> None:
    assert send(GOOD, Content_Encoding="identity").body == RESULT


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "HEAD"])
def test_only_post_is_allowed(method: str, send: Send) -> None:
    status, headers, body = send(b"", method=method)
    assert (status, body) == (405, b"")
    assert set(headers["Allow"].split(", ")) == {"POST", "OPTIONS"}


def test_options_says_what_is_allowed(send: Send) -> None:
    status, headers, _ = send(b"", method="OPTIONS")
    assert (status, headers["Allow"]) == (204, "POST, OPTIONS")


def test_a_browser_is_led_to_the_console(send: Send) -> None:
    status, headers, _ = send(b"", method="GET", Accept="text/html,application/xhtml+xml")
    assert (status, headers["Location"].removeprefix("http://localhost")) == (303, "/console/")


def test_a_body_that_is_too_large_is_refused(send: Send) -> None:
    large = REMEMBER % (b"large" + b" " * 4 * 1024**2)
    status, _, body = send(large)
    assert status == 413
    assert json.loads(body)["error"]["code"] == -32600
    assert not any("large" in text for text in recalled(send))


def test_a_body_of_just_the_limit_is_taken(send_here: Send) -> None:
    room = 4 * 1024**2 - len(call(b'"echo", "params": [""]'))
    answer = json.loads(send_here(call(b'"echo", "params": ["%b"]' % (b"x" * room))).body)
    assert len(answer["result"]) == room


def test_a_body_that_is_too_large_is_not_read() -> None:
    class Untouchable:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

    environ = {"CONTENT_LENGTH": "4194305", "wsgi.input": Untouchable()}
    send = sending_to(service.direct, **environ)
    assert send(b"").status == 413


def test_a_limit_can_be_set() -> None:
    send = sending_to(service.make("small", HOTPLATE_MAX_BODY=60, HOTPLATE_MAX_BATCH=1))
    ping = b'{"jsonrpc":"2.0","method":"nothing","id":1}'
    assert send(ping).status == 200
    assert send(GOOD + b" " * 60).status == 413
    assert send(b"[1,1]").body.startswith(b'{"jsonrpc":"2.0","id":null,"error":{"code":-32600')


def test_an_answer_states_its_length(send: Send) -> None:
    assert send(GOOD).headers["Content-Length"] == str(len(RESULT))


def test_another_address_is_the_applications_own(send: Send) -> None:
    assert send(GOOD, path="/rpc/").status == 404
    assert send(GOOD, path="/RPC").status == 404


def test_a_namespace_has_an_address_of_its_own(send: Send) -> None:
    assert b'"result":"abc"' in send(call(b'"lowercase", "params": ["ABC"]'), path="/short/").body
    assert b"-32601" in send(GOOD, path="/short/").body
    assert b'"x-hotplate-kind"' in send(call(b'"rpc.discover"'), path="/short/").body


def test_health_needs_no_host_name(send: Send) -> None:
    assert send(b"", path="/health", method="GET", Host="load-balancer.internal")[::2] == (200, b'{"status":"ok"}')


CHUNKED = (
    b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
)
PLAIN = b"POST /rpc HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
BODY = REMEMBER % b"in chunks"
SIZE = b"%x" % len(BODY)


def whole(*chunks: bytes) -> bytes:
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"


BROKEN = {
    "a size that is no number": CHUNKED + b"zz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a negative size": CHUNKED + b"-5\r\n" + BODY + b"\r\n0\r\n\r\n",
    "a size that is too large": CHUNKED + b"%x\r\n" % (len(BODY) + 10) + BODY[:-1],
    "an end in the middle": CHUNKED + SIZE + b"\r\n" + BODY[:20],
    "an end before the first chunk": CHUNKED,
    "fewer bytes than stated": PLAIN % (len(BODY) + 1) + BODY[:-1],
    "nothing of what was stated": PLAIN % len(BODY),
    "no body": PLAIN.replace(b"Content-Length: %d\r\n", b""),
}

REFUSED_BY_SERVER = {
    "a length that is no number": PLAIN.replace(b"%d", b"many") + BODY,
    "a negative length": PLAIN.replace(b"%d", b"-1") + BODY,
    "a length beyond all bounds": PLAIN.replace(b"%d", b"9" * 5000) + BODY,
}


Say = Callable[..., tuple[int, bytes]]


@pytest.fixture(params=SERVERS)
def say(request: pytest.FixtureRequest, servers: Callable[[str], str]) -> Say:
    """Sends raw bytes to a real server (`cut`: and no more); the status and the body of the answer."""
    return saying_to(servers(request.param))


@pytest.fixture(params=WSGI_SERVERS)
def say_wsgi(request: pytest.FixtureRequest, servers: Callable[[str], str]) -> Say:
    """The same to servers that leave it to the application to read a body."""
    return saying_to(servers(request.param))


def saying_to(url: str) -> Say:
    address = urlsplit(url)

    def say(sent: bytes, cut: bool = False) -> tuple[int, bytes]:
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
            connection.sendall(sent)
            if cut:
                connection.shutdown(socket.SHUT_WR)
            return received(connection)

    return say


def received(connection: socket.socket) -> tuple[int, bytes]:
    """The next answer on a connection."""
    with connection.makefile("rb") as source:
        status = int(source.readline().split()[1])
        headers = dict[str, str]()
        while line := source.readline().strip().decode():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        length = headers.get("content-length")
        return status, source.read() if length is None else source.read(int(length))


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_chunked_body_is_read(size: int, say: Say) -> None:
    chunks = [GOOD[at : at + size] for at in range(0, len(GOOD), size)]
    assert say(CHUNKED + whole(*chunks)) == (200, RESULT)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_a_parse_error(name: str, say_wsgi: Say) -> None:
    status, body = say_wsgi(BROKEN[name], cut=name != "no body")
    assert (status, json.loads(body)["error"]["code"]) == (200, -32700)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_body_is_not_carried_out_behind_an_asgi_server(name: str, servers: Callable[[str], str]) -> None:
    address = urlsplit(servers("uvicorn"))
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=20) as connection:
        connection.sendall(BROKEN[name])
        connection.shutdown(socket.SHUT_WR)
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"result" not in said
    assert not said or said.startswith(b"HTTP/1.1 400") or b"-32700" in said
    recall = httpx.post(f"{servers('uvicorn')}/rpc", json={"jsonrpc": "2.0", "method": "recall", "id": 1})
    assert "in chunks" not in recall.json()["result"]


def test_a_chunk_beyond_all_bounds_is_refused(say_wsgi: Say) -> None:
    _, body = say_wsgi(CHUNKED + b"ffffffffffffffffff\r\n" + BODY[:-1], cut=True)
    assert json.loads(body)["error"]["code"] in (-32700, -32600)


@pytest.mark.parametrize("name", REFUSED_BY_SERVER)
def test_a_wrong_length_is_no_error_of_the_server(name: str, say: Say) -> None:
    assert 400 <= say(REFUSED_BY_SERVER[name])[0] < 500


def test_chunks_that_are_too_many_are_refused(say: Say) -> None:
    status, body = say(CHUNKED + whole(*[b"x" * 65536] * 64, b"x"))
    assert (status, json.loads(body)["error"]["code"]) == (413, -32600)


def test_a_body_of_no_type_is_refused(say: Say) -> None:
    assert say(PLAIN.replace(b"Content-Type: application/json\r\n", b"") % len(BODY) + BODY)[0] == 415


def test_a_request_without_a_host_is_refused(say: Say) -> None:
    assert 400 <= say(PLAIN.replace(b"Host: localhost\r\n", b"").replace(b"1.1", b"1.0") % len(BODY) + BODY)[0] < 500
