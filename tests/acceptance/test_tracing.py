"""One trace from the call to the worker, and nothing at all where OpenTelemetry is not configured."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from hotplate import tracing
from tests.acceptance.engines import Ground
from tests.processes import Processes, until

pytestmark = pytest.mark.any_broker

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
APP = """
import os
from flask import Flask
from hotplate import Error, Hotplate

app = Flask(__name__)
app.config["HOTPLATE_ACCESS"] = "open"
hp = Hotplate(app)

@hp.job(retries=1)
def work(fails: bool = False) -> None:
    if "SPANS" in os.environ:
        with trace.get_tracer("mine").start_as_current_span("step"):
            pass
    if fails:
        raise ValueError("no")

@hp.method
def refuse() -> None:
    raise Error(7, "no")
"""
TRACED = """
import os
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

out = open(os.environ["SPANS"], "a", buffering=1)
provider = TracerProvider()
exporter = ConsoleSpanExporter(out=out, formatter=lambda span: span.to_json(indent=None) + "\\\\n")
provider.add_span_processor(BatchSpanProcessor(exporter, schedule_delay_millis=int(os.environ.get("DELAY", "50"))))
trace.set_tracer_provider(provider)
""".replace("\\\\n", "\\n")

Spans = list[dict[str, Any]]


def call(url: str, method: str, *params: object, **headers: str) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "method": method, "params": params, "id": 1}
    return dict(httpx.post(f"{url}/rpc", json=body, timeout=60, headers=headers).json())


def spans(file: Path, *names: str) -> Spans:
    """All spans, once those of these names are there."""

    def read() -> Spans:
        found = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        there = [span["name"] for span in found]
        return found if all(there.count(name) >= names.count(name) for name in names) else []

    return until(read, f"spans {names}")


def named(found: Spans, name: str) -> dict[str, Any]:
    (one,) = [span for span in found if span["name"] == name]
    return one


def parent_of(span: dict[str, Any]) -> str | None:
    return str(span["parent_id"]).removeprefix("0x") if span["parent_id"] else None


def id_of(span: dict[str, Any]) -> str:
    return str(span["context"]["span_id"]).removeprefix("0x")


Site = Callable[..., tuple[str, subprocess.Popen[bytes], Path]]


@pytest.fixture
def site(tmp_path: Path, processes: Processes) -> Site:
    """Starts a traced server and its node: the server's address, the node, and the file of spans."""

    def start(**more: str) -> tuple[str, subprocess.Popen[bytes], Path]:
        (tmp_path / "app.py").write_text(TRACED + APP)
        file = tmp_path / "spans"
        environ = {"SPANS": str(file)} | more
        server = processes.flask("app.py", cwd=tmp_path, environ={"SPANS": str(file)} | more | {"DELAY": "50"})
        return server.url, processes.node("app.py", "-c", "1", cwd=tmp_path, environ=environ), file

    return start


def test_a_trace_goes_from_the_caller_to_the_worker(ground: Ground, site: Site) -> None:
    url, _, file = site(**ground.environ)
    run = call(url, "work", traceparent=CALLER)["result"]["id"]
    found = spans(file, "work", "send work", "process work", "step")
    called, sent, done, step = (named(found, name) for name in ("work", "send work", "process work", "step"))
    assert {span["context"]["trace_id"] for span in (called, sent, done, step)} == {f"0x{CALLER.split('-')[1]}"}
    assert parent_of(called) == CALLER.split("-")[2]
    assert [parent_of(span) for span in (sent, done, step)] == [id_of(span) for span in (called, sent, done)]
    assert [span["kind"] for span in (called, sent, done)] == [
        "SpanKind.SERVER", "SpanKind.PRODUCER", "SpanKind.CONSUMER",
    ]  # fmt: skip
    assert called["attributes"]["rpc.method"] == "work"
    assert sent["attributes"]["messaging.destination.name"] == "default"
    assert sent["attributes"]["messaging.message.id"] == done["attributes"]["messaging.message.id"] == run
    assert done["attributes"]["hotplate.attempt"] == 1


def test_calls_behind_an_asgi_server_are_traced_on_the_loop_and_in_threads(
    tmp_path: Path, processes: Processes
) -> None:
    more = """
import hotplate

@hp.method
async def ping(fails: bool = False) -> None:
    with trace.get_tracer("mine").start_as_current_span("within"):
        if fails:
            raise Error(8, "no")

asgi = hotplate.asgi(app)
"""
    (tmp_path / "app.py").write_text(TRACED + APP + more)
    file = tmp_path / "spans"
    url = processes.uvicorn("app:asgi", cwd=tmp_path, environ={"SPANS": str(file)}).url
    for method in ("ping", "refuse"):
        call(url, method, traceparent=CALLER)
    call(url, "ping", True)
    found = spans(file, "ping", "within", "refuse", "ping", "within")
    assert [parent_of(span) for span in found if span["name"] in ("ping", "refuse")][:2] == [CALLER.split("-")[2]] * 2
    pings = [id_of(span) for span in found if span["name"] == "ping"]
    assert [parent_of(span) for span in found if span["name"] == "within"] == pings
    codes = [span["attributes"].get("rpc.response.status_code") for span in found if span["name"] != "within"]
    assert codes == [None, "7", "8"]


def test_each_attempt_is_a_child_of_the_start_and_says_that_it_failed(site: Site) -> None:
    url, _, file = site()
    call(url, "work", True)
    found = spans(file, "send work", "process work", "process work")
    attempts = [span for span in found if span["name"] == "process work"]
    assert [span["attributes"]["hotplate.attempt"] for span in attempts] == [1, 2]
    assert {parent_of(span) for span in attempts} == {id_of(named(found, "send work"))}
    assert {(span["status"]["status_code"], span["attributes"]["error.type"]) for span in attempts} == {
        ("ERROR", "ValueError")
    }


def test_a_call_that_is_refused_says_so_and_nobody_chooses_the_names_of_spans(site: Site) -> None:
    url, _, file = site()
    call(url, "refuse")
    call(url, "x" * 100)
    found = spans(file, "refuse", "unknown method")
    refused = named(found, "refuse")
    assert refused["attributes"]["rpc.response.status_code"] == refused["attributes"]["error.type"] == "7"
    assert refused["status"] == {"status_code": "ERROR", "description": "no"}
    assert named(found, "unknown method")["attributes"]["error.type"] == "-32601"
    assert parent_of(refused) is None


def test_a_worker_that_ends_sends_its_last_spans(site: Site) -> None:
    url, node, file = site(DELAY="600000")
    run = call(url, "work")["result"]["id"]
    assert call(url, "run.wait", run)["result"]["state"] == "succeeded"
    node.send_signal(signal.SIGTERM)
    assert node.wait(20) == 0
    spans(file, "process work", "step")


@pytest.mark.parametrize("block", [False, True])
def test_without_a_provider_nothing_is_imported_and_all_works(block: bool, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    script = (
        "import sys\n" + ("sys.modules['opentelemetry'] = None\n" if block else "") + "from app import app\n"
        "body = {'jsonrpc': '2.0', 'method': 'work', 'id': 1}\n"
        "assert app.test_client().post('/rpc', json=body).json['result']['state'] == 'queued'\n"
        "assert not [name for name in sys.modules if name.startswith('opentelemetry.')]\n"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_while_another_thread_imports_opentelemetry_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.trace", ModuleType("opentelemetry.trace"))
    assert tracing.tracer() is None
