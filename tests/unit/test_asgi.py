"""`hotplate.asgi(app)`, asked without a server. What a call is answered with is tested in tests/protocol."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import flask
import pytest
from flask import Flask, current_app, g
from werkzeug.middleware.proxy_fix import ProxyFix

import hotplate
from hotplate import Hotplate, HotplateError
from hotplate.context import current_caller
from hotplate.errors import Unavailable
from tests.asgi import Exchanged, scope

JSON = ("content-type", "application/json")


class Site:
    """An application, and the threads in which its functions were."""

    def __init__(self, **config: Any) -> None:
        self.app = Flask("site")
        self.app.config.update({"HOTPLATE_ACCESS": "open", **config})
        self.hp = Hotplate(self.app)
        self.seen: list[Any] = []
        self.torn: list[int] = []
        self.hp.method("wait")(self.wait)
        self.hp.method("block")(self.block)
        self.app.teardown_appcontext(lambda _: self.torn.append(threading.get_ident()))
        self.asgi = hotplate.asgi(self.app)

    async def wait(self, n: int = 0) -> int:
        g.n = n
        await asyncio.sleep(0)
        self.seen.append(("wait", g.n, current_app.name, current_caller().operator, threading.get_ident()))
        return n

    def block(self, n: int = 0) -> int:
        self.seen.append(("block", n, current_app.name, current_caller().operator, threading.get_ident()))
        return n

    def ask(self, *bodies: Any, **options: Any) -> list[Exchanged]:
        """What is answered to requests that come at the same time."""

        async def all_of_them() -> list[Exchanged]:
            return list(await asyncio.gather(*[self.asked(body, **options) for body in bodies]))

        return asyncio.run(all_of_them())

    async def asked(self, body: Any, path: str = "/rpc", method: str = "POST", **options: Any) -> Exchanged:
        exchanged = Exchanged([body if isinstance(body, bytes) else json.dumps(body).encode()])
        headers = [JSON, *options.pop("headers", [])]
        await self.asgi(scope(method, path, headers, **options), exchanged.receive, exchanged.send)
        return exchanged


def call(method: str, id: Any = 1, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "method": method, "params": params, "id": id}


def results(exchanged: Exchanged) -> list[Any]:
    answer = json.loads(exchanged.body)
    return [one.get("result") for one in (answer if isinstance(answer, list) else [answer])]


def test_an_async_method_is_awaited_on_the_loop_and_any_other_is_called_in_a_thread() -> None:
    site, here = Site(), threading.get_ident()
    assert results(site.ask(call("wait", n=1))[0]) == [1]
    assert results(site.ask(call("block", n=2))[0]) == [2]
    assert [seen[:4] for seen in site.seen] == [("wait", 1, "site", True), ("block", 2, "site", True)]
    assert site.seen[0][4] == here != site.seen[1][4]
    assert site.torn == [seen[4] for seen in site.seen]


def test_the_calls_of_a_mixed_batch_are_carried_out_in_their_order() -> None:
    site = Site()
    names = ["wait", "block", "block", "wait", "wait", "nothing", "block"]
    (answer,) = site.ask([*[call(name, at, n=at) for at, name in enumerate(names)], 5])
    assert [one["id"] for one in json.loads(answer.body)] == [0, 1, 2, 3, 4, 5, 6, None]
    assert results(answer) == [0, 1, 2, 3, 4, None, 6, None]
    assert [seen[0] for seen in site.seen] == [name for name in names if name != "nothing"]


def test_async_methods_of_different_requests_go_on_side_by_side_each_in_its_own_context() -> None:
    site = Site()
    assert [results(one) for one in site.ask(*[call("wait", n=n) for n in range(20)])] == [[n] for n in range(20)]
    assert sorted(seen[1] for seen in site.seen) == list(range(20))


def test_async_methods_of_two_requests_can_wait_for_each_other() -> None:
    site, first = Site(), []

    @site.hp.method
    async def meet() -> str:
        if not first:
            first.append(asyncio.Event())
            await first[0].wait()
            return "first"
        first[0].set()
        return "second"

    assert [results(one) for one in site.ask(call("meet"), call("meet"))] == [["first"], ["second"]]


def test_a_notification_of_an_async_method_is_carried_out_and_not_answered() -> None:
    site = Site()
    notification = {"jsonrpc": "2.0", "method": "wait", "params": [7]}
    assert (site.ask(notification)[0].status, site.ask([notification] * 2)[0].status) == (204, 204)
    assert [seen[1] for seen in site.seen] == [7, 7, 7]


@pytest.mark.parametrize("wrong", [{"id": []}, {"id": True}, {"params": 5}, {"params": {"x": 1}}, {"params": [1, 2]}])
def test_a_wrong_call_of_an_async_method_is_not_carried_out(wrong: dict[str, Any]) -> None:
    site = Site()
    assert json.loads(site.ask(call("wait") | wrong)[0].body)["error"]["code"] in (-32600, -32602)
    assert not site.seen


@pytest.mark.parametrize("raised", [KeyError("secret"), SystemExit(3), RecursionError()])
def test_what_an_async_method_raises_is_an_error_of_that_call_alone(raised: BaseException) -> None:
    site = Site()

    @site.hp.method
    async def fail() -> None:
        raise raised

    (answer,) = site.ask([call("fail"), call("wait", n=1)])
    assert json.loads(answer.body)[0]["error"]["code"] == -32603
    assert b"secret" not in answer.body
    assert results(answer)[1] == 1


def test_async_calls_are_counted_and_observed() -> None:
    site, told = Site(), list[Any]()
    state = site.app.extensions["hotplate"]
    state.observe = lambda name, seconds, response: told.append((name, response))
    site.ask(call("wait"))
    state.calls()
    site.ask(call("wait"), {"jsonrpc": "2.0", "method": "wait"}, call("wait") | {"params": [1, 2]})
    (times,) = state.calls().all()
    assert dict(times.outcomes()) == {"ok": 1, "notification": 1, "-32602": 1}
    assert [name for name, _ in told] == ["wait"] * 4
    assert told[0][1] == b'{"jsonrpc":"2.0","id":1,"result":0}'
    assert [response for _, response in told].count(None) == 1


def test_only_public_functions_answer_who_is_not_signed_in() -> None:
    site = Site(HOTPLATE_ACCESS="accounts")
    site.hp.method("hello", allow="public")(_hello)
    assert site.ask(call("wait"))[0].status == 401
    assert results(site.ask(call("hello"))[0]) == ["hello"]
    (mixed,) = site.ask([call("hello"), call("wait")])
    assert (mixed.status, results(mixed)) == (200, ["hello", None])
    assert not site.seen


async def _hello() -> str:
    return "hello"


def test_hosts_and_origins_are_checked_before_a_body_is_received() -> None:
    site = Site(HOTPLATE_ORIGINS="https://good.example")

    async def asked(*headers: tuple[str, str], host: str = "localhost") -> Exchanged:
        exchanged = Exchanged()
        given = scope("POST", "/rpc", [JSON, *headers])
        given["headers"][0] = (b"host", host.encode())
        await site.asgi(given, None, exchanged.send)  # type: ignore[arg-type]
        return exchanged

    assert asyncio.run(asked(("origin", "https://evil.example"))).status == 403
    assert asyncio.run(asked(("origin", "null"))).status == 403
    assert asyncio.run(asked(("sec-fetch-site", "cross-site"))).status == 403
    assert asyncio.run(asked(host="evil.example")).status == 421
    assert asyncio.run(asked(host="")).status == 421
    (good,) = site.ask(call("wait"), headers=[("origin", "https://good.example")])
    assert (b"access-control-allow-origin", b"https://good.example") in good.headers
    (preflight,) = site.ask(
        b"", method="OPTIONS", headers=[("origin", "https://good.example"), ("access-control-request-method", "POST")]
    )
    assert (preflight.status, dict(preflight.headers)[b"access-control-allow-methods"]) == (204, b"POST, OPTIONS")


def test_a_method_that_needs_the_request_is_answered_within_one() -> None:
    site = Site()
    site.hp.method("agent", request=True)(lambda: flask.request.headers["User-Agent"])
    (answer,) = site.ask([call("agent"), call("wait", n=1)], headers=[("user-agent", "tests")])
    assert results(answer) == ["tests", 1]


def test_the_applications_functions_before_and_after_requests_are_called() -> None:
    site = Site()
    site.app.before_request(lambda: site.seen.append(flask.request.method))
    site.app.after_request(lambda response: response.headers.set("X-After", "yes") or response)
    (answer,) = site.ask(call("block", n=3))
    assert (results(answer), dict(answer.headers)[b"x-after"]) == ([3], b"yes")
    assert site.seen[0] == "POST"


def test_a_before_request_function_may_refuse_a_call() -> None:
    site = Site()
    site.app.before_request(lambda: ("no", 418))
    assert site.ask(call("block"))[0].status == 418
    assert not site.seen


def test_other_pages_are_the_flask_applications() -> None:
    site = Site()
    site.app.get("/page/<name>", endpoint="page")(lambda name: f"page {name}")
    site.app.get("/rpc", endpoint="own")(lambda: "its own")
    assert site.ask(b"", path="/page/ü", method="GET", raw_path=b"/page/%C3%BC")[0].body.decode() == "page ü"
    assert site.ask(b"", path="/rpc", method="GET")[0].body == b"its own"
    assert site.ask(b"", path="/nothing", method="GET")[0].status == 404
    assert site.ask(b"", path="/openrpc.json", method="GET")[0].status == 200


@pytest.mark.parametrize("path", ["/mount/rpc", "/rpc"])
def test_it_can_be_mounted_below_a_path(path: str) -> None:
    site = Site()
    site.app.get("/page")(lambda: flask.request.path + " " + flask.request.script_root)
    assert results(site.ask(call("wait", n=1), path=path, root_path="/mount")[0]) == [1]
    shown = {"method": "GET", "headers": [("accept", "text/html")], "root_path": "/mount"}
    assert dict(site.ask(b"", path=path, **shown)[0].headers)[b"location"] == b"/mount/console/"
    assert site.ask(b"", path=path.replace("rpc", "page"), **shown)[0].body == b"/page /mount"
    assert site.ask(call("wait"), path="/mountain/rpc", root_path="/mount")[0].status == 404


def test_what_stands_before_the_application_sees_every_request() -> None:
    site = Site()
    site.app.wsgi_app = ProxyFix(site.app.wsgi_app, x_host=1)  # type: ignore[method-assign]
    assert site.ask(call("block"), headers=[("x-forwarded-host", "evil.example")])[0].status == 421
    assert results(site.ask(call("wait", n=2))[0]) == [2]


def test_health_is_answered_while_all_threads_are_busy_and_calls_are_told_to_come_back() -> None:
    site = Site(HOTPLATE_THREADS=1)
    site.asgi._threads.patience = 0.05
    held, begun = threading.Event(), threading.Event()
    site.hp.method("hold")(lambda: (begun.set(), held.wait(10))[1])

    async def asked() -> list[Exchanged]:
        first = asyncio.create_task(site.asked(call("hold")))
        while not begun.is_set():
            await asyncio.sleep(0.01)
        others = [await site.asked(b"", path="/health", method="GET"), await site.asked(call("block"))]
        held.set()
        return [await first, *others]

    first, health, busy = asyncio.run(asked())
    assert (results(first), health.status, busy.status) == ([True], 200, 503)
    assert json.loads(busy.body)["error"]["code"] == Unavailable.default_code
    assert dict(busy.headers)[b"retry-after"] == b"1"
    assert not site.seen


def lived(app: Any, *kinds: str) -> list[str]:
    async def live() -> list[str]:
        messages, sent = [{"type": f"lifespan.{kind}"} for kind in kinds], list[str]()

        async def receive() -> Any:
            return messages.pop(0)

        async def send(message: Any) -> None:
            sent.append(message["type"])

        await app({"type": "lifespan", "asgi": {"version": "3.0"}}, receive, send)
        return sent

    return asyncio.run(live())


def test_the_lifespan_closes_the_engine_which_opens_again_when_it_is_needed() -> None:
    site = Site()
    site.hp.job("work")(lambda: None)
    assert json.loads(site.ask(call("run.list"))[0].body)["result"]["runs"] == []
    sent = lived(site.asgi, "startup", "shutdown")
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert json.loads(site.ask(call("run.list"))[0].body)["result"]["runs"] == []
    site.app.extensions["hotplate"].close()


def test_a_websocket_is_denied_before_it_is_accepted() -> None:
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Site().asgi({"type": "websocket", "path": "/updates", "headers": []}, receive, send))
    assert [message["type"] for message in sent] == ["websocket.close"]


def test_updates_are_below_the_prefix() -> None:
    site = Site(HOTPLATE_PREFIX="/tools")

    async def status(path: str) -> int:
        exchanged = Exchanged()
        query = {"query_string": b"topics=weather"}
        await site.asgi(scope("GET", path, **query), exchanged.receive, exchanged.send)
        assert (b"weather" in exchanged.body) == (path == "/tools/updates")
        return exchanged.status

    assert asyncio.run(status("/tools/updates")) == asyncio.run(status("/updates")) == 404
    site.app.extensions["hotplate"].close()


def test_an_application_without_hotplate_and_an_unknown_scope_are_refused() -> None:
    with pytest.raises(HotplateError, match="has no Hotplate"):
        hotplate.asgi(Flask("bare"))
    with pytest.raises(NotImplementedError, match="telnet"):
        asyncio.run(Site().asgi({"type": "telnet"}, None, None))  # type: ignore[arg-type]


def test_a_client_that_leaves_in_the_middle_of_a_body_is_no_error() -> None:
    site = Site()

    async def asked() -> Exchanged:
        exchanged = Exchanged([b"{", b"}"])
        exchanged._given.pop()
        exchanged.gone.set()
        await site.asgi(scope("POST", "/rpc", [JSON, ("content-length", "2")]), exchanged.receive, exchanged.send)
        return exchanged

    assert b"the body ended early" in asyncio.run(asked()).body
    assert not site.seen
