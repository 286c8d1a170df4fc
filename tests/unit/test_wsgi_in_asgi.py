"""The rules between a WSGI application and an ASGI server, asked without a server."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from typing import Any

import pytest

from hotplate.web import wsgi_in_asgi
from hotplate.web.scope import environ_of
from hotplate.web.threads import Threads
from hotplate.web.wsgi_in_asgi import MOST_HELD, BrokenOff, WsgiInAsgi
from tests.asgi import Exchanged, Pairs, scope
from tests.processes import soon

OK: Pairs = [("Content-Type", "text/plain")]
App = Callable[[dict[str, Any], Any], Iterable[bytes]]


def answer(app: App, pieces: Iterable[bytes] = (b"",), **options: Any) -> Exchanged:
    """What `app` answers to one request."""

    async def ask() -> Exchanged:
        exchanged = Exchanged(pieces)
        max_body = options.pop("max_body", 1000)
        environ = environ_of(scope(**options))
        await WsgiInAsgi(Threads(2), max_body).serve(app, environ, exchanged.receive, exchanged.send)
        return exchanged

    return asyncio.run(ask())


def environ_seen(pieces: Iterable[bytes] = (b"",), **options: Any) -> dict[str, Any]:
    """The environ that an application gets."""
    seen: dict[str, Any] = {}

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ, body=environ["wsgi.input"].read())
        start_response("200 OK", OK)
        return []

    answer(app, pieces, **options)
    return seen


def saying(status: str, headers: Pairs, *chunks: bytes) -> App:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response(status, list(headers))
        return chunks

    return app


class Stream:
    """An answer that goes on until it is closed; `closed_by` is the thread that has done it."""

    def __init__(self, chunk: bytes = b"x" * 1000) -> None:
        self.closed, self.closed_by, self.begun_by = threading.Event(), "", ""
        self.given, self._chunk = 0, chunk

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        self.begun_by = threading.current_thread().name + str(threading.get_ident())
        start_response("200 OK", OK)
        return self

    def __iter__(self) -> Iterator[bytes]:
        while not self.closed.wait(0.001):
            self.given += len(self._chunk)
            yield self._chunk

    def close(self) -> None:
        self.closed_by = threading.current_thread().name + str(threading.get_ident())
        self.closed.set()


def test_an_answer_arrives() -> None:
    got = answer(saying("200 OK", [("X-A", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")], b"a", b"", b"b"))
    assert (got.status, got.body, got.is_whole) == (200, b"ab", True)
    assert got.headers == [(b"x-a", b"1"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]


def test_an_answer_without_a_body_has_its_headers() -> None:
    got = answer(saying("404 Not Found", OK))
    assert (got.status, got.body, got.is_whole) == (404, b"", True)


def test_the_environ_is_that_of_pep_3333() -> None:
    seen = environ_seen(
        [b"ab", b"cd"],
        method="POST",
        path="/mount/ü/%20",
        raw_path=b"/mount/%C3%BC/%2520",
        root_path="/mount",
        query_string=b"q=%C3%BC&a=\xff",
        headers=[("Content-Type", "text/x"), ("content-length", "4"), ("x-name", "\xe9")],
    )
    assert (seen["SCRIPT_NAME"], seen["PATH_INFO"]) == ("/mount", "/\xc3\xbc/%20")
    assert seen["QUERY_STRING"] == "q=%C3%BC&a=\xff"
    assert (seen["CONTENT_TYPE"], seen["CONTENT_LENGTH"], seen["HTTP_X_NAME"]) == ("text/x", "4", "\xe9")
    assert (seen["SERVER_NAME"], seen["SERVER_PORT"], seen["REMOTE_ADDR"]) == ("127.0.0.1", "80", "127.0.0.1")
    assert (seen["wsgi.url_scheme"], seen["SERVER_PROTOCOL"], seen["body"]) == ("http", "HTTP/1.1", b"abcd")
    assert seen["wsgi.errors"] is sys.stderr
    assert seen["wsgi.multithread"] is True


def test_what_is_no_utf8_in_a_path_stays_as_it_was() -> None:
    assert environ_seen(path="/\ufffd", raw_path=b"/%FF")["PATH_INFO"] == "/\xff"


def test_repeated_headers_are_joined_and_cookies_by_semicolons() -> None:
    seen = environ_seen(headers=[("x-a", "1"), ("cookie", "a=1"), ("x-a", "2"), ("cookie", "b=2")])
    assert (seen["HTTP_X_A"], seen["HTTP_COOKIE"]) == ("1,2", "a=1; b=2")


def test_a_header_that_could_be_taken_for_another_is_left_out() -> None:
    assert not {key for key in environ_seen(headers=[("x_real_ip", "1.2.3.4")]) if "REAL" in key}


def test_a_body_without_a_length_ends_where_it_ends() -> None:
    seen = environ_seen([b"a" * 400, b"", b"b" * 400], method="POST", headers=[("transfer-encoding", "chunked")])
    assert seen["body"] == b"a" * 400 + b"b" * 400
    assert seen["wsgi.input_terminated"] is True
    assert "CONTENT_LENGTH" not in seen


def test_a_large_body_can_be_read_line_by_line() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", OK)
        first, *more = environ["wsgi.input"]
        return [b"%d %d" % (len(first), len(more))]

    lines = [b"x" * 1023 + b"\n"] * 3000
    assert answer(app, lines, method="POST", max_body=4_000_000).body == b"1024 2999"


@pytest.mark.parametrize("headers", [[("content-length", "1001")], [("content-length", "9" * 400)], []])
def test_a_body_that_is_too_large_is_refused_before_the_application_is_asked(headers: Pairs) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise AssertionError("it was asked")

    assert answer(app, [b"x" * 600] * 3, method="POST", headers=headers).status == 413


def test_a_client_that_goes_before_its_body_has_come_is_not_answered() -> None:
    async def ask() -> Exchanged:
        exchanged = Exchanged([b"a", b"b"])
        exchanged._given.pop()
        exchanged.gone.set()
        app = saying("200 OK", OK, b"x")
        await WsgiInAsgi(Threads(1), 100).serve(app, environ_of(scope("POST")), exchanged.receive, exchanged.send)
        return exchanged

    assert asyncio.run(ask()).sent == []


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
def test_some_answers_have_no_body(status: str) -> None:
    got = answer(saying(status, [("Content-Length", "5")], b"hello"))
    assert (got.body, got.is_whole) == (b"", True)
    assert ((b"content-length", b"5") in got.headers) == (status[:3] == "304")


def test_the_answer_to_head_has_no_body_and_is_not_made_to_its_end() -> None:
    stream = Stream()
    got = answer(stream, method="HEAD")
    assert (got.status, got.body, got.is_whole) == (200, b"", True)
    assert soon(stream.closed.is_set, 5)
    assert stream.given == 1000


def test_headers_between_two_servers_are_not_passed_on() -> None:
    got = answer(saying("200 OK", [("Transfer-Encoding", "chunked"), ("Connection", "close"), ("X-A", "1")], b"a"))
    assert got.headers == [(b"x-a", b"1")]


def test_what_write_was_given_comes_first() -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        write = start_response("200 OK", OK)
        write(b"first ")
        return [b"second"]

    assert answer(app).body == b"first second"


def test_a_second_start_is_an_error_unless_it_comes_with_an_exception() -> None:
    def twice(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", OK)
        start_response("201 Created", OK)
        return [b"x"]

    def corrected(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", OK)
        try:
            raise KeyError("k")
        except KeyError:
            start_response("418 Teapot", OK, sys.exc_info())
        return [b"x"]

    assert answer(twice).status == 500
    assert (answer(corrected).status, answer(corrected).body) == (418, b"x")


def test_an_exception_after_the_headers_were_sent_breaks_the_answer_off(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", OK)
        yield b"begun"
        try:
            raise KeyError("late")
        except KeyError:
            start_response("500 Late", OK, sys.exc_info())

    with pytest.raises(BrokenOff):
        answer(app)
    assert "KeyError" in caplog.text


@pytest.mark.parametrize("wrong", ["2xx", "200 OK"])
@pytest.mark.parametrize("header", [("X-A", "a\r\nX-B: b"), ("X-A\n", "a"), ("X-A", "\u20ac"), ("X-A", 5)])
def test_an_answer_that_cannot_be_sent_is_an_error(wrong: str, header: Any, caplog: pytest.LogCaptureFixture) -> None:
    assert answer(saying(wrong, [header], b"x")).status == 500
    assert "error id" in caplog.text


def test_an_application_that_raises_is_500_and_a_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", OK)
        raise RuntimeError("a secret")

    got = answer(app)
    assert (got.status, got.body) == (500, b"Internal Server Error\n")
    assert "GET / raised RuntimeError" in caplog.text


@pytest.mark.parametrize("raised", [SystemExit(3), KeyboardInterrupt(), StopIteration()])
def test_whatever_an_application_raises_ends_its_answer_alone(raised: BaseException) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise raised

    assert answer(app).status == 500


def test_an_application_that_never_starts_is_an_error() -> None:
    assert answer(lambda environ, start_response: [b"x"]).status == 500
    assert answer(lambda environ, start_response: []).status == 500


def test_text_is_no_body(caplog: pytest.LogCaptureFixture) -> None:
    assert answer(saying("200 OK", OK, "text")).status == 500  # type: ignore[arg-type]


def test_an_answer_longer_than_it_says_is_cut_and_a_shorter_one_broken_off(caplog: pytest.LogCaptureFixture) -> None:
    assert answer(saying("200 OK", [("Content-Length", "3")], b"ab", b"cd", b"ef")).body == b"abc"
    with pytest.raises(BrokenOff):
        answer(saying("200 OK", [("Content-Length", "3")], b"ab"))
    assert "longer than its Content-Length" in caplog.text
    assert "1 bytes shorter than its Content-Length" in caplog.text


def test_close_is_called_whatever_happens(caplog: pytest.LogCaptureFixture) -> None:
    class Failing(Stream):
        def __iter__(self) -> Iterator[bytes]:
            raise RuntimeError

    whole, failing = Stream(), Failing()
    assert answer(failing).status == 500
    assert soon(failing.closed.is_set, 5)
    assert answer(whole, method="HEAD").status == 200
    assert soon(whole.closed.is_set, 5)


def test_what_close_raises_is_in_the_log_and_not_in_the_answer(caplog: pytest.LogCaptureFixture) -> None:
    class Failing:
        def __iter__(self) -> Iterator[bytes]:
            yield b"whole"

        def close(self) -> None:
            raise RuntimeError("at the end")

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", OK)
        return Failing()

    assert answer(app).body == b"whole"
    assert soon(lambda: "closing the answer to GET / raised RuntimeError" in caplog.text, 5)


def test_the_context_of_the_request_reaches_the_application() -> None:
    name: ContextVar[str] = ContextVar("name", default="")

    async def ask() -> bytes:
        exchanged = Exchanged()
        name.set("a trace")

        def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
            start_response("200 OK", OK)
            seen = name.get().encode()
            name.set("another")
            return [seen, b" ", name.get().encode()]

        await WsgiInAsgi(Threads(1), 100).serve(app, environ_of(scope()), exchanged.receive, exchanged.send)
        assert name.get() == "a trace"
        return exchanged.body

    assert asyncio.run(ask()) == b"a trace another"


def test_a_stream_waits_for_a_client_that_takes_nothing_and_is_closed_in_its_thread_when_that_leaves() -> None:
    stream = Stream()

    async def ask() -> int:
        exchanged, threads = Exchanged(), Threads(1)
        serve = WsgiInAsgi(threads, 100).serve(stream, environ_of(scope()), exchanged.receive, exchanged.send)
        task = asyncio.create_task(serve)
        await exchanged.until(3)
        exchanged.takes.clear()
        held = -1
        while held != stream.given:
            held = stream.given
            await asyncio.sleep(0.1)
        exchanged.gone.set()
        exchanged.takes.set()
        await asyncio.wait_for(task, 10)
        await threads.drain(10)
        assert threads.load == 0
        return held - len(exchanged.body)

    assert asyncio.run(ask()) <= 3 * MOST_HELD
    assert stream.closed_by == stream.begun_by


def test_a_client_that_takes_nothing_for_too_long_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wsgi_in_asgi, "SEND_S", 0.1)
    stream = Stream()

    async def ask() -> Exchanged:
        exchanged = Exchanged()
        exchanged.takes.clear()
        serve = WsgiInAsgi(Threads(1), 100).serve(stream, environ_of(scope()), exchanged.receive, exchanged.send)
        await asyncio.wait_for(serve, 10)
        return exchanged

    assert not asyncio.run(ask()).sent
    assert soon(stream.closed.is_set, 5)


def test_a_cancelled_request_closes_its_stream() -> None:
    stream = Stream()

    async def ask() -> None:
        exchanged = Exchanged()
        serve = WsgiInAsgi(Threads(1), 100).serve(stream, environ_of(scope()), exchanged.receive, exchanged.send)
        task = asyncio.create_task(serve)
        await exchanged.until(2)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(ask())
    assert soon(stream.closed.is_set, 5)


def test_when_all_threads_are_busy_it_is_said_and_nothing_is_begun() -> None:
    asked: list[str] = []
    held = threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        held.wait(10)
        start_response("200 OK", OK)
        return []

    async def ask(path: str, adapter: WsgiInAsgi) -> Exchanged:
        exchanged = Exchanged()
        await adapter.serve(app, environ_of(scope(path=path)), exchanged.receive, exchanged.send)
        return exchanged

    async def both() -> tuple[Exchanged, Exchanged]:
        adapter = WsgiInAsgi(Threads(1, patience=0.1), 100)
        first = asyncio.create_task(ask("/1", adapter))
        await asyncio.sleep(0)
        second = await ask("/2", adapter)
        held.set()
        return await first, second

    first, second = asyncio.run(both())
    assert (first.status, second.status) == (200, 503)
    assert (b"retry-after", b"1") in second.headers
    assert asked == ["/1"]


def test_a_client_that_leaves_before_a_thread_is_free_is_not_answered() -> None:
    asked: list[str] = []
    held = threading.Event()

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        asked.append(environ["PATH_INFO"])
        held.wait(10)
        start_response("200 OK", OK)
        return []

    async def both() -> None:
        threads = Threads(1)
        adapter, first, second = WsgiInAsgi(threads, 100), Exchanged(), Exchanged()
        begun = [
            asyncio.create_task(adapter.serve(app, environ_of(scope(path=path)), one.receive, one.send))
            for path, one in (("/1", first), ("/2", second))
        ]
        while not asked:
            await asyncio.sleep(0.01)
        second.gone.set()
        await asyncio.wait_for(begun[1], 10)
        held.set()
        await asyncio.wait_for(begun[0], 10)
        await threads.drain(10)

    asyncio.run(both())
    assert asked == ["/1"]


@pytest.fixture(autouse=True)
def _all_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
