"""JSON Schema (draft 2020-12) of wire types; the classes in them become components."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import combinations
from typing import Any

from msgspec import NODEFAULT, inspect as mi
from msgspec.json import decode

from ..view import KEYWORD
from . import array
from .encoding import encode, fault
from .fields import is_pydantic, type_name
from .standin import Choice, Record, Validated
from .views import fields_seen, seen

Schema = dict[str, Any]

_SIMPLE: Mapping[type[mi.Type], Schema] = {
    mi.NoneType: {"type": "null"},
    mi.BoolType: {"type": "boolean"},
    mi.DateTimeType: {"type": "string", "format": "date-time"},
    mi.DateType: {"type": "string", "format": "date"},
    mi.TimeType: {"type": "string", "format": "time"},
    mi.TimeDeltaType: {"type": "string", "format": "duration"},
    mi.UUIDType: {"type": "string", "format": "uuid"},
}
_NUMBERS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_NUMBERS["multiple_of"] = "multipleOf"
_TEXTS = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}
_ITEMS = {"min_length": "minItems", "max_length": "maxItems"}
_MEMBERS = {"min_length": "minProperties", "max_length": "maxProperties"}
_NO_NAME = re.compile(r"[^A-Za-z0-9.\-]+")


class Schemas:
    """Schemas that share `components`: name -> schema, each class once, classes of the same name apart.

    ref: what a reference to a component begins with.
    """

    def __init__(self, ref: str = "#/components/schemas/") -> None:
        self.components: dict[str, Schema] = {}
        self._ref = ref
        self._names: dict[Any, str] = {}
        self._unions: list[list[Schema]] = []

    def of(self, kind: Any, *, result: bool = False) -> Schema:
        """The schema of a wire type: of what is read, or of what is written as a result."""
        made = _Schema(self, result).of(seen(kind, mi.type_info(kind)))
        while self._unions:
            branches = self._unions.pop()
            branches[:] = list(self._apart(branches))
        return made

    def component(self, key: Any, name: str, make: Callable[[], Schema]) -> Schema:
        """A reference to the component for `key`, made if there is none yet."""
        if key not in self._names:
            free = self._names[key] = self._free(_NO_NAME.sub("_", name).strip("_"))
            self.components[free] = {}  # so that a class may refer to itself
            self.components[free].update(make())
        return {"$ref": self._ref + self._names[key]}

    def one_of(self, branches: list[Schema]) -> Schema:
        """The schema of a choice; its branches are told apart when the components they refer to are complete."""
        self._unions.append(branches)
        return {"oneOf": branches}

    def _free(self, name: str) -> str:
        tried, n = name, 1
        while tried in self.components:
            n += 1
            tried = f"{name}_{n}"
        return tried

    def _apart(self, branches: list[Schema]) -> Iterator[Schema]:
        """The branches so that no value fits two: `oneOf` allows exactly one, where decoding takes the first."""
        barred: dict[int, list[Schema]] = {}
        for i, j in combinations(range(len(branches)), 2):
            a, b = self._resolved(branches[i]), self._resolved(branches[j])
            if _overlap(a, b):
                wider, other = (i, j) if len(a) < len(b) else (j, i)
                barred.setdefault(wider, []).append(_unseen(branches[other]))
        for i, branch in enumerate(branches):
            others = barred.get(i, [])
            yield branch | {"not": others[0] if len(others) == 1 else {"anyOf": others}} if others else branch

    def _resolved(self, schema: Schema) -> Schema:
        name = schema.get("$ref", "").removeprefix(self._ref)
        return self.components.get(name) or _unseen(schema)


def _unseen(schema: Schema) -> Schema:
    """A schema without its view, which says nothing about what is valid."""
    return {word: said for word, said in schema.items() if word != KEYWORD}


def _overlap(a: Schema, b: Schema) -> bool:
    """Whether a value might fit both, as far as types, required members and lists of values tell."""
    kinds_a, kinds_b = _kinds(a), _kinds(b)
    if kinds_a and kinds_b and not kinds_a & kinds_b:
        return False
    if "enum" in a and "enum" in b:
        return any(value in b["enum"] for value in a["enum"])
    if not kinds_a == kinds_b == {"object"}:
        return True
    return not (_needs_more(a, b) and _needs_more(b, a)) and not _tagged_apart(a, b)


def _kinds(schema: Schema) -> set[str]:
    if "enum" in schema and "type" not in schema:
        return {_KIND_OF.get(type(value), "object") for value in schema["enum"]}
    kind = schema.get("type", [])
    kinds = {kind} if isinstance(kind, str) else set(kind)
    return kinds | {"integer"} if "number" in kinds else kinds


_KIND_OF = {str: "string", int: "integer", bool: "boolean", type(None): "null", float: "number"}


def _needs_more(a: Schema, b: Schema) -> bool:
    return bool(set(a.get("required", ())) - set(b.get("properties", ())))


def _tagged_apart(a: Schema, b: Schema) -> bool:
    both = set(a.get("required", ())) & set(b.get("required", ()))
    pairs = [(a["properties"][name], b["properties"][name]) for name in both]
    return any("enum" in x and "enum" in y and not _overlap(x, y) for x, y in pairs)


class _Schema:
    """Makes the schema of one type, for reading or for a result."""

    def __init__(self, schemas: Schemas, result: bool) -> None:
        self._schemas, self._result = schemas, result

    def of(self, part: mi.Type) -> Schema:
        match part:
            case mi.Metadata(type=inner):
                return self.of(inner) | (part.extra_json_schema or {})
            case mi.UnionType(types=branches):
                return {"anyOf": [self.of(branch) for branch in branches]}
            case mi.CustomType(cls=cls):
                return self._custom(cls)
            case mi.EnumType(cls=cls):
                return self._schemas.component(cls, cls.__name__, lambda: _enum(cls))
            case mi.StructType() | mi.DataclassType() | mi.TypedDictType() | mi.NamedTupleType():
                return self._schemas.component(part.cls, type_name(part.cls), lambda: self._class(part.cls, part))
            case mi.DecimalType():
                return {"type": "string" if self._result else ["string", "number"], "format": "decimal"}
            case mi.CollectionType() | mi.TupleType() | mi.DictType() | mi.FrozenDictType():
                return self._container(part)
        return _scalar(part)

    def _container(self, part: mi.Type) -> Schema:
        match part:
            case mi.CollectionType(item_type=item):
                return {"type": "array", "items": self.of(item)} | _limits(part, _ITEMS)
            case mi.TupleType(item_types=items):
                return _tuple([self.of(item) for item in items], len(items))
            case mi.DictType(key_type=key, value_type=value) | mi.FrozenDictType(key_type=key, value_type=value):
                values = {} if isinstance(value, mi.AnyType) else {"additionalProperties": self.of(value)}
                return {"type": "object"} | _keys(self.of(key)) | values | _limits(part, _MEMBERS)
        raise AssertionError(part)

    def _class(self, cls: Any, part: Any) -> Schema:
        head = {"title": type_name(cls)} | _description(cls)
        if isinstance(part, mi.NamedTupleType) or getattr(part, "array_like", False):
            items = [self._field(field) for field in fields_seen(part)]
            return head | _tuple(items, sum(field.required for field in part.fields))
        made: Schema = {
            "type": "object",
            "properties": {field.encode_name: self._field(field) for field in fields_seen(part)},
        }
        required = [field.encode_name for field in part.fields if field.required]
        if getattr(part, "tag_field", None) is not None:
            made["properties"] = {part.tag_field: {"enum": [part.tag]}} | made["properties"]
            required = [part.tag_field, *required]
        if required:
            made["required"] = required
        if getattr(part, "forbid_unknown_fields", False):
            made["additionalProperties"] = False
        return head | made

    def _field(self, field: mi.Field) -> Schema:
        default = field.default
        if field.default_factory in (list, dict, set):
            default = field.default_factory()
        return self.of(field.type) | ({} if default is NODEFAULT else stated_default(default))

    def _custom(self, cls: Any) -> Schema:
        if isinstance(cls, Choice):
            return self._schemas.one_of([self.of(mi.type_info(branch)) for branch in cls.branches])
        if isinstance(cls, Record):
            described, struct = cls.described, mi.type_info(cls.struct)
            return self._schemas.component(described, described.__name__, lambda: self._class(described, struct))
        if is_pydantic(cls) or isinstance(cls, Validated):
            return self._validated(cls if isinstance(cls, Validated) else Validated.of(cls))
        return array.schema(cls)

    def _validated(self, validated: Validated) -> Schema:
        """What pydantic says, with its definitions moved to the components."""
        made = validated.schema("serialization" if self._result else "validation")
        known = made.pop("$defs", {})
        if isinstance(validated.described, type) and "$ref" not in made:
            known[validated.__name__] = made
            made = {"$ref": "#/$defs/" + validated.__name__}
        return dict(self._moved(made, known))

    def _moved(self, schema: Any, known: Mapping[str, Schema]) -> Any:
        if isinstance(schema, list):
            return [self._moved(item, known) for item in schema]
        if not isinstance(schema, dict):
            return schema
        moved = {key: self._moved(value, known) for key, value in schema.items() if key != "$ref"}
        if "$ref" not in schema:
            return moved
        name = schema["$ref"].removeprefix("#/$defs/")
        # Models of the same name are the same component only if all they refer to is the same as well.
        key = (name, encode({other: known[other] for other in sorted(_reachable(name, known))}))
        return moved | self._schemas.component(key, name, lambda: dict(self._moved(known[name], known)))


def _reachable(name: str, known: Mapping[str, Schema]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        for other in set(re.findall(rb'"#/\$defs/([^"]+)"', encode(known[waiting.pop()]))):
            if other.decode() not in found:
                found.add(other.decode())
                waiting.append(other.decode())
    return found


def stated_default(default: Any) -> Schema:
    """`default` as a keyword of a schema; nothing if JSON cannot hold it."""
    try:
        return {} if fault(default, []) else {"default": decode(encode(default))}
    except (TypeError, ValueError, RecursionError):
        return {}


def _description(cls: Any) -> Schema:
    """The docstring of a class, unless it is the one that Python itself writes."""
    origin = getattr(cls, "__origin__", cls)
    written = vars(origin).get("__doc__") or ""
    return (
        {} if not written or written.startswith(f"{origin.__name__}(") else {"description": inspect.cleandoc(written)}
    )


def _enum(cls: Any) -> Schema:
    values = [decode(encode(member)) for member in cls]
    kind = {"type": "string"} if all(isinstance(value, str) for value in values) else {}
    return {"title": cls.__name__, **_description(cls), **kind, "enum": values}


def _scalar(part: mi.Type) -> Schema:
    match part:
        case mi.IntType():
            return {"type": "integer"} | _limits(part, _NUMBERS)
        case mi.FloatType():
            return {"type": "number"} | _limits(part, _NUMBERS)
        case mi.StrType():
            return {"type": "string"} | _limits(part, _TEXTS)
        case mi.BytesType() | mi.ByteArrayType() | mi.MemoryViewType():
            limits = _limits(part, _TEXTS)
            # Base64 writes four characters for every three bytes begun.
            return {"type": "string", "contentEncoding": "base64"} | {k: 4 * ((n + 2) // 3) for k, n in limits.items()}
        case mi.LiteralType(values=values):
            return {"enum": list(values)}
    return dict(_SIMPLE.get(type(part), {}))


def _limits(part: mi.Type, words: Mapping[str, str]) -> Schema:
    return {word: limit for name, word in words.items() if (limit := getattr(part, name, None)) is not None}


def _tuple(items: list[Schema], least: int) -> Schema:
    return {"type": "array", "prefixItems": items, "items": False, "minItems": least, "maxItems": len(items)}


def _keys(schema: Schema) -> Schema:
    """What the keys of an object must be: text, whatever they are read as."""
    if schema.get("type") in ("integer", "number"):
        return {"propertyNames": {"pattern": r"^-?[0-9]+$" if schema["type"] == "integer" else r"^-?[0-9.eE+-]+$"}}
    return {} if schema in ({}, {"type": "string"}) else {"propertyNames": schema}
