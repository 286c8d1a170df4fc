"""An OpenRPC document as types for `connect<Functions>()` of the JavaScript client."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")
_TAKEN = re.compile(
    "any|as|async|await|bigint|boolean|break|case|catch|class|const|continue|debugger|declare|default|delete|do|else|enum|"
    "export|extends|false|finally|for|from|function|Functions|if|implements|import|in|instanceof|interface|is|keyof|let|"
    "never|new|null|number|object|of|package|private|protected|public|readonly|return|static|string|super|switch|symbol|"
    "this|throw|true|try|type|typeof|undefined|unique|unknown|var|void|while|with|yield"
)
_SCALARS = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript(document: Mapping[str, Any]) -> str:
    """A module: a type for each component, and `Functions` with all that can be called."""
    info, components = document["info"], document["components"]["schemas"]
    lines = [f"// {info['title']} {info['version']}, written by `hotplate describe --typescript`.", ""]
    for name, schema in components.items():
        lines += [*_comment(schema, ""), *_declared(_type_name(name), schema), ""]
    lines += ["/** All that can be called: `connect<Functions>()`. */", "export interface Functions {"]
    for method in document["methods"]:
        lines += [f"  {line}" if line else line for line in _function(method)]
    return "\n".join([*lines, "}"])


def _function(method: Mapping[str, Any]) -> Iterator[str]:
    params = method["params"]
    yield from _comment({"description": method.get("summary", "")}, "")
    yield f"{json.dumps(method['name'])}: {{"
    yield f'  kind: "{method["x-hotplate-kind"]}";'
    yield f"  params: {_params(params)};"
    yield f"  args: [{', '.join(_arguments(params))}];"
    yield f"  result: {spelled(method.get('x-hotplate-result', method['result']['schema']))};"
    if "x-hotplate-partial" in method:
        yield f"  partial: {spelled(method['x-hotplate-partial'])};"
    yield "};"


def _params(params: Iterable[Mapping[str, Any]]) -> str:
    members = [f"{_member(param['name'], param['required'])}: {spelled(param['schema'])}" for param in params]
    return f"{{ {'; '.join(members)} }}" if members else "{ [name: string]: never }"


def _arguments(params: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    required = True
    for param in params:
        # after an optional one only those by name can be required, which have no position
        required = required and param["required"]
        label = param["name"] if _NAME.fullmatch(param["name"]) else "_"
        yield f"{label}{'' if required else '?'}: {spelled(param['schema'])}"


def _declared(name: str, schema: Schema) -> Iterator[str]:
    if schema.get("type") != "object" or "properties" not in schema:
        yield f"export type {name} = {spelled(schema)};"
        return
    yield f"export interface {name} {{"
    for member, kind in schema["properties"].items():
        yield from _comment(kind, "  ")
        yield f"  {_member(member, member in schema.get('required', ()))}: {spelled(kind)};"
    yield "}"


def spelled(schema: Schema | bool) -> str:
    """A JSON Schema as a type. What TypeScript cannot say (limits, patterns, `not`) is left out."""
    if isinstance(schema, bool):
        return "unknown" if schema else "never"
    if "$ref" in schema:
        return _type_name(schema["$ref"].rpartition("/")[2])
    if "const" in schema or "enum" in schema:
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in values) or "never"
    for key, sign in (("anyOf", " | "), ("oneOf", " | "), ("allOf", " & ")):
        if key in schema:
            return sign.join(dict.fromkeys(_grouped(spelled(branch)) for branch in schema[key]))
    kinds = schema.get("type")
    if isinstance(kinds, list):
        return " | ".join(dict.fromkeys(_grouped(spelled({**schema, "type": kind})) for kind in kinds))
    if kinds == "array":
        return _array(schema)
    return _object(schema) if kinds == "object" else _SCALARS.get(str(kinds), "unknown")


def _array(schema: Schema) -> str:
    if "prefixItems" not in schema:
        return f"{_grouped(spelled(schema.get('items', True)))}[]"
    least, items = schema.get("minItems", 0), [_grouped(spelled(item)) for item in schema["prefixItems"]]
    members = [item if i < least else f"{item}?" for i, item in enumerate(items)]
    rest = schema.get("items", True)
    return f"[{', '.join(members if rest is False else [*members, f'...{_grouped(spelled(rest))}[]'])}]"


def _object(schema: Schema) -> str:
    required = schema.get("required", ())
    members = [
        f"{_member(name, name in required)}: {spelled(one)}" for name, one in schema.get("properties", {}).items()
    ]
    more = schema.get("additionalProperties", not members)
    if more is not False:
        # beside members of other types an index can only say that there may be more
        members.append(f"[key: string]: {'unknown' if members else spelled(more)}")
    return f"{{ {'; '.join(members)} }}" if members else "{ [key: string]: never }"


def _grouped(kind: str) -> str:
    return f"({kind})" if " | " in kind or " & " in kind else kind


def _member(name: str, required: bool) -> str:
    return (name if _NAME.fullmatch(name) else json.dumps(name)) + ("" if required else "?")


def _type_name(name: str) -> str:
    cleaned = re.sub(r"[^A-Za-z0-9_$]", "_", name)
    return f"{cleaned}_" if _TAKEN.fullmatch(cleaned) or cleaned[:1].isdigit() else cleaned


def _comment(schema: Schema, indent: str) -> Iterator[str]:
    text = " ".join(str(schema.get("description", "")).split()).replace("*/", "* /")
    if text:
        yield f"{indent}/** {text} */"
