"""What an annotation means on the wire: the type that msgspec decodes in its place.

msgspec knows most types by itself. Unions it cannot tell apart, classes with such a union in a field, and pydantic's
types are decoded by stand-ins, which take their place in the type and build the value from plain JSON values.
pydantic and numpy are used only where the application has imported them.
"""

from __future__ import annotations

import dataclasses
import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Annotated, Any, NotRequired, Required, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, inspect as mi

from ..view import KEYWORD, View
from .array import is_numpy
from .fields import Field, fields_of, is_pydantic, type_name, unaliased
from .shape import CLASSES, parts
from .standin import Choice, Record, StandIn, Validated
from .views import check, fields_seen, naming, the_view

_UNIONS = (Union, types.UnionType)
_CONSTRAINTS = ("gt", "ge", "lt", "le", "multiple_of", "min_length", "max_length")
_NOT_CHECKED = ("Predicate", "Timezone")
_ADVICE = "use a dataclass, a TypedDict, a msgspec Struct or a pydantic model"


def hint(fn: Callable[..., Any], name: str) -> Any:
    """The evaluated annotation of the parameter `name` of `fn` (`return` for its result); Any if there is none.

    Classes that an enclosing function defines, as in an app factory, are found while that function runs.
    Raises `TypeError` if the annotation cannot be evaluated.
    """
    inner = _innermost(fn)
    annotations = getattr(inner, "__annotations__", {})
    if name not in annotations:
        return Any
    lookalike = types.SimpleNamespace(__annotations__={name: annotations[name]})
    return _evaluated(lookalike, getattr(inner, "__globals__", {}), inner.__qualname__)[name]


def wire_type(annotation: Any, *, result: bool = False) -> Any:
    """The type that msgspec decodes, with `standin.decode_hook`, for an annotation.

    A result may also be a NumPy scalar or array. Raises `TypeError` saying what cannot be used.
    """
    try:
        return _Translation(result).wire(annotation)
    except RecursionError:
        raise TypeError(
            "a type that refers to itself has to be a class; an alias of that kind cannot be read"
        ) from None


def classes(annotation: Any) -> Iterator[Any]:
    """The classes that a value of the annotation may be of: the one, or those of a union."""
    annotation = unaliased(annotation)
    if get_origin(annotation) is Annotated:
        yield from classes(get_args(annotation)[0])
    elif get_origin(annotation) in _UNIONS:
        for branch in get_args(annotation):
            yield from classes(branch)
    else:
        yield get_origin(annotation) or annotation


def _innermost(fn: Callable[..., Any]) -> Any:
    inner: Any = fn
    while isinstance(inner, functools.partial):
        inner = inner.func
    inner = inspect.unwrap(inner)
    return inner if hasattr(inner, "__globals__") or inspect.ismethod(inner) else type(inner).__call__


def _evaluated(thing: Any, scope: dict[str, Any], qualname: str) -> dict[str, Any]:
    try:
        return get_type_hints(thing, scope, _enclosing(scope, qualname), include_extras=True)
    except NameError as error:
        raise TypeError(f"{error}; annotations are read when the function is declared") from None
    except (SyntaxError, AttributeError) as error:
        raise TypeError(f"its annotation cannot be read: {error}") from None


def _enclosing(scope: dict[str, Any], qualname: str) -> dict[str, Any]:
    """The local names of the functions that `qualname` is defined in and that are being executed."""
    found: dict[str, Any] = {}
    frame: types.FrameType | None = sys._getframe(1) if "<locals>" in qualname else None
    while frame is not None:
        if frame.f_globals is scope and qualname.startswith(f"{frame.f_code.co_qualname}.<locals>."):
            found = {**frame.f_locals, **found}
        frame = frame.f_back
    return found


class _Translation:
    """From one annotation to one wire type; a class that refers to itself is translated once."""

    def __init__(self, result: bool) -> None:
        self._result = result
        self._records: dict[type, Record] = {}
        self._models: set[Any] = set()

    def wire(self, annotation: Any) -> Any:
        annotation = unaliased(annotation)
        origin, args = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._annotated(annotation, *args)
        if origin in _UNIONS:
            return self._union(args)
        return self._plain(self._generic(annotation, origin, args))

    def _annotated(self, annotation: Any, bare: Any, *metadata: Any) -> Any:
        if any(_comes_from("pydantic", item) or is_pydantic(item) for item in metadata):
            return Validated.of(annotation)
        kept = [kept for item in metadata if (kept := _constraint(item)) is not None]
        inner, view = self.wire(bare), the_view(metadata)
        if view:
            check(view, mi.type_info(inner), bare)
        return self._checked(Annotated[(inner, *kept)]) if kept else inner

    def _union(self, args: tuple[Any, ...]) -> Any:
        branches = [self.wire(branch) for branch in args if branch is not types.NoneType]
        nothing = [None] if types.NoneType in args else []
        whole: Any = Union[tuple(branches + nothing)]  # noqa: UP007 - of a list
        try:
            mi.type_info(whole)
        except TypeError:
            choice = Choice.of(branches)
            return Union[(choice, *nothing)]
        return whole

    def _generic(self, annotation: Any, origin: Any, args: tuple[Any, ...]) -> Any:
        """`annotation` with its arguments translated: `list[A | B]` becomes a list of a stand-in."""
        if not isinstance(origin, type) or origin in (type, Callable) or is_numpy(origin):
            return annotation
        wired = tuple(self.wire(arg) if _is_annotation(arg) else arg for arg in args)
        if origin is Iterable:
            return types.GenericAlias(list, wired)
        same = all(new is old for new, old in zip(wired, args, strict=True))
        return annotation if same else types.GenericAlias(origin, wired)

    def _plain(self, kind: Any) -> Any:
        if is_pydantic(kind):
            self._check_model(kind)
            return Validated.of(kind)
        try:
            return self._checked(kind)
        except (TypeError, NameError) as error:
            fields = fields_of(kind)
            if fields is None:
                raise TypeError(str(error)) from None
            return self._record(kind, [field for field in fields if field.key])

    def _checked(self, kind: Any) -> Any:
        for part in parts(kind):
            if isinstance(part, mi.CustomType) and not self._is_known(part.cls):
                verb = "written as" if self._result else "read from"
                advice = "a NumPy type is for results; take lists" if is_numpy(part.cls) else _ADVICE
                raise TypeError(f"{type_name(part.cls)} cannot be {verb} JSON; {advice}")
            if isinstance(part, mi.DataclassType) and is_pydantic(part.cls):
                raise TypeError(f"{type_name(part.cls)} is checked by pydantic")
            if isinstance(part, mi.DataclassType) and _forgets_defaults(part.cls):
                raise TypeError(f"{type_name(part.cls)} is made by calling it")
            if isinstance(part, CLASSES):
                fields_seen(part)
        return kind

    def _check_model(self, model: Any) -> None:
        if model in self._models:
            return
        self._models.add(model)
        for name, field in getattr(model, "model_fields", {}).items():
            view = the_view(field.metadata)
            try:
                inner = self.wire(field.annotation) if view else Any
            except TypeError:  # a type that only pydantic knows
                continue
            if view:
                with naming(name, model):
                    check(view, mi.type_info(inner), field.annotation)

    def _is_known(self, cls: Any) -> bool:
        return isinstance(cls, StandIn) or is_pydantic(cls) or (self._result and is_numpy(cls))

    def _record(self, cls: type, fields: list[Field]) -> Record:
        if cls not in self._records:
            record = self._records[cls] = Record(cls.__name__, (), {})
            hints = _evaluated(cls, vars(sys.modules[cls.__module__]), cls.__qualname__)
            read = [self._field(cls, field, hints[field.name]) for field in fields]
            record.fill(cls, [field for field, _ in read], [kind for _, kind in read])
        return self._records[cls]

    def _field(self, cls: type, field: Field, annotation: Any) -> tuple[Field, Any]:
        qualifier = get_origin(annotation)
        if qualifier in (Required, NotRequired):  # what TypedDict itself does not see in annotations that are strings
            default = NODEFAULT if qualifier is Required else UNSET
            field, annotation = field._replace(default=default), get_args(annotation)[0]
        with naming(field.name, cls):
            return field, self.wire(annotation)


def _forgets_defaults(cls: type) -> bool:
    """Whether msgspec would leave a default on the class, so that the object, written again, lacks the field."""
    fields = getattr(cls, "__dataclass_fields__", {})
    return any(f.default is not dataclasses.MISSING and f.init and f.name in vars(cls) for f in fields.values())


def _constraint(metadata: Any) -> msgspec.Meta | None:
    """What a view and `annotated_types` say, in msgspec's words; other metadata is somebody else's."""
    if isinstance(metadata, msgspec.Meta):
        return metadata
    if isinstance(metadata, View):
        return msgspec.Meta(extra_json_schema={KEYWORD: metadata.wire()})
    if not _comes_from("annotated_types", metadata):
        return None
    limits = {name: limit for name in _CONSTRAINTS if (limit := getattr(metadata, name, None)) is not None}
    if not limits and type(metadata).__name__ in _NOT_CHECKED:
        raise TypeError(f"the constraint {type(metadata).__name__} is one that only pydantic checks; use its Field")
    return msgspec.Meta(**limits) if limits else None


def _is_annotation(thing: Any) -> bool:
    """Whether an argument of a generic is a type: not the dots of a tuple, nor a list of parameter types."""
    return thing is not Ellipsis and not isinstance(thing, list | tuple)


def _comes_from(package: str, thing: Any) -> bool:
    return type(thing).__module__.partition(".")[0] == package
