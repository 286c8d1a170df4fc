"""Signature: the parameters and the result of a function, between Python and JSON.

Everything is worked out when the function is declared: one decoder for params by name, one for params by position,
and a call written out in full, so that a call costs little more than msgspec itself.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator, Iterator
from types import GenericAlias
from typing import Annotated, Any, NamedTuple, NoReturn, get_args, get_origin

import msgspec
from msgspec import Struct, defstruct, inspect as mi
from msgspec.json import Decoder
from msgspec.structs import asdict

from ..errors import DeclarationError, Error, InvalidParams, InvalidRequest, ParseError, ResultUnusable
from .annotation import hint, wire_type
from .encoding import UNWRITABLE, checked, encode, fault, unusable, write
from .misfit import Misfit
from .parameter import Parameter, first_misfit, too_many, unknown
from .schema import Schemas
from .shape import members
from .standin import decode_hook

_ITERATORS = (Iterator, Generator, AsyncIterator, AsyncGenerator)
_MISFIT = "Value does not fit its type"
_OBJECT, _ARRAY = b"{"[0], b"["[0]
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_KINDS = {
    inspect.Parameter.POSITIONAL_ONLY: "a positional-only parameter",
    inspect.Parameter.VAR_POSITIONAL: "a parameter for any number of values",
    inspect.Parameter.VAR_KEYWORD: "a parameter for any names",
}

_CALL = "def call(p, first=None): return fn({arguments})"

# Searching from the end takes CPython half the time of searching from the beginning.
_ANSWER = """
def answer(params, first):
    if params and params[0] == 123:
        try:
            p = by_name(params)
        except UNREADABLE as error:
            raise refusal(params, error) from None
    else:
        p = decode(params)
    result = fn({arguments})
    try:
        written = encode(result)
    except UNWRITABLE as error:
        raise unusable(result, places, error) from None
    if type(result) is str or written.rfind(b"null") < 0:
        return written
    return checked(written, result, places)
"""


class Description(NamedTuple):
    """A signature as schemas: `params` as OpenRPC's content descriptors, `result` as a schema."""

    params: list[dict[str, Any]]
    result: dict[str, Any]


class Signature:
    """What a function takes and gives. Raises `DeclarationError` naming the function and the parameter.

    noun: what the function is declared as, for messages.
    skip_first: the first parameter is given by `call(arguments, first)` and is not part of the signature.
    is_generator: the function yields values of `partial_type`, and its result is the list of them.
    """

    def __init__(self, fn: Callable[..., Any], *, name: str, noun: str = "function", skip_first: bool = False) -> None:
        self.fn, self.name, self._noun = fn, name, noun
        self.parameters = self._parameters(skip_first)
        annotated = self._resolve("result", hint, fn, "return")
        bare, *metadata = get_args(annotated) if get_origin(annotated) is Annotated else (annotated,)
        self.is_generator = inspect.isgeneratorfunction(fn) or get_origin(bare) in _ITERATORS
        self.partial_type: Any = (*get_args(bare), Any)[0] if self.is_generator else None
        self.result_type: Any = _listed(self.partial_type, metadata) if self.is_generator else annotated
        self.wire_result = self._resolve("result", wire_type, self.result_type, result=True)
        self._result_places = [mi.type_info(self.wire_result)]
        self._decode_result = Decoder(self.wire_result, dec_hook=decode_hook).decode
        self._by_name, self._by_position = _decoders(self.parameters)
        self._skip_first = skip_first
        self.call: Callable[..., Any] = self._compile(_CALL, "call")

    def __repr__(self) -> str:
        return f"<Signature {self.name}({', '.join(p.name for p in self.parameters)})>"

    def decode(self, params: bytes) -> Any:
        """The arguments for `call` from JSON params: an object by name, an array by position, b"" for none.

        Raises `InvalidParams` naming the parameter, `InvalidRequest` if it is neither object nor array and
        `ParseError` if it cannot be read at all.
        """
        try:
            head = params[0] if params else _OBJECT
            if head == _OBJECT:
                return self._by_name(params or b"{}")
            if head == _ARRAY:
                return self._by_position(params)
        except _UNREADABLE as error:
            raise self._refusal(params or b"{}", error) from None
        raise InvalidRequest(data="params must be an array or an object")

    def bind(self, *args: Any, **kwargs: Any) -> bytes:
        """The arguments of a Python call as JSON params by name. Raises `InvalidParams` if they do not fit."""
        names = [p.name for p in self.parameters]
        takers = [p.name for p in self.parameters if not p.keyword_only]
        if len(args) > len(takers):
            raise InvalidParams(data=too_many(takers, len(args)))
        given = dict(zip(takers, args, strict=False))
        for name in kwargs:
            if name in given:
                raise InvalidParams(data=f"parameter {name!r} is given twice")
            if name not in names:
                raise InvalidParams(data=unknown(name, names))
        params = self._written_params(given | kwargs)
        self.decode(params)
        return params

    def encode(self, result: Any) -> bytes:
        """The result as JSON. Raises `ResultUnusable` saying what cannot be written, and where."""
        if self.is_generator and not isinstance(result, list):
            result = list(result)
        return write(result, self._result_places)

    def answering(self) -> Callable[[bytes, Any], bytes]:
        """`encode(call(decode(params), first))` as one function without detours: the hot path of every method."""
        if self.is_generator:
            return lambda params, first: self.encode(self.call(self.decode(params), first))
        return self._compile(_ANSWER, "answer")

    def answering_async(self) -> Callable[[bytes, Any], Awaitable[bytes]]:
        """The same for an `async def`, to be awaited."""
        if self.is_generator:
            return self._answer_generated
        source = _ANSWER.replace("def answer", "async def answer").replace("= fn(", "= await fn(")
        return self._compile(source, "answer")

    def encode_partial(self, value: Any) -> bytes:
        """One value that a generator yielded as JSON. Raises `ResultUnusable`."""
        return write(value, members(self._result_places, 0))

    def decode_result(self, raw: bytes) -> Any:
        """The result from the JSON that `encode` wrote. Raises `ResultUnusable` if it does not fit the result type."""
        try:
            return self._decode_result(raw)
        except msgspec.ValidationError as error:
            misfit = Misfit.of(error)
            raise ResultUnusable(message=_MISFIT, data=f"{misfit.path}: {misfit.text}") from None
        except _UNREADABLE:
            raise ResultUnusable(message=_MISFIT, data="it is no JSON text") from None

    def describe(self, schemas: Schemas) -> Description:
        """The parameters and the result; the classes in them become components of `schemas`."""
        return Description([p.describe(schemas) for p in self.parameters], schemas.of(self.wire_result, result=True))

    def params_schema(self) -> dict[str, Any]:
        """The JSON Schema of params by name, with the classes in it under `$defs`."""
        schemas = Schemas("#/$defs/")
        described = [p.describe(schemas) for p in self.parameters]
        made: dict[str, Any] = {"type": "object", "properties": {p["name"]: p["schema"] for p in described}}
        required = [p["name"] for p in described if p["required"]]
        if required:
            made["required"] = required
        made["additionalProperties"] = False
        return made | ({"$defs": schemas.components} if schemas.components else {})

    def result_schema(self) -> dict[str, Any]:
        """The JSON Schema of the result, with the classes in it under `$defs`."""
        schemas = Schemas("#/$defs/")
        made = schemas.of(self.wire_result, result=True)
        return made | ({"$defs": schemas.components} if schemas.components else {})

    async def _answer_generated(self, params: bytes, first: Any) -> bytes:
        return self.encode(await self.call(self.decode(params), first))

    def _compile(self, source: str, name: str) -> Callable[..., Any]:
        """A function from a text in which the call of `fn` is written out: no loop, no dictionary, no detour."""
        given = [f"{p.name}=p.{p.name}" if p.keyword_only else f"p.{p.name}" for p in self.parameters]
        arguments = ", ".join(["first", *given] if self._skip_first else given)
        scope: dict[str, Any] = {
            "fn": self.fn,
            "by_name": self._by_name,
            "decode": self.decode,
            "refusal": self._refusal,
            "encode": encode,
            "places": self._result_places,
            "checked": checked,
            "unusable": unusable,
            "UNREADABLE": _UNREADABLE,
            "UNWRITABLE": UNWRITABLE,
        }
        exec(source.format(arguments=arguments), scope)
        made: Callable[..., Any] = scope[name]
        return made

    def _parameters(self, skip_first: bool) -> tuple[Parameter, ...]:
        try:
            found = list(inspect.signature(self.fn).parameters.values())
        except ValueError as error:
            self._refuse("parameters", str(error))
        return tuple(self._parameter(p) for p in found[1 if skip_first else 0 :])

    def _parameter(self, p: inspect.Parameter) -> Parameter:
        where = f"parameter {p.name!r}"
        if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            self._refuse(where, f"{_KINDS[p.kind]} cannot be given by name; give each parameter a name")
        if p.name.startswith("__"):
            self._refuse(where, "a name cannot begin with two underscores")
        annotated = self._resolve(where, hint, self.fn, p.name)
        kind = self._resolve(where, wire_type, annotated)
        required = p.default is p.empty
        default = None if required else p.default
        made = Parameter(p.name, annotated, kind, required, default, p.kind is p.KEYWORD_ONLY)
        if misfit := made.default_misfit():
            self._refuse(where, misfit)
        return made

    def _resolve(self, where: str, step: Callable[..., Any], *args: Any, **options: Any) -> Any:
        try:
            return step(*args, **options)
        except TypeError as error:
            self._refuse(where, str(error))

    def _refuse(self, where: str, why: str) -> NoReturn:
        raise DeclarationError(f"{self._noun} {self.name!r}: {where}: {why}")

    def _refusal(self, params: bytes, error: Exception) -> Error:
        """Params are decoded again, one by one, to name the one that does not fit."""
        if isinstance(error, RecursionError):
            return ParseError(data="params are nested too deeply")
        if not isinstance(error, msgspec.ValidationError):
            return ParseError()
        try:
            return InvalidParams(data=first_misfit(self.parameters, params)[:1000])
        except _UNREADABLE:
            return ParseError()

    def _written_params(self, given: dict[str, Any]) -> bytes:
        try:
            params = encode(given)
            faults = self._faults(given) if b"null" in params else iter(())
        except RecursionError:
            raise InvalidParams(data="a parameter is nested too deeply, or contains itself") from None
        except (TypeError, ValueError) as error:
            faults = itertools.chain(self._faults(given), [str(error)])
        found = next(faults, None)
        if found:
            raise InvalidParams(data=found)
        return params

    def _faults(self, given: dict[str, Any]) -> Iterator[str]:
        """What JSON cannot hold of the arguments."""
        for p in self.parameters:
            found = fault(given[p.name], p.places(), p.name) if p.name in given else None
            if found:
                yield f"parameter {p.name!r}: {found}"


def _listed(kind: Any, metadata: list[Any]) -> Any:
    """The type of the list of all that a generator yields."""
    listed: Any = GenericAlias(list, kind)
    return Annotated[(listed, *metadata)] if metadata else listed


def _decoders(parameters: tuple[Parameter, ...]) -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]]:
    """What decodes params by name and params by position, into the same attributes."""
    options: dict[str, Any] = {"kw_only": True, "forbid_unknown_fields": True, "gc": False}
    by_name = defstruct("Params", [p.struct_field() for p in parameters], **options)
    positional = [p.struct_field() for p in parameters if not p.keyword_only]
    by_position = defstruct("Params", positional, array_like=True, **options)
    decode = Decoder(by_position, dec_hook=decode_hook).decode
    whole = decode if len(positional) == len(parameters) else lambda params: _completed(by_name, decode(params))
    return Decoder(by_name, dec_hook=decode_hook).decode, whole


def _completed(by_name: type[Struct], given: Struct) -> Struct:
    """Params given by position with the defaults of those that are given by name only."""
    try:
        return by_name(**asdict(given))
    except TypeError as error:
        raise msgspec.ValidationError(str(error)) from None
