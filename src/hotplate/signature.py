"""Signature: the parameters and the result of a function, between Python and JSON.

Everything is worked out when the function is declared: one decoder for params by name, one for params by position,
and a call written out in full, so that a call costs little more than msgspec itself.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any, get_args, get_origin

import msgspec
from msgspec import NODEFAULT, Raw, Struct, defstruct, field
from msgspec.json import Decoder, Encoder

from .annotation import decode_hook, encode_hook, hint, wire_type
from .errors import DeclarationError, InvalidParams, InvalidRequest, ParseError, ResultUnusable

_ITERATORS = (Iterator, Generator, AsyncIterator, AsyncGenerator)
_OBJECT, _ARRAY = b"{"[0], b"["[0]

_encode = Encoder(enc_hook=encode_hook).encode
_members = Decoder(dict[str, Raw]).decode
_elements = Decoder(list[Raw]).decode


class Parameter(Struct, frozen=True):
    """One parameter: `type` as annotated, `default` only if it is not `required`; `keyword_only` in params by name."""

    name: str
    type: Any
    wire_type: Any
    required: bool = True
    default: Any = None
    keyword_only: bool = False


class Signature:
    """What a function takes and gives. Raises `DeclarationError` naming the function and the parameter.

    noun: what the function is declared as, for messages.
    skip_first: the first parameter is given by `call(arguments, first)` and is not part of the signature.
    is_generator: the function yields values of `partial_type`, and its result is the list of them.
    """

    def __init__(
        self, fn: Callable[..., Any], *, name: str, noun: str = "function", skip_first: bool = False
    ) -> None:
        self.fn, self.name, self._noun = fn, name, noun
        self.parameters = self._parameters(skip_first)
        annotated = self._resolve("result", hint, fn, "return")
        self.is_generator = inspect.isgeneratorfunction(fn) or get_origin(annotated) in _ITERATORS
        self.partial_type: Any = ((*get_args(annotated), Any)[0]) if self.is_generator else None
        self.result_type: Any = list[self.partial_type] if self.is_generator else annotated
        self._wire_result = self._resolve("result", wire_type, self.result_type)
        self._decode_result = Decoder(self._wire_result, dec_hook=decode_hook).decode
        self._by_name, self._by_position = self._decoders()
        self.call: Callable[..., Any] = _written_call(fn, self.parameters, skip_first)

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
        except msgspec.ValidationError as error:
            raise self._refusal(params, error) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise ParseError from None
        raise InvalidRequest(data="params must be an array or an object")

    def bind(self, *args: Any, **kwargs: Any) -> bytes:
        """The arguments of a Python call as JSON params by name. Raises `InvalidParams` if they do not fit."""
        names = [p.name for p in self.parameters if not p.keyword_only]
        if len(args) > len(names):
            raise InvalidParams(data=f"at most {len(names)} parameters may be given by position, got {len(args)}")
        given = dict(zip(names, args, strict=False))
        for name in kwargs:
            if name in given:
                raise InvalidParams(data=f"parameter {name!r} is given twice")
        params = _encode(given | kwargs)
        self.decode(params)
        return params

    def encode(self, result: Any) -> bytes:
        """The result as JSON. Raises `ResultUnusable` saying what cannot be written, and where."""
        try:
            return _encode(result)
        except (TypeError, ValueError, RecursionError) as error:
            raise ResultUnusable(data=str(error)) from None

    def decode_result(self, raw: bytes) -> Any:
        """The result from the JSON that `encode` wrote. Raises `ResultUnusable` if it does not fit the result type."""
        try:
            return self._decode_result(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ResultUnusable(data=str(error)) from None

    def _parameters(self, skip_first: bool) -> tuple[Parameter, ...]:
        found = list(inspect.signature(self.fn).parameters.values())
        return tuple(self._parameter(p) for p in found[1 if skip_first else 0 :])

    def _parameter(self, p: inspect.Parameter) -> Parameter:
        where = f"parameter {p.name!r}"
        if p.kind not in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY):
            self._refuse(where, f"{p} has no name to be called by; give it a name of its own")
        annotated = self._resolve(where, hint, self.fn, p.name)
        kind = self._resolve(where, wire_type, annotated)
        required = p.default is p.empty
        default = None if required else p.default
        return Parameter(p.name, annotated, kind, required, default, p.kind is p.KEYWORD_ONLY)

    def _resolve(self, where: str, step: Callable[..., Any], *args: Any) -> Any:
        try:
            return step(*args)
        except TypeError as error:
            self._refuse(where, str(error))

    def _refuse(self, where: str, why: str) -> None:
        raise DeclarationError(f"{self._noun} {self.name!r}: {where}: {why}")

    def _decoders(self) -> tuple[Callable[[bytes], Any], Callable[[bytes], Any]]:
        fields = [(p.name, p.wire_type, _default(p)) for p in self.parameters]
        by_name = defstruct("Params", fields, kw_only=True, forbid_unknown_fields=True, gc=False)
        by_position = defstruct("Params", fields, array_like=True, forbid_unknown_fields=True, gc=False)
        return (
            Decoder(by_name, dec_hook=decode_hook).decode,
            Decoder(by_position, dec_hook=decode_hook).decode,
        )

    def _refusal(self, params: bytes, error: Exception) -> InvalidParams:
        """The first thing that is wrong with params, found by looking at them one by one."""
        return InvalidParams(data=str(error))


def _default(p: Parameter) -> Any:
    if p.required:
        return NODEFAULT
    try:
        hash(p.default)
    except TypeError:
        return field(default_factory=lambda: copy.deepcopy(p.default))
    return p.default


def _written_call(fn: Callable[..., Any], parameters: tuple[Parameter, ...], skip_first: bool) -> Callable[..., Any]:
    """A function that calls `fn` with the fields of the decoded params, written out: no loop, no dictionary."""
    given = [f"{p.name}=p.{p.name}" if p.keyword_only else f"p.{p.name}" for p in parameters]
    head, first = ("p, first", ["first"]) if skip_first else ("p", [])
    scope: dict[str, Any] = {"fn": fn}
    exec(f"def call({head}): return fn({', '.join(first + given)})", scope)  # noqa: S102 - names of parameters only
    call: Callable[..., Any] = scope["call"]
    return call
