"""The figures for Prometheus: who gets them, that it can read them, and what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from werkzeug.test import Client

from hotplate import Error, Hotplate, Namespace
from hotplate.engine import NodeInfo, Outcome, Want
from hotplate.extension import state_of
from hotplate.options import Known
from tests.protocol.conftest import sending_to

Samples = dict[str, float]
"""The value of each sample, as `name{label="value"}` without the label `process`."""


def read(text: str) -> Samples:
    """What Prometheus reads. Fails where it would."""
    found: Samples = {}
    for family in text_string_to_metric_families(text):
        assert family.documentation, family.name
        assert family.type in ("counter", "gauge", "histogram"), family.name
        for sample in family.samples:
            labels = ",".join(f'{k}="{v}"' for k, v in sorted(sample.labels.items()) if k != "process")
            name = f"{sample.name}{{{labels}}}"
            assert name not in found
            found[name] = sample.value
    return found


def make(**config: Any) -> tuple[Flask, Hotplate]:
    app = Flask("app")
    app.config.update({"HOTPLATE_ACCESS": "open", **config})
    return app, Hotplate(app)


def metrics(app: Flask, path: str = "/metrics") -> Samples:
    answer = Client(app).get(path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return read(answer.text)


def call(app: Flask, *names: str, params: object = (), path: str = "/rpc") -> None:
    body = [{"jsonrpc": "2.0", "method": name, "params": params, "id": 1} for name in names]
    assert Client(app).post(path, json=body if len(names) > 1 else body[0]).status_code == 200


@pytest.fixture
def site() -> Iterator[tuple[Flask, Hotplate]]:
    app, hp = make()
    yield app, hp
    state_of(app).close()


LOCAL = {"REMOTE_ADDR": "127.0.0.1"}


@pytest.mark.parametrize(
    ("access", "environ", "status"),
    [
        ("accounts", LOCAL, 200),
        ("accounts", {"REMOTE_ADDR": "::1", "HTTP_HOST": "[::1]:8000"}, 200),
        ("accounts", LOCAL | {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}, 401),
        ("accounts", LOCAL | {"HTTP_FORWARDED": "for=127.0.0.1"}, 401),
        ("accounts", LOCAL | {"HTTP_HOST": "site.example"}, 401),
        ("accounts", LOCAL | {"HTTP_HOST": "evil.example"}, 421),
        ("accounts", {"REMOTE_ADDR": "192.0.2.1", "HTTP_HOST": "site.example"}, 401),
        ("accounts", {"REMOTE_ADDR": "", "HTTP_HOST": "site.example"}, 401),
        ("open", {"REMOTE_ADDR": "192.0.2.1", "HTTP_HOST": "site.example"}, 200),
    ],
)
def test_they_are_for_operators_and_for_this_machine(access: str, environ: dict[str, str], status: int) -> None:
    app, _ = make(HOTPLATE_ACCESS=access, HOTPLATE_HOSTS="site.example")
    send = sending_to(app, **environ)
    assert send(b"", path="/metrics", method="GET").status == status


def test_they_are_below_the_prefix_and_a_route_of_the_applications_own_wins() -> None:
    app, _ = make(HOTPLATE_PREFIX="/tools")
    app.get("/metrics")(lambda: "mine")
    assert metrics(app, "/tools/metrics") == {}
    assert Client(app).get("/metrics").text == "mine"


class TestCalls:
    def test_they_are_counted_by_method_and_outcome_once_somebody_asks(self, site: tuple[Flask, Hotplate]) -> None:
        app, hp = site
        hp.method("add")(lambda: 1)
        call(app, "add")
        assert 'hotplate_calls_total{method="add",outcome="ok"}' not in metrics(app)
        call(app, "add")
        call(app, "add", "add", "nothing", "nothing_else")
        call(app, "add", params={"n": 1})
        Client(app).post("/rpc", json={"jsonrpc": "2.0", "method": "add"})
        found = metrics(app)
        assert found['hotplate_calls_total{method="add",outcome="ok"}'] == 3
        assert found['hotplate_calls_total{method="add",outcome="-32602"}'] == 1
        assert found['hotplate_calls_total{method="add",outcome="notification"}'] == 1
        assert found['hotplate_calls_total{method="unknown",outcome="-32601"}'] == 2
        assert found['hotplate_call_duration_seconds_count{method="add"}'] == 5
        assert found['hotplate_call_duration_seconds_bucket{le="+Inf",method="add"}'] == 5
        assert 0 < found['hotplate_call_duration_seconds_sum{method="add"}'] < 5

    def test_a_method_has_its_full_name_at_every_address(self, site: tuple[Flask, Hotplate]) -> None:
        app, hp = site
        echo = Namespace("echo")
        echo.method("hello")(lambda: 1)
        hp.include(echo, path="/echo/")
        metrics(app)
        call(app, "hello", path="/echo/")
        assert metrics(app)['hotplate_calls_total{method="echo.hello",outcome="ok"}'] == 1

    def test_nobody_can_make_many_figures_by_what_they_send(self, site: tuple[Flask, Hotplate]) -> None:
        app, hp = site

        @hp.method("fail")
        def fail(code: int) -> None:
            raise Error(code, "no")

        metrics(app)
        for n in range(100):
            call(app, f"name-{n}")
            call(app, "fail", params=[n])
        found = [name for name in metrics(app) if name.startswith("hotplate_calls_total")]
        assert len(found) == 52

    def test_a_batch_with_what_is_no_request_is_counted_too(self, site: tuple[Flask, Hotplate]) -> None:
        app, _ = site
        metrics(app)
        Client(app).post("/rpc", json=[1, {"method": 2}])
        assert metrics(app)['hotplate_calls_total{method="unknown",outcome="-32600"}'] == 2

    def test_an_application_without_jobs_has_no_need_of_a_record(self, data_folder: Any) -> None:
        app, _ = make()
        assert metrics(app) == {}
        assert not data_folder.exists()


@pytest.fixture(params=["embedded", "postgresql"])
def working(request: pytest.FixtureRequest) -> Iterator[Flask]:
    """An application with jobs on each engine."""
    url = request.getfixturevalue("postgres").fresh() if request.param == "postgresql" else ""
    app, hp = make(**({"HOTPLATE_DATABASE_URL": url} if url else {}))
    hp.job("work", concurrency=1)(lambda: 1)
    yield app
    state_of(app).close()


def test_runs_are_told_as_the_record_has_them(working: Flask) -> None:
    ledger = state_of(working).engine().ledger
    node = NodeInfo(id="node-1", host="here", pid=1, concurrency=4, memory=1000, running=["a"])
    ledger.enlist(node, [Known(name="work", concurrency=1)])
    call(working, *["work"] * 3)
    call(working, "run.start", params={"job": "work", "queue": 'odd "\n\\'})
    (one,) = ledger.settle([], Want(node=node.id, jobs=["work"], slots=1, queues=["default"]))[1]
    at = 2_000_000_000.0
    end = Outcome(id=one.id, attempt=1, queue="default", job="work", move="succeed", at=at, begun_at=at - 0.3)
    assert ledger.settle([end], None)[0] == [True]
    ledger.settle([], Want(node=node.id, jobs=["work"], slots=1, queues=["default"]))
    assert ledger.beat(node)
    found = metrics(working)
    assert found["hotplate_record_up{}"] == 1
    assert found['hotplate_runs{job="work",queue="default",state="ready"}'] == 1
    assert found['hotplate_runs{job="work",queue="default",state="running"}'] == 1
    assert found['hotplate_runs{job="work",queue="odd "\n\\",state="ready"}'] == 1
    assert 0 <= found['hotplate_oldest_ready_seconds{queue="default"}'] < 60
    assert (found['hotplate_job_running{job="work"}'], found['hotplate_job_limit{job="work"}']) == (1, 1)
    assert found['hotplate_attempts_total{job="work",outcome="succeeded"}'] == 1
    assert found['hotplate_attempt_duration_seconds_bucket{job="work",le="0.1"}'] == 0
    assert found['hotplate_attempt_duration_seconds_bucket{job="work",le="0.5"}'] == 1
    assert found['hotplate_attempt_duration_seconds_bucket{job="work",le="7200.0"}'] == 1
    assert found['hotplate_attempt_duration_seconds_sum{job="work"}'] == pytest.approx(0.3)


def test_without_the_record_calls_are_told_still() -> None:
    app, hp = make(HOTPLATE_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    hp.job("work")(lambda: 1)
    hp.method("add")(lambda: 1)
    metrics(app)
    call(app, "add")
    found = metrics(app)
    assert found["hotplate_record_up{}"] == 0
    assert found['hotplate_calls_total{method="add",outcome="ok"}'] == 1
    assert not any(name.startswith("hotplate_runs") for name in found)
