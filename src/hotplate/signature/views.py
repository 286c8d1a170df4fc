"""Views in types: where they stand, and whether what stands there can be seen that way.

msgspec knows nothing of views. Beside a parameter or result they become its own metadata; in the fields of classes that
it reads by itself they are found here, beside the types that it makes of these fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from types import UnionType
from typing import Annotated, Any, Final, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from msgspec import UnsetType, inspect as mi
from msgspec.structs import replace

from .. import file
from ..view import KEYWORD, SVG, Chart, Image, Table, View
from .array import is_array_type
from .fields import is_pydantic, type_name, unaliased, wire_names
from .shape import alternatives
from .standin import Validated

Fields = Mapping[str, mi.Type]

_QUALIFIERS = (Required, NotRequired, Final)
_UNIONS = (Union, UnionType)
_NUMBERS = (mi.IntType, mi.FloatType, mi.DecimalType, mi.BoolType)
_ARRAYS = (mi.CollectionType, mi.TupleType, mi.NamedTupleType)
_UNKNOWN = (mi.AnyType, mi.NoneType, mi.RawType)
_OBJECTS = (mi.DictType, mi.FrozenDictType)


def the_view(metadata: Iterable[Any]) -> View | None:
    """The view in the metadata of `Annotated`. Raises `TypeError` if there are two, or a class instead of one."""
    found = [item for item in metadata if isinstance(item, View)]
    if len(found) > 1:
        raise TypeError(f"has two views, {' and '.join(type(view).__name__ for view in found)}; leave one out")
    for item in metadata:
        if isinstance(item, type) and issubclass(item, View):
            raise TypeError(f"{item.__name__} is a class; write {item.__name__}()")
    return found[0] if found else None


@contextmanager
def naming(field: str, cls: Any) -> Iterator[None]:
    """What is wrong with the type of a field is told with the names of field and class."""
    try:
        yield
    except TypeError as error:
        raise TypeError(f"field {field!r} of {type_name(cls)}: {error}") from None


def fields_seen(part: Any) -> list[mi.Field]:
    """The fields of a class, with the views they have. Raises `TypeError` naming the field of one that is wrong."""
    annotations = _annotations(part.cls)
    return [_field_seen(part.cls, field, annotations.get(field.name, Any)) for field in part.fields]


def _field_seen(cls: Any, field: mi.Field, annotation: Any) -> mi.Field:
    with naming(field.name, cls):
        return replace(field, type=seen(annotation, field.type))


def _annotations(cls: Any) -> Mapping[str, Any]:
    try:
        return _hints(get_origin(cls) or cls)
    except (NameError, AttributeError, TypeError):  # of a wire type that is made of other things than annotations
        return {}


@lru_cache(maxsize=1024)
def _hints(cls: Any) -> Mapping[str, Any]:
    return get_type_hints(cls, include_extras=True)


def seen(annotation: Any, part: mi.Type) -> mi.Type:
    """What msgspec has made of an annotation, with the views in it, and choices in their order."""
    annotation = unaliased(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if origin in _QUALIFIERS:
        return seen(args[0], part)
    if isinstance(part, mi.Metadata):
        inner = seen(annotation, part.type)
        return part if inner is part.type else replace(part, type=inner)
    if origin is Annotated:
        inner, view = seen(args[0], part), the_view(args[1:])
        if view is None:
            return inner
        check(view, part, args[0])
        return mi.Metadata(inner, extra_json_schema={KEYWORD: view.wire()})
    return _seen_inside(origin, args, part)


def _seen_inside(origin: Any, args: tuple[Any, ...], part: mi.Type) -> mi.Type:
    if origin in _UNIONS:
        args = tuple(arg for arg in args if arg is not UnsetType)
        if len(args) == 1:
            return seen(args[0], part)
    match part:
        case mi.LiteralType() if origin is Literal:
            return replace(part, values=args)  # which msgspec has sorted
        case mi.UnionType(types=types) | mi.TupleType(item_types=types) if len(types) == len(args):
            field = "types" if isinstance(part, mi.UnionType) else "item_types"
            return replace(part, **{field: tuple(map(seen, args, types))})
        case mi.CollectionType(item_type=item) if args:
            return replace(part, item_type=seen(args[0], item))
        case mi.DictType(value_type=value) | mi.FrozenDictType(value_type=value) if len(args) == 2:
            return replace(part, value_type=seen(args[1], value))
    return part


def check(view: View, part: mi.Type, kind: Any) -> None:
    """Raises `TypeError` if what stands there cannot be seen that way. kind: its type, for the message."""
    for place in alternatives(part):
        if isinstance(place, _UNKNOWN):
            continue
        match view:
            case Chart():
                why = _undrawable(view, place)
            case Table():
                why = _untabular(view, place)
            case Image():
                why = _unpictured(view, place)
            case _:
                why = None if isinstance(place, mi.StrType) else "it is for text (str)"
        if why:
            raise TypeError(f"{type(view).__name__} does not fit {type_name(kind)}: {why}")


def _undrawable(chart: Chart, place: mi.Type) -> str | None:
    names = [*([chart.x] if chart.x else []), *(chart.y or ())]
    match place:
        case mi.CollectionType(item_type=item):
            return next(filter(None, (_undrawable_row(chart, names, row) for row in alternatives(item))), None)
        case mi.DictType(value_type=value) | mi.FrozenDictType(value_type=value):
            if isinstance(value, mi.AnyType) or _all(value, _is_array):
                return None
            if _all(value, _may_be_number):
                return _nameless(names, "its values are numbers, each drawn over its key")
            return "values of an object are numbers, or lists of them"
        case mi.CustomType(cls=cls) if is_array_type(cls):
            return _nameless(names, "a NumPy array has no fields: the first column is x, the others are y")
    fields = _fields(place)
    if fields is None:
        return "a chart is of a list, an object of lists or numbers, or a NumPy array"
    return _missing(names, fields) or _no_numbers(chart, {name: _items(kind) for name, kind in fields.items()})


def _undrawable_row(chart: Chart, names: list[str], row: mi.Type) -> str | None:
    if isinstance(row, (*_UNKNOWN, *_OBJECTS)):
        return None
    if _is_array(row):
        return _nameless(names, "its rows are arrays, without fields: the first column is x, the others are y")
    fields = _fields(row)
    if fields is None and _may_be_number(row):
        return _nameless(names, "its rows are numbers, without fields")
    if fields is None:
        return "rows are objects, numbers, or arrays of numbers"
    return _missing(names, fields) or _no_numbers(chart, fields)


def _untabular(table: Table, place: mi.Type) -> str | None:
    names = list(table.columns or ())
    match place:
        case mi.CollectionType(item_type=item):
            known = [fields for row in alternatives(item) if (fields := _fields(row)) is not None]
            return next((why for fields in known if (why := _missing(names, fields))), None)
        case mi.DictType() | mi.FrozenDictType():
            return None
        case mi.CustomType(cls=cls) if is_array_type(cls):
            return None
    fields = _fields(place)
    return "a table is of a list, an object or a NumPy array" if fields is None else _missing(names, fields)


def _unpictured(image: Image, place: mi.Type) -> str | None:
    match place:
        case mi.StructType(cls=file.File):
            return None
        case mi.BytesType() | mi.ByteArrayType() | mi.MemoryViewType():
            return None if image.media_type else "say what the bytes are: Image('image/png')"
        case mi.StrType():
            return None if image.media_type == SVG else f"only an SVG is text: Image('{SVG}'); give bytes or a File"
    return "an image is bytes, a File, or text that is an SVG"


def _fields(place: mi.Type) -> Fields | None:
    """The fields that an object there has in JSON; None if it is no object of known fields."""
    match place:
        case mi.StructType(array_like=True):
            return None
        case mi.StructType() | mi.DataclassType() | mi.TypedDictType():
            return {field.encode_name: field.type for field in place.fields}
        case mi.CustomType(cls=cls) if isinstance(cls, Validated) or is_pydantic(cls):
            names = wire_names(cls)
            return None if names is None else dict.fromkeys(names, mi.AnyType())
    return None


def _missing(names: Iterable[str], fields: Fields) -> str | None:
    gone = [name for name in names if name not in fields]
    return f"there is no field {gone[0]!r}; the fields are {', '.join(fields)}" if gone else None


def _nameless(names: list[str], why: str) -> str | None:
    return f"{why}; leave {' and '.join(map(repr, names))} out" if names else None


def _no_numbers(chart: Chart, fields: Fields) -> str | None:
    """Why the fields that are to be drawn cannot be."""
    for name in chart.y or ():
        if not _may_be_number(fields[name]):
            return f"field {name!r} has no numbers"
    if not any(_may_be_number(kind) for name, kind in fields.items() if name != chart.x):
        return "none of its fields has numbers to draw"
    return None


def _items(kind: mi.Type) -> mi.Type:
    """What a column of that type has; something that is no number if it is no column."""
    for place in alternatives(kind):
        match place:
            case mi.CollectionType(item_type=item):
                return item
            case mi.AnyType() | mi.CustomType():
                return mi.AnyType()
    return mi.NoneType()


def _may_be_number(kind: mi.Type) -> bool:
    return any(isinstance(place, (*_NUMBERS, mi.AnyType, mi.CustomType)) for place in alternatives(kind))


def _is_array(place: mi.Type) -> bool:
    is_struct = isinstance(place, mi.StructType) and place.array_like
    return is_struct or isinstance(place, _ARRAYS) or (isinstance(place, mi.CustomType) and is_array_type(place.cls))


def _all(kind: mi.Type, wanted: Callable[[mi.Type], bool]) -> bool:
    """Whether all that may stand there, but null, is as wanted."""
    return all(wanted(place) for place in alternatives(kind) if not isinstance(place, mi.NoneType))
