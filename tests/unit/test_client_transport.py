"""What the client does when the network or the server fails: against an HTTP server that fails as it is told."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from hotplate import errors
from hotplate.client import Client, TimeoutError, TransportError
from hotplate.client.transport import addresses

Reply = Callable[["Handler", dict[str, Any]], None]


class Handler(BaseHTTPRequestHandler):
    """Answers each POST with the next reply of its server, the last one again and again."""

    protocol_version = "HTTP/1.1"
    server: FailingServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        request = json.loads(body)
        self.server.requests.append(request)
        self.server.headers.append(dict(self.headers))
        replies = self.server.replies
        (replies.pop(0) if len(replies) > 1 else replies[0])(self, request)

    def send(self, status: int, body: bytes, media_type: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", media_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        pass


class FailingServer(ThreadingHTTPServer):
    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.replies: list[Reply] = []
        self.requests: list[Any] = []
        self.headers: list[dict[str, str]] = []
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


def result(value: Any) -> Reply:
    return lambda handler, request: handler.send(
        200, json.dumps({"jsonrpc": "2.0", "id": request["id"], "result": value}).encode()
    )


def error(code: int, message: str = "", data: Any = None, status: int = 200) -> Reply:
    body = {"code": code, "message": message, "data": data}
    return lambda handler, request: handler.send(
        status, json.dumps({"jsonrpc": "2.0", "id": request.get("id"), "error": body}).encode()
    )


def page(status: int, text: str = "<h1>gone</h1>") -> Reply:
    return lambda handler, request: handler.send(status, text.encode(), "text/html")


def hang_up(handler: Handler, request: dict[str, Any]) -> None:
    handler.close_connection = True


def never(handler: Handler, request: dict[str, Any]) -> None:
    handler.server.released.wait(30)
    handler.close_connection = True


@pytest.fixture
def server() -> Iterator[FailingServer]:
    failing = FailingServer()
    thread = threading.Thread(target=failing.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield failing
    failing.released.set()
    failing.shutdown()
    thread.join()
    failing.server_close()


@pytest.fixture
def client(server: FailingServer) -> Iterator[Client]:
    with Client(server.url, timeout=5) as client:
        yield client


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.parametrize("failure", [hang_up, page(502), page(503), page(504), error(-32020)])
def test_a_read_is_repeated_until_it_is_answered(server: FailingServer, client: Client, failure: Reply) -> None:
    server.replies = [failure, result("fine")]
    assert client.call("run.get", id="x") == "fine"
    assert server.requests == [server.requests[0]] * 2


@pytest.mark.parametrize("name", ["run.list", "run.wait", "run.log", "run.cancel", "worker.list", "rpc.discover"])
def test_built_in_methods_that_change_nothing_when_repeated_are_reads(
    server: FailingServer, client: Client, name: str
) -> None:
    server.replies = [hang_up, result("fine")]
    assert client.call(name) == "fine"


@pytest.mark.parametrize("failure", [hang_up, page(502), page(503)])
@pytest.mark.parametrize("name", ["transfer", "run.retry", "run.start"])
def test_a_call_that_may_have_been_executed_is_not_repeated(
    server: FailingServer, client: Client, failure: Reply, name: str
) -> None:
    server.replies = [failure, result("twice")]
    with pytest.raises(TransportError):
        client.call(name, job="j")
    assert len(server.requests) == 1


def test_any_call_is_repeated_that_the_server_says_changed_nothing(server: FailingServer, client: Client) -> None:
    server.replies = [error(-32020), result("once")]
    assert client.transfer(amount=3) == "once"


def test_a_start_is_repeated_under_one_key(server: FailingServer, client: Client) -> None:
    server.replies = [hang_up, error(-32004)]
    with pytest.raises(errors.NotFound):
        client.sum.start(1, 2)
    first, second = (request["params"] for request in server.requests)
    assert first == second
    assert first["params"] == [1, 2]
    assert len(first["key"]) == 36


def test_retries_end_with_the_last_failure(server: FailingServer) -> None:
    server.replies = [hang_up]
    with Client(server.url, retries=1) as client, pytest.raises(TransportError, match=server.url):
        client.call("run.list")
    assert len(server.requests) == 2


def test_a_batch_is_repeated_only_if_all_its_calls_may_be(server: FailingServer, client: Client) -> None:
    server.replies = [hang_up, lambda handler, _: handler.send(200, b'{"error": {"code": 1, "message": "it came"}}')]
    batch = client.batch()
    batch.call("run.get", id="x")
    batch.sum.start(1)
    with pytest.raises(errors.Error, match="it came"), batch:
        pass
    server.replies = [hang_up, result("twice")]
    batch.call("transfer")
    with pytest.raises(TransportError), batch:
        pass
    assert len(server.requests) == 3


def test_a_server_that_is_not_there_is_named() -> None:
    url = f"http://127.0.0.1:{unused_port()}"
    with Client(url, retries=0) as client, pytest.raises(TransportError, match=f"cannot reach {url}/rpc"):
        client.reverse("abc")


def test_a_server_that_comes_up_meanwhile_gets_any_call() -> None:
    port = unused_port()
    answers: list[Any] = []
    with Client(f"http://127.0.0.1:{port}", retries=8) as client:
        caller = threading.Thread(target=lambda: answers.append(client.reverse("abc")))
        caller.start()
        with FailingServer(port) as late:
            late.replies = [result("cba")]
            threading.Thread(target=late.serve_forever, kwargs={"poll_interval": 0.02}).start()
            caller.join(20)
            late.shutdown()
    assert answers == ["cba"]


def test_no_answer_in_time_is_a_timeout(server: FailingServer) -> None:
    server.replies = [never]
    with Client(server.url, timeout=0.1, retries=3) as client, pytest.raises(TimeoutError, match="in time"):
        client.reverse("abc")
    assert len(server.requests) == 1


def test_a_timeout_is_caught_as_pythons_own(server: FailingServer) -> None:
    import builtins

    server.replies = [never]
    with Client(server.url, timeout=0.1, retries=0) as client, pytest.raises(builtins.TimeoutError):
        client.reverse("abc")


@pytest.mark.parametrize(
    "reply",
    [
        page(200),
        page(404),
        page(500),
        page(200, ""),
        page(200, "[]"),
        page(200, "{}"),
        page(200, '{"jsonrpc": "2.0", "id": "other", "result": 1}'),
        page(200, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1")),
    ],
)
def test_what_is_no_json_rpc_answer_is_a_transport_error(server: FailingServer, client: Client, reply: Reply) -> None:
    server.replies = [reply]
    with pytest.raises(TransportError, match="not JSON-RPC") as caught:
        client.reverse("abc")
    assert caught.value.status in (200, 404, 500)


@pytest.mark.parametrize("status", [200, 400, 413, 500])
def test_an_error_object_is_raised_whatever_the_http_status(server: FailingServer, client: Client, status: int) -> None:
    server.replies = [error(-32600, "Invalid Request", "too long", status)]
    with pytest.raises(errors.InvalidRequest, match="too long"):
        client.reverse("abc")


def test_an_error_of_the_functions_own_keeps_code_message_and_data(server: FailingServer, client: Client) -> None:
    server.replies = [error(42, "No such bird", {"bird": "dodo"})]
    with pytest.raises(errors.Error) as caught:
        client.find("dodo")
    assert (caught.value.code, caught.value.message, caught.value.data) == (42, "No such bird", {"bird": "dodo"})


def test_a_batch_that_is_refused_as_a_whole_raises_at_the_end_of_its_block(
    server: FailingServer, client: Client
) -> None:
    server.replies = [
        lambda handler, _: handler.send(200, b'{"id": null, "error": {"code": -32600, "message": "batch too long"}}')
    ]
    with pytest.raises(errors.InvalidRequest, match="batch too long"), client.batch() as batch:
        answer = batch.reverse("abc")
    with pytest.raises(errors.HotplateError, match="reverse has no answer yet"):
        answer.result()


def test_a_batch_that_lacks_an_answer_is_a_transport_error(server: FailingServer, client: Client) -> None:
    server.replies = [lambda handler, _: handler.send(200, b"[]")]
    with pytest.raises(TransportError), client.batch() as batch:
        batch.reverse("abc")


def test_an_empty_batch_sends_nothing(server: FailingServer, client: Client) -> None:
    with client.batch():
        pass
    assert server.requests == []


def test_a_batch_whose_block_raised_sends_nothing(server: FailingServer, client: Client) -> None:
    batch = client.batch()
    batch.reverse("abc")
    with pytest.raises(KeyError), batch:
        raise KeyError
    assert server.requests == []


def test_a_token_is_sent_as_bearer(server: FailingServer) -> None:
    server.replies = [result(None)]
    with Client(server.url, token="secret") as client:
        client.reverse("abc")
    assert server.headers[0]["Authorization"] == "Bearer secret"


def test_nan_is_refused_before_anything_is_sent(server: FailingServer, client: Client) -> None:
    with pytest.raises(ValueError, match="JSON"):
        client.square(float("nan"))
    assert server.requests == []


def test_arguments_are_given_by_position_or_by_name_but_not_both(server: FailingServer, client: Client) -> None:
    server.replies = [result(None)]
    client.company.get(1)
    client.company.get(id=1)
    client.company.get()
    assert [request.get("params") for request in server.requests] == [[1], {"id": 1}, None]
    with pytest.raises(TypeError, match=r"company\.get"):
        client.company.get(1, id=1)
    with pytest.raises(TypeError, match=r"company\.get"):
        client.company.get.start(1, id=1)


def test_private_names_are_no_functions(client: Client) -> None:
    assert not hasattr(client, "_ipython_display_")
    assert not hasattr(client.company, "__wrapped__")


@pytest.mark.parametrize(
    ("url", "rpc", "root"),
    [
        ("http://h", "http://h/rpc", "http://h"),
        ("http://h:5000/", "http://h:5000/rpc", "http://h:5000"),
        ("https://h/tools/rpc", "https://h/tools/rpc", "https://h/tools"),
        ("http://h/json_echo/", "http://h/json_echo/", "http://h/json_echo"),
    ],
)
def test_a_url_is_the_root_or_the_rpc_address(url: str, rpc: str, root: str) -> None:
    assert addresses(url, None) == (rpc, root)


def test_the_root_can_be_given() -> None:
    assert addresses("http://h/json_echo/", "http://h/") == ("http://h/json_echo/", "http://h")


@pytest.mark.parametrize("url", ["", "127.0.0.1:5000", "ftp://h", "http://", "/rpc"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="no http"):
        Client(url)


def test_the_client_imports_no_flask_and_no_engine() -> None:
    code = "import hotplate.client, hotplate.client.terminal, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"flask", "werkzeug", "sqlite3", "hotplate.extension", "hotplate.engine"} & set(loaded)
