"""`rpc.discover` and `/openrpc.json`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from flask import Flask
from jsonschema import Draft7Validator, Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

from hotplate import Chart, File, Hotplate, LongText, Markdown
from tests.protocol.cases import call
from tests.protocol.conftest import Send, sending_to

FOLDER = Path(__file__).parent / "openrpc"


class Leg(msgspec.Struct):
    start: str
    end: str
    children: list[Leg] = []


@dataclass
class Trip:
    legs: list[Leg]
    price: float | None = None


def shop(**config: Any) -> Flask:
    """An application with something of everything."""
    app = Flask("shop")
    app.config.update({"HOTPLATE_ACCESS": "open", **config})
    hp = Hotplate(app, version="2.1")

    @hp.method(allow="public")
    def price(trip: Trip, *, discount: float = 0.0) -> Trip:
        """The price of a trip.

        With the discount taken off.
        """
        return trip

    @hp.method
    def nothing() -> None: ...

    @hp.job(retries=2)
    def simulate(n: int = 10, trip: Trip | None = None) -> Iterator[Leg]:
        """Simulate."""
        yield Leg("a", "b")

    @hp.job
    def render(source: File) -> File:
        return source

    return app


def discovered(app: Flask) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(sending_to(app)(call(b'"rpc.discover"')).body)["result"]
    return document


def by_name(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {method["name"]: method for method in document["methods"]}


def meta_schema() -> Draft7Validator:
    openrpc, schema = (
        json.loads((FOLDER / name).read_text("utf-8")) for name in ("openrpc_1.3.2.json", "json_schema.json")
    )
    ids = [schema["$id"], schema["$id"].rstrip("/"), schema["$id"].rstrip("/") + "/"]
    known = Registry().with_resources([(name, Resource(schema, DRAFT7)) for name in ids])
    return Draft7Validator({**openrpc, "$schema": "http://json-schema.org/draft-07/schema#"}, registry=known)


def test_the_document_is_valid_by_the_openrpc_meta_schema() -> None:
    assert list(meta_schema().iter_errors(discovered(shop()))) == []


def test_the_meta_schema_finds_what_is_wrong() -> None:
    document = discovered(shop())
    del document["methods"][0]["params"][0]["schema"]
    assert list(meta_schema().iter_errors(document))


def test_every_schema_in_it_is_valid_json_schema_and_refers_to_a_component() -> None:
    document = discovered(shop())
    for method in document["methods"]:
        for described in [*method["params"], method["result"]]:
            Draft202012Validator.check_schema(described["schema"])
    references = set(_references(document))
    assert references
    assert references <= {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        value = list(value.values())
    for child in value if isinstance(value, list) else []:
        yield from _references(child)


def test_it_says_what_the_application_is_called() -> None:
    assert discovered(shop())["info"] == {"title": "shop", "version": "2.1"}


def test_it_lists_methods_jobs_and_built_in_methods() -> None:
    methods = by_name(discovered(shop()))
    kinds = {name: method["x-hotplate-kind"] for name, method in methods.items()}
    assert {name: kinds[name] for name in ("price", "nothing", "simulate", "render")} == {
        "price": "method",
        "nothing": "method",
        "simulate": "job",
        "render": "job",
    }
    assert {"run.get", "run.wait", "run.start", "worker.list", "rpc.discover"} <= {
        n for n in kinds if kinds[n] == "builtin"
    }


def test_a_job_gives_its_run_and_says_what_the_run_gives() -> None:
    methods = by_name(discovered(shop()))
    assert methods["simulate"]["result"] == methods["run.start"]["result"] | {"name": "run"}
    assert methods["simulate"]["x-hotplate-result"]["type"] == "array"
    assert methods["simulate"]["x-hotplate-partial"] == {"$ref": "#/components/schemas/Leg"}


def test_a_docstring_becomes_summary_and_description() -> None:
    method = by_name(discovered(shop()))["price"]
    assert (method["summary"], method["description"]) == ("The price of a trip.", "With the discount taken off.")


def test_nested_types_are_components() -> None:
    document = discovered(shop())
    (trip, discount) = by_name(document)["price"]["params"]
    assert trip == {"name": "trip", "required": True, "schema": {"$ref": "#/components/schemas/Trip"}}
    assert (discount["required"], discount["schema"]) == (False, {"type": "number", "default": 0.0})
    assert document["components"]["schemas"]["Leg"]["properties"]["children"]["items"] == {
        "$ref": "#/components/schemas/Leg"
    }


def test_the_page_is_the_same_document(send: Send) -> None:
    status, headers, body = send(b"", path="/openrpc.json", method="GET")
    assert (status, headers["Content-Type"]) == (200, "application/json")
    assert json.loads(body) == json.loads(send(call(b'"rpc.discover"')).body)["result"]
    assert send(b"", path="/openrpc.json").status == 405


@pytest.mark.parametrize("params", [b"[1]", b'{"x": 1}'])
def test_discover_takes_no_params(params: bytes) -> None:
    assert b"-32602" in sending_to(shop())(call(b'"rpc.discover", "params": ' + params)).body


def test_a_stranger_is_told_of_public_functions_only() -> None:
    document = discovered(shop(HOTPLATE_ACCESS="accounts"))
    assert list(by_name(document)) == ["price", "rpc.discover"]
    assert set(document["components"]["schemas"]) == {"Trip", "Leg"}


@dataclass
class Point:
    n: int
    error: float


CURVE = Annotated[list[Point], Chart(x="n", y="error", y_log=True)]


def test_views_stand_at_parameters_results_partials_and_live_values() -> None:
    app = Flask("views")
    app.config["HOTPLATE_ACCESS"] = "open"
    hp = Hotplate(app)
    golden = json.loads((FOLDER.parent / "golden/view_chart.json").read_text("utf-8"))

    @hp.job
    def fit(notes: Annotated[str, LongText()] = "") -> CURVE: ...

    @hp.job
    def go_on() -> Iterator[Annotated[str, Markdown()]]: ...

    hp.value("curve", CURVE)
    document = discovered(app)
    methods = by_name(document)
    assert methods["fit"]["x-hotplate-result"] == golden
    assert methods["fit"]["params"][0]["schema"]["x-hotplate-view"] == {"type": "longtext"}
    assert methods["go_on"]["x-hotplate-partial"]["x-hotplate-view"] == {"type": "markdown"}
    assert document["x-hotplate-lives"][0]["schema"] == golden
    assert list(meta_schema().iter_errors(document)) == []
