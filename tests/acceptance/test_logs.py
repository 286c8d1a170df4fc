"""The log as JSON: one object a line, with what it is about."""

from __future__ import annotations

import json
import logging
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from hotplate.errors import about, log_failure
from hotplate.logs import JsonFormatter
from tests.processes import Processes, free_port, until

PAGE = Path(__file__).parents[2] / "docs/howto/observe.md"
APP = """
import logging
from flask import Flask
from hotplate import Hotplate

app = Flask(__name__)
app.config["HOTPLATE_ACCESS"] = "open"
hp = Hotplate(app)

@hp.job
def talk(text: str) -> None:
    print(text)
    logging.getLogger("mine").warning("beware of %s", text)

@hp.job
def fail() -> None:
    raise ValueError("of the job")

@hp.method
def broken() -> None:
    raise ValueError("of the method")
"""


def parsed(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def start(url: str, job: str, *params: object) -> str:
    body = {"jsonrpc": "2.0", "method": job, "params": params, "id": 1}
    return str(httpx.post(f"{url}/rpc", json=body, timeout=30).json()["result"]["id"])


def wait(url: str, run: str) -> dict[str, Any]:
    body = {"jsonrpc": "2.0", "method": "run.wait", "params": [run], "id": 1}
    return dict(httpx.post(f"{url}/rpc", json=body, timeout=60).json()["result"])


@pytest.mark.parametrize("where", ["environment", "application"])
def test_a_node_says_what_each_line_is_about(where: str, tmp_path: Path, processes: Processes) -> None:
    told = 'app.config["HOTPLATE_LOG_FORMAT"] = "json"\nhp =' if where == "application" else "hp ="
    (tmp_path / "app.py").write_text(APP.replace("hp =", told, 1))
    environ = {} if where == "application" else {"HOTPLATE_LOG_FORMAT": "json"}
    server = processes.flask("app.py", cwd=tmp_path)
    node = processes.node("app.py", "-c", "1", cwd=tmp_path, environ=environ)
    talk, fail = start(server.url, "talk", 'a "quoted"\nline'), start(server.url, "fail")
    wait(server.url, talk)
    error_id = wait(server.url, fail)["error"]["data"]["error_id"]
    lines = until(lambda: [*parsed(processes.output(node))] if "failed" in processes.output(node) else [], "the end")
    (serving,) = [line for line in lines if line["message"].startswith("serving")]
    assert serving.keys() == {"time", "level", "logger", "message", "part", "node"}
    assert (serving["level"], serving["logger"], serving["part"]) == ("info", "hotplate.node", "worker")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", serving["time"])
    of_run = [line for line in lines if line.get("run") == talk]
    assert {line["node"] for line in of_run} == {serving["node"]}
    assert {line["job"] for line in of_run} == {"talk"}
    said = [(line["part"], line["level"], line["logger"], line["message"]) for line in of_run]
    assert ("job", "info", "print", 'a "quoted"') in said
    assert ("job", "warning", "mine", 'beware of a "quoted"\nline') in said
    (failure,) = [line for line in lines if "error_id" in line]
    assert (failure["error_id"], failure["run"], failure["job"], failure["attempt"]) == (error_id, fail, "fail", 1)
    assert "ValueError: of the job" in failure["traceback"]
    assert "\n" not in failure["message"]


def test_dev_writes_json_for_all_its_processes(tmp_path: Path, processes: Processes) -> None:
    (tmp_path / "app.py").write_text(APP)
    dev = processes.start(
        "hotplate", "dev", "app.py", "-p", str(free_port()), cwd=tmp_path, environ={"HOTPLATE_LOG_FORMAT": "json"}
    )
    found = until(lambda: re.search(r"http://[\d.:]+", processes.output(dev)), "the address")
    wait(found[0], start(found[0], "talk", "x"))
    body = {"jsonrpc": "2.0", "method": "broken", "id": 1}
    error_id = httpx.post(f"{found[0]}/rpc", json=body).json()["error"]["data"]["error_id"]
    until(lambda: "broken" in processes.output(dev) and "succeeded" in processes.output(dev), "the lines")
    lines = parsed(processes.output(dev))
    assert {line["part"] for line in lines} >= {"web", "worker", "job"}
    (call,) = [line for line in lines if line.get("method") == "talk"]
    assert call["seconds"] > 0
    assert {line["method"] for line in lines if line.get("error_id") == error_id} == {"broken"}


def test_gunicorn_writes_json_as_the_page_shows(tmp_path: Path, processes: Processes) -> None:
    (config,) = re.findall(r"^```py\n(logconfig_dict.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (tmp_path / "gunicorn.conf.py").write_text(config)
    (tmp_path / "app.py").write_text(APP)
    server = processes.gunicorn("app:app", "--no-control-socket", "--access-logfile", "-", cwd=tmp_path)
    body = {"jsonrpc": "2.0", "method": "broken", "id": 1}
    error_id = httpx.post(f"{server.url}/rpc", json=body).json()["error"]["data"]["error_id"]
    lines = until(lambda: parsed(processes.output(server.process)), "lines")
    assert {line["part"] for line in lines} == {"web"}
    (failure,) = [line for line in lines if line.get("error_id") == error_id]
    assert (failure["method"], failure["level"]) == ("broken", "error")
    assert "ValueError: of the method" in failure["traceback"]


class TestFormatter:
    def record(self, message: object, *args: object, **more: Any) -> dict[str, Any]:
        made = logging.getLogger("mine").makeRecord("mine", logging.INFO, "f", 1, message, args, None, **more)
        line = JsonFormatter().format(made)
        assert "\n" not in line
        return dict(json.loads(line))

    def test_what_no_utf_8_can_hold_is_escaped(self) -> None:
        assert self.record("half \udc80 %s", "a\n\x1bb")["message"] == "half \\udc80 a\n\x1bb"

    def test_facts_of_any_kind_are_taken(self) -> None:
        assert (
            self.record("x", extra=about(run=1, path=Path("/a"), none=None)).items() >= {"run": 1, "path": "/a"}.items()
        )
        assert "none" not in self.record("x", extra=about(none=None))

    def test_an_exception_has_its_traceback(self, caplog: pytest.LogCaptureFixture) -> None:
        try:
            raise ValueError("why")
        except ValueError:
            logging.getLogger("mine").exception("it broke")
        line = json.loads(JsonFormatter("web").format(caplog.records[0]))
        assert (line["message"], line["part"]) == ("it broke", "web")
        assert line["traceback"].endswith("ValueError: why")

    def test_an_error_id_is_a_field(self, caplog: pytest.LogCaptureFixture) -> None:
        error_id = log_failure("it", ValueError("why"), run="r")
        line = json.loads(JsonFormatter().format(caplog.records[0]))
        assert (line["error_id"], line["run"]) == (error_id, "r")
        assert line["message"] == f"it raised ValueError (error id {error_id})"
        assert "why" in line["traceback"]
