from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

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


NO_DEFAULT = "no default"


def parameters(method: dict[str, Any]) -> list[tuple[str, Any]]:
    """Names of the parameters, each with its default."""
    return [(param["name"], param["schema"].get("default", NO_DEFAULT)) for param in method["params"]]


def documented() -> dict[str, list[tuple[str, Any]]]:
    rows = re.findall(r"^\| `((?:run|worker|live|schedule|rpc)\.\w+)` \| (.*?) ?\| ", PAGE, re.MULTILINE)
    param = re.compile(r"`(\w+)`(?: = ([^,]+))?")
    return {
        name: [(who, json.loads(value) if value else NO_DEFAULT) for who, value in param.findall(given)]
        for name, given in rows
    }


def test_every_built_in_method_is_documented_with_its_parameters() -> None:
    assert documented() == {name: parameters(method) for name, method in discovered().items()}


def test_every_error_code_is_documented() -> None:
    rows = re.findall(r"^\| (-32\d{3}) \| (.*?) \| `(\w+)` \|", PAGE, re.MULTILINE)
    classes = {code: (cls.default_message, cls.__name__) for code, cls in CODES.items()}
    assert {int(code): (message, name) for code, message, name in rows} == classes
