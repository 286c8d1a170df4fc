"""An OpenRPC document as a list for reading: a function, live value or schedule in a line, what it does below."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def listed(document: Mapping[str, Any]) -> str:
    """All functions of an OpenRPC document, each with its parameters, its result and its summary; then the live values
    and schedules."""
    lines = [line for method in document["methods"] for line in _lines(method)]
    lines += [line for live in document["x-hotplate-lives"] for line in _live_lines(live)]
    lines += [
        f"schedule {each['name']}: job {each['job']}, {each['rule']}" for each in document["x-hotplate-schedules"]
    ]
    return "\n".join(lines)


def _lines(method: Mapping[str, Any]) -> Iterator[str]:
    parameters = ", ".join(_parameter(parameter) for parameter in method["params"])
    # A job answers with its run; what its runs result in says more.
    result = method.get("x-hotplate-result", method["result"]["schema"])
    yield f"{method['x-hotplate-kind']:8} {method['name']}({parameters}) -> {spelled(result)}"
    yield from _summary(method)


def _live_lines(live: Mapping[str, Any]) -> Iterator[str]:
    looked_at = f"every {live['every']:g} s" if "every" in live else "set by hand"
    yield f"live     {live['name']} -> {spelled(live['schema'])}, {looked_at}{', always' * live.get('always', False)}"
    yield from _summary(live)


def _summary(of: Mapping[str, Any]) -> Iterator[str]:
    if "summary" in of:
        yield f"{'':12} {of['summary']}"


def _parameter(parameter: Mapping[str, Any]) -> str:
    schema = parameter["schema"]
    default = f" = {json.dumps(schema['default'], ensure_ascii=False)}" if "default" in schema else ""
    optional = "" if parameter.get("required") or default else "?"
    return f"{parameter['name']}{optional}: {spelled(schema)}{default}"


def spelled(schema: Schema) -> str:
    """A JSON Schema in a few words: `integer`, `[Order]`, `string | null`, `{string: number}`, `"a" | "b"`."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "const" in schema or "enum" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in values)
    for key in ("anyOf", "oneOf"):
        if key in schema:
            return " | ".join(spelled(branch) for branch in schema[key])
    kind = schema.get("type", "any")
    if isinstance(kind, list):
        return " | ".join(kind)
    return _spelled_container(kind, schema)


def _spelled_container(kind: str, schema: Schema) -> str:
    if kind == "array" and "prefixItems" in schema:
        return f"[{', '.join(spelled(item) for item in schema['prefixItems'])}]"
    if kind == "array" and isinstance(schema.get("items"), Mapping):
        return f"[{spelled(schema['items'])}]"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"{{string: {spelled(schema['additionalProperties'])}}}"
    return str(schema["title"]) if kind == "object" and "title" in schema else kind
