"""Hotplate in Flask applications: binding, addresses, the two ways in, contexts."""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import flask
import pytest
from flask import Blueprint, Flask, appcontext_popped, appcontext_pushed, appcontext_tearing_down, g
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.test import Client

from hotplate import DeclarationError, Hotplate, HotplateError, Namespace
from hotplate.extension import state_of


@pytest.fixture(autouse=True)
def engines_closed() -> Iterator[None]:
    """Close what engines the test has opened."""
    made.clear()
    yield
    for app in made:
        state_of(app).close()


made: list[Flask] = []


def make(name: str = "app", hp: Hotplate | None = None, **config: Any) -> tuple[Flask, Hotplate]:
    app = Flask(name)
    app.config.update({"HOTPLATE_ACCESS": "open", **config})
    hp = hp or Hotplate()
    hp.init_app(app)
    made.append(app)
    return app, hp


def post(app: Any, method: str, params: Any = (), path: str = "/rpc") -> Any:
    """The result of a call, or its error."""
    body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    with Client(app).post(path, json=body) as response:
        assert response.status_code == 200, response.data
        answer = response.json
    return answer["result"] if "result" in answer else answer["error"]


def test_it_is_bound_by_its_constructor_or_later() -> None:
    app = Flask("now")
    app.config["HOTPLATE_ACCESS"] = "open"
    hp = Hotplate(app)
    hp.method("hello")(lambda: "now")
    assert post(app, "hello") == "now"
    later, hp = make("later")
    hp.method("hello")(lambda: "later")
    assert post(later, "hello") == "later"


def test_binding_opens_and_starts_nothing(data_folder: Path) -> None:
    threads = threading.active_count()
    app, hp = make()
    hp.job("work")(lambda: None)
    hp.method("hello")(lambda: 1)
    assert post(app, "hello") == 1
    assert threading.active_count() == threads
    assert not data_folder.exists()


def test_one_hotplate_serves_two_applications_each_by_its_own_settings() -> None:
    hp = Hotplate()
    hp.method("where")(lambda: flask.current_app.name)
    one, _ = make("one", hp, HOTPLATE_RPC_PATH="/one")
    two, _ = make("two", hp, HOTPLATE_RPC_PATH="/two", HOTPLATE_MAX_BATCH=1)
    assert post(one, "where", path="/one") == "one"
    assert post(two, "where", path="/two") == "two"
    assert Client(one).post("/two", json={}).status_code == 404
    assert Client(two).post("/one", json={}).status_code == 404
    assert (state_of(one).settings.max_batch, state_of(two).settings.max_batch) == (100, 1)


def test_two_hotplates_in_one_process_know_nothing_of_each_other() -> None:
    (one, hp_one), (two, hp_two) = make("one"), make("two")
    hp_one.method("hello")(lambda: 1)
    hp_two.method("hello")(lambda: 2)
    hp_two.method("more")(lambda: 3)
    assert (post(one, "hello"), post(two, "hello"), post(two, "more")) == (1, 2, 3)
    assert post(one, "more")["code"] == -32601


def test_a_second_hotplate_in_one_application_is_refused() -> None:
    app, hp = make("taken")
    for second in (hp, Hotplate()):
        with pytest.raises(DeclarationError, match="'taken' has a Hotplate already"):
            second.init_app(app)


def test_declaring_is_over_when_serving_has_begun() -> None:
    app, hp = make()
    hp.method("hello")(lambda: 1)
    hp.method("before")(lambda: 1)
    post(app, "hello")
    with pytest.raises(DeclarationError, match="'late'"):
        hp.method("late")(lambda: 1)


def test_an_application_without_hotplate_is_named() -> None:
    with pytest.raises(HotplateError, match="'bare' has no Hotplate"):
        state_of(Flask("bare"))


class TestAddresses:
    def test_a_prefix_stands_before_all_of_them(self) -> None:
        hp, echo = Hotplate(), Namespace("echo")
        app, _ = make("prefixed", hp, HOTPLATE_PREFIX="/tools", HOTPLATE_RPC_PATH="/api")
        hp.method("hello")(lambda: 1)
        echo.method("hello")(lambda: 2)
        hp.include(echo, path="/echo/")
        assert (post(app, "hello", path="/tools/api"), post(app, "hello", path="/tools/echo/")) == (1, 2)
        client = Client(app)
        assert client.get("/tools/health").status_code == client.get("/tools/openrpc.json").status_code == 200
        assert {client.get(path).status_code for path in ("/health", "/openrpc.json", "/rpc", "/api")} == {404}
        assert client.get("/tools/api", headers={"Accept": "text/html"}).headers["Location"] == "/tools/console/"

    def test_calls_may_come_in_at_the_root(self) -> None:
        app, hp = make(HOTPLATE_RPC_PATH="/")
        hp.method("hello")(lambda: 1)
        app.get("/")(lambda: "Hello, World!")
        assert post(app, "hello", path="/") == 1
        assert Client(app).get("/").text == "Hello, World!"

    def test_the_applications_own_routes_win(self, caplog: pytest.LogCaptureFixture) -> None:
        app, _ = make()
        app.add_url_rule("/rpc", "own_rpc", lambda: "mine", methods=["POST"])
        app.add_url_rule("/health", "own_health", lambda: "mine, too")
        client = Client(app)
        assert (client.post("/rpc", json={}).text, client.get("/health").text) == ("mine", "mine, too")
        assert client.get("/openrpc.json").status_code == 200
        assert "calls at /rpc are not answered" in caplog.text

    def test_a_route_for_everything_does_not_take_them(self) -> None:
        app, hp = make()
        hp.method("hello")(lambda: 1)
        app.get("/<path:anything>")(lambda anything: f"page {anything}")
        client = Client(app)
        assert post(app, "hello") == 1
        assert client.get("/health").json == {"status": "ok"}
        assert client.get("/healthy").text == "page healthy"

    def test_an_address_that_two_want_is_refused(self) -> None:
        app, hp = make()
        hp.include(Namespace("echo"), path="/rpc")
        with pytest.raises(DeclarationError, match="'/rpc' is given to two RPC addresses"):
            Client(app).get("/")

    def test_below_another_application_they_keep_their_place(self) -> None:
        app, hp = make()
        hp.method("hello")(lambda: 1)
        outer = DispatcherMiddleware(Flask("outer"), {"/inner": app})
        assert post(outer, "hello", path="/inner/rpc") == 1
        response = Client(outer).get("/inner/rpc", headers={"Accept": "text/html"})
        assert response.headers["Location"] == "/inner/console/"

    def test_an_application_that_matches_hosts_is_served_by_view_too(self) -> None:
        app = Flask("hosts", host_matching=True, static_host="localhost")
        app.config["HOTPLATE_ACCESS"] = "open"
        hp = Hotplate(app)
        hp.method("hello", request=True)(lambda: flask.request.path)
        assert post(app, "hello") == "/rpc"


def _before(app: Flask) -> None:
    app.before_request(lambda: None)


def _after(app: Flask) -> None:
    app.after_request(lambda response: response)


def _teardown(app: Flask) -> None:
    app.teardown_request(lambda error: None)


def _before_by_blueprint(app: Flask) -> None:
    blueprint = Blueprint("all", __name__)
    blueprint.before_app_request(lambda: None)
    app.register_blueprint(blueprint)


def _before_in_blueprint(app: Flask) -> None:
    blueprint = Blueprint("some", __name__)
    blueprint.before_request(lambda: None)
    app.register_blueprint(blueprint)


class TestWaysIn:
    """Direct, or through a Flask view."""

    @pytest.mark.parametrize(
        ("register", "by_view"),
        [
            (_before, True),
            (_after, True),
            (_teardown, True),
            (_before_by_blueprint, True),
            (_before_in_blueprint, False),
        ],
    )
    def test_request_functions_of_the_application_are_honoured(
        self, register: Callable[[Flask], None], by_view: bool
    ) -> None:
        app, hp = make()
        hp.method("in_request")(flask.has_request_context)
        register(app)
        assert post(app, "in_request") is by_view

    def test_without_them_a_call_is_answered_in_an_app_context_only(self) -> None:
        app, hp = make()
        hp.method("contexts")(lambda: [flask.has_app_context(), flask.has_request_context()])
        assert post(app, "contexts") == [True, False]

    def test_a_method_with_request_is_in_one(self) -> None:
        app, hp = make()
        app.secret_key = "x"

        @hp.method(request=True)
        def count() -> list[Any]:
            flask.session["n"] = flask.session.get("n", 0) + 1
            return [flask.session["n"], flask.request.get_json()["method"]]

        client = Client(app)
        body = {"jsonrpc": "2.0", "method": "count", "id": 1}
        answers = [client.post("/rpc", json=body).json["result"] for _ in range(2)]
        assert answers == [[1, "count"], [2, "count"]]

    def test_a_before_request_function_may_refuse(self) -> None:
        app, hp = make()
        called = []
        hp.method("hello")(lambda: called.append(1))
        app.before_request(lambda: flask.abort(418))
        assert Client(app).post("/rpc", json={"jsonrpc": "2.0", "method": "hello", "id": 1}).status_code == 418
        assert called == []

    def test_an_after_request_function_may_add_a_header(self) -> None:
        app, hp = make()
        hp.method("hello")(lambda: 1)

        @app.after_request
        def mark(response: flask.Response) -> flask.Response:
            response.headers["X-Mark"] = "1"
            return response

        assert Client(app).post("/rpc", json={}).headers["X-Mark"] == "1"

    def test_an_application_that_has_answered_already_is_served_by_view(self) -> None:
        app, hp = make()
        app.get("/")(lambda: "hello")
        with app.test_request_context("/"):
            app.full_dispatch_request()
        hp.method("path", request=True)(lambda: flask.request.path)
        assert post(app, "path") == "/rpc"


class TestContexts:
    """Flask's app context around a direct call."""

    def test_every_call_has_a_g_of_its_own_which_is_gone_afterwards(self) -> None:
        app, hp = make()

        @hp.method
        def seen() -> bool:
            return g.setdefault("x", 0) != 0 or g.pop("never", False)

        @hp.method
        def leave() -> None:
            g.x = 1

        post(app, "leave")
        assert post(app, "seen") is False
        assert not flask.has_app_context()

    @pytest.mark.parametrize("listening", [False, True])
    def test_teardown_functions_run_and_signals_are_sent(self, listening: bool) -> None:
        app, hp = make()
        happened: list[str] = []
        hp.method("hello")(lambda: happened.append("call"))
        app.teardown_appcontext(lambda error: happened.append("teardown"))
        signals = {"pushed": appcontext_pushed, "tearing down": appcontext_tearing_down, "popped": appcontext_popped}
        listeners = {name: lambda *_, name=name, **__: happened.append(name) for name in signals}
        if listening:
            for name, signal in signals.items():
                signal.connect(listeners[name], app)
        post(app, "hello")
        expected = ["pushed", "call", "teardown", "tearing down", "popped"] if listening else ["call", "teardown"]
        assert happened == expected

    def test_the_context_is_gone_when_a_teardown_function_fails(self) -> None:
        app, hp = make()
        hp.method("hello")(lambda: 1)

        @app.teardown_appcontext
        def broken(error: BaseException | None) -> None:
            raise RuntimeError("broken teardown")

        with pytest.raises(RuntimeError, match="broken teardown"):
            post(app, "hello")
        assert not flask.has_app_context()


def test_a_job_is_started_in_the_application_it_belongs_to() -> None:
    (one, hp_one), (two, hp_two) = make("first"), make("second")
    job = hp_two.job("second_only")(lambda: None)
    assert job.start().job == "second_only"
    with one.app_context():
        assert job.start().job == "second_only"
    hp_one.include(shared := Namespace("shared"))
    hp_two.include(shared)
    both = shared.job("both")(lambda: None)
    with pytest.raises(HotplateError, match="'both' is declared in 2 applications"):
        both.start()
    with two.app_context():
        assert both.start().job == "shared.both"


def test_a_job_of_no_application_cannot_be_started() -> None:
    job = Hotplate().job("lonely")(lambda: None)
    with pytest.raises(HotplateError, match="'lonely' is declared in no application"):
        job.start()


def test_each_process_opens_an_engine_of_its_own() -> None:
    app, hp = make()
    job = hp.job("work")(lambda: None)
    state = state_of(app)
    engine = state.engine()
    assert state.engine() is engine
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        same = state.engine() is engine
        run = job.start()
        os.write(writer, json.dumps([same, run.state]).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as source:
        assert json.load(source) == [False, "queued"]


def test_calls_can_be_observed() -> None:
    app, hp = make()
    hp.method("hello")(lambda: 1)
    seen: list[tuple[str, bytes | None]] = []
    state_of(app).observe = lambda name, seconds, answer: seen.append((name, answer)) if seconds >= 0 else None
    calls = [{"jsonrpc": "2.0", "method": name, "id": 1} for name in ("hello", "unknown")]
    Client(app).post("/rpc", json=[*calls, {"jsonrpc": "2.0", "method": "hello"}])
    assert [name for name, _ in seen] == ["hello", "unknown", "hello"]
    assert seen[0][1] == b'{"jsonrpc":"2.0","id":1,"result":1}'
    assert b"-32601" in (seen[1][1] or b"")
    assert seen[2][1] is None


def test_the_log_names_what_a_method_without_request_lacks(caplog: pytest.LogCaptureFixture) -> None:
    app, hp = make()
    hp.method("agent")(lambda: flask.request.headers["User-Agent"])
    with caplog.at_level(logging.ERROR, "hotplate"):
        assert post(app, "agent")["code"] == -32603
    assert "request=True" in caplog.text


def test_what_is_no_application_and_no_namespace_is_named() -> None:
    with pytest.raises(DeclarationError, match="Flask application, not 'app'"):
        Hotplate("app")  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="takes a Namespace, not 3"):
        Hotplate().include(3)  # type: ignore[arg-type]


def test_a_method_that_exits_is_an_internal_error(caplog: pytest.LogCaptureFixture) -> None:
    app, hp = make()
    hp.method("leave")(lambda: sys.exit(3))
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(post(app, "leave")))
    thread.start()
    thread.join()
    assert answers[0]["code"] == -32603
    assert "SystemExit" in caplog.text
