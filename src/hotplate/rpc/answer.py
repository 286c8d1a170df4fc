"""The answer to a call: bytes and a Caller in, bytes out, no HTTP."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any, Protocol

from ..caller import Caller
from ..context import caller as current_caller
from ..errors import Error, InternalError, InvalidParams, InvalidRequest, MethodNotFound, Unauthenticated, log_failure
from ..method import Method
from .message import (
    ID_STARTS,
    LONGEST_ID,
    RESPONSE,
    Request,
    clip,
    error_response,
    is_structured,
    is_valid_id,
    read,
)

log = logging.getLogger("hotplate")

SIGN_IN = (
    "nobody is signed in and the function is not public; set HOTPLATE_ACCESS=open to let everybody call "
    'everything, or declare the function with allow="public"'
)


Answers = Mapping[str, Callable[[bytes, Caller], bytes]]


class Target(Protocol):
    """What a name stands for at an RPC address: a method, a job or a built-in."""

    @property
    def name(self) -> str:
        """The full name."""

    @property
    def public(self) -> bool:
        """Whether everybody may call it."""

    @property
    def needs_request(self) -> bool:
        """Whether it must be answered within a Flask request."""

    @property
    def answer(self) -> Callable[[bytes, Caller], bytes]:
        """The result as JSON, from params as sent (empty for none). Raises `Error`, or what the user's code raises."""


class MethodTarget:
    """A method, ready to be called."""

    def __init__(self, name: str, method: Method[..., Any]) -> None:
        self.name = name
        self.public = method.allow == "public"
        self.needs_request = method.request
        self.answer = _answer_async(method) if method.is_async else method.signature.answering()


def _answer_async(method: Method[..., Any]) -> Callable[[bytes, Caller], bytes]:
    decode, call, encode = method.signature.decode, method.signature.call, method.signature.encode

    def answer(params: bytes, caller: Caller) -> bytes:
        return encode(asyncio.run(call(decode(params))))

    return answer


Observer = Callable[[str, float, bytes | None], None]
"""Told of every call: the name as sent, the seconds it took, the response (None to a notification)."""


class Answerer:
    """Answers what is sent to one RPC address.

    targets: what can be called there, by the name used there. max_batch: most calls in a batch.
    translate: makes an `Error` of an exception that says what the caller did wrong, else None.
    observe: is told of every call; for a log line a call.
    is_public: whether there is anything that everybody may call.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        *,
        max_batch: int,
        translate: Callable[[Exception], Error | None] = lambda _: None,
        observe: Observer | None = None,
    ) -> None:
        self._targets = targets
        self._answers = {name: target.answer for name, target in targets.items()}
        self._public_answers = {name: self._answers[name] for name, target in targets.items() if target.public}
        self._max_batch = max_batch
        self._translate = translate
        self._call = self._plain_call
        if observe is not None:
            self._observe, self._call = observe, self._observed_call
        self._request_names = frozenset(name for name, target in targets.items() if target.needs_request)
        self._warned: set[str] = set()
        self.is_public = any(target.public for target in targets.values())

    def answer(self, body: bytes, caller: Caller) -> bytes | None:
        """The response to send back, or None where there is nothing to answer (only notifications). Never raises."""
        try:
            message = read(body, self._max_batch)
        except Error as error:
            return error_response(error)
        token = current_caller.set(caller)
        try:
            answers = self._answers if caller.authenticated else self._public_answers
            if type(message) is Request:
                return self._call(message, answers, caller)
            return self._batch(message, answers, caller)  # type: ignore[arg-type]  # type() is faster than isinstance
        finally:
            current_caller.reset(token)

    def needs_request(self, body: bytes) -> bool:
        """Whether one of the functions called must be answered within a Flask request."""
        return bool(self._request_names) and not self._request_names.isdisjoint(self._names(body))

    def is_denied(self, body: bytes, caller: Caller) -> bool:
        """Whether this caller may call nothing of what is called, for want of signing in."""
        if caller.authenticated:
            return False
        called = [self._targets.get(name) for name in self._names(body)]
        return bool(called) and all(target is not None and not target.public for target in called)

    def _names(self, body: bytes) -> Iterable[str]:
        try:
            message = read(body, self._max_batch)
        except Error:
            return ()
        requests = [message] if isinstance(message, Request) else message
        return [request.method for request in requests if isinstance(request, Request)]

    def _batch(self, batch: Sequence[Request | InvalidRequest], answers: Answers, caller: Caller) -> bytes | None:
        call = self._call
        given = [call(r, answers, caller) if isinstance(r, Request) else error_response(r) for r in batch]
        said = [answer for answer in given if answer is not None]
        return b"[%b]" % b",".join(said) if said else None

    def _plain_call(self, request: Request, answers: Answers, caller: Caller) -> bytes | None:
        request_id = bytes(request.id)
        if not request_id:
            return self._notify(request, answers, caller)
        try:
            answer = answers.get(request.method)
            if answer is None or request_id[0] not in ID_STARTS or len(request_id) > LONGEST_ID:
                return self._refused(request, request_id)
            return RESPONSE % (request_id, answer(bytes(request.params), caller))
        except Exception as error:
            return self._failed(request, request_id, error)

    def _refused(self, request: Request, request_id: bytes) -> bytes:
        if not is_valid_id(request_id):
            return error_response(InvalidRequest(data="id is a string, a number or null, of at most 128 bytes"))
        return error_response(self._refusal(request), request_id)

    def _refusal(self, request: Request) -> Error:
        if not is_structured(bytes(request.params)):
            return InvalidRequest(data="params is an array or an object")
        if request.method in self._targets:
            return Unauthenticated(data=SIGN_IN)
        return MethodNotFound(data=clip(request.method))

    def _failed(self, request: Request, request_id: bytes, raised: Exception) -> bytes:
        error = self._error(request, raised)
        try:
            return error_response(error, request_id)
        except Exception as unusable:  # the data of a user's own error is no JSON
            error_id = log_failure(f"the data of an error of {request.method!r}", unusable)
            return error_response(InternalError(data={"error_id": error_id}), request_id)

    def _error(self, request: Request, raised: Exception) -> Error:
        """The error that goes to the caller; the text of an unexpected exception goes to the log alone."""
        error = raised if isinstance(raised, Error) else self._translate(raised)
        if error is None or not (type(error.code) is int and isinstance(error.message, str)):
            return InternalError(data={"error_id": log_failure(f"{request.method!r}", raised)})
        if isinstance(error, InvalidParams | InvalidRequest) and isinstance(error.data, str):
            error.data = clip(error.data)
        return error

    def _notify(self, request: Request, answers: Answers, caller: Caller) -> bytes | None:
        """Carry out a request without an id: it is never answered (section 4.1), unless it is no request."""
        params, answer = bytes(request.params), answers.get(request.method)
        if not is_structured(params):
            return error_response(InvalidRequest(data="params is an array or an object"))
        lost = "an error"
        try:
            if answer is not None:
                if answer(params, caller) == b"null":
                    return None
                lost = "a result"
        except Exception as error:
            self._error(request, error)
        self._warn_lost(request.method, lost)
        return None

    def _warn_lost(self, name: str, lost: str) -> None:
        """Say once for each function that callers may have forgotten the id."""
        known = name if name in self._targets else "an unknown function"
        if known not in self._warned:
            self._warned.add(known)
            log.warning(
                "%s was called without an id: that is a notification, so %s was not sent back (said once)", known, lost
            )

    def _observed_call(self, request: Request, answers: Answers, caller: Caller) -> bytes | None:
        began = perf_counter()
        answer = self._plain_call(request, answers, caller)
        self._observe(request.method, perf_counter() - began, answer)
        return answer
