from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import msgspec
from flask import Flask

from hotplate import Hotplate
from hotplate.errors import CODES

PAGE = (Path(__file__).parents[2] / "docs/wire.md").read_text("utf-8")


def discovered() -> dict[str, dict[str, Any]]:
    """The methods of an application that declares nothing, as it describes them."""
    app = Flask("empty")
    Hotplate(app)
    call = {"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"}
    answer = app.test_client().post("/rpc", json=call, environ_overrides={"SERVER_SOFTWARE": "Werkzeug/test"})
    return {method["name"]: method for method in answer.json["result"]["methods"]}


def parameters(method: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names of the parameters, each with its default as JSON, or None where it has none."""
    missing = object()
    given = [(param["name"], param["schema"].get("default", missing)) for param in method["params"]]
    return [(name, None if default is missing else msgspec.json.encode(default).decode()) for name, default in given]


def documented() -> dict[str, list[tuple[str, str | None]]]:
    rows = re.findall(r"^\| `((?:run|worker|rpc)\.\w+)` \| (.*?) ?\| ", PAGE, re.MULTILINE)
    pattern = re.compile(r"`(\w+)`(?: = ([\w.]+))?")
    return {name: [(param, default or None) for param, default in pattern.findall(given)] for name, given in rows}


def test_every_built_in_method_is_documented_with_its_parameters() -> None:
    assert documented() == {name: parameters(method) for name, method in discovered().items()}


def test_every_error_code_is_documented() -> None:
    rows = re.findall(r"^\| (-32\d{3}) \| (.*?) \| `(\w+)` \|", PAGE, re.MULTILINE)
    classes = {code: (cls.default_message, cls.__name__) for code, cls in CODES.items()}
    assert {int(code): (message, name) for code, message, name in rows} == classes
