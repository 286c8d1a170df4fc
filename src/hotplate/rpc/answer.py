"""The answer to a call: bytes and a Caller in, bytes out, no HTTP."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from itertools import groupby
from threading import current_thread, main_thread
from time import perf_counter
from typing import Any, Protocol, TypeVar

from .. import tracing
from ..caller import Caller
from ..context import caller as current_caller
from ..errors import Error, InternalError, InvalidParams, InvalidRequest, MethodNotFound, Unauthenticated, log_failure
from ..method import Method
from .calls import UNKNOWN, Calls, Times
from .message import (
    AFTER_RESULT,
    BEFORE_ID,
    BEFORE_RESULT,
    ID_BYTES,
    Request,
    WrongRequest,
    clip,
    error_response,
    is_structured,
    is_valid_id,
    read,
    sent_error,
)
from .mistake import close_to

log = logging.getLogger("hotplate")

SIGN_IN = (
    "nobody is signed in and the function is not public; set HOTPLATE_ACCESS=open to let everybody call "
    'everything, or declare the function with allow="public"'
)

ERROR_PIECES = 2
"""So many pieces, with the comma before it, has a response with an error; one with a result has more."""

Answers = Mapping[str, Callable[[bytes, Caller], bytes]]
AsyncAnswer = Callable[[bytes, Caller], Awaitable[bytes]]
AsyncAnswers = Mapping[str, AsyncAnswer]
T = TypeVar("T")
A = TypeVar("A")
Part = Sequence[Request]
"""Requests of one message that are carried out in one place, one after the other."""


class Places(Protocol):
    """Where the parts of a message are carried out when an event loop asks for the answer."""

    def in_thread(self, answer: Callable[[A, Caller], T], asked: A, caller: Caller) -> Awaitable[T]:
        """`answer(asked, caller)` where it may block."""

    def on_loop(self, answer: Callable[[A, Caller], Awaitable[T]], asked: A, caller: Caller) -> Awaitable[T]:
        """`await answer(asked, caller)` here."""


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

    @property
    def answer_async(self) -> AsyncAnswer | None:
        """The same on an event loop; None for what would hold it up."""


class MethodTarget:
    """A method, ready to be called."""

    def __init__(self, name: str, method: Method[..., Any]) -> None:
        self.name = name
        self.public = method.allow == "public"
        self.needs_request = method.request
        self.answer_async = method.signature.answering_async() if method.is_async else None
        self.answer = _by_itself(self.answer_async) if self.answer_async else method.signature.answering()


def _by_itself(answer: AsyncAnswer) -> Callable[[bytes, Caller], bytes]:
    import asyncio  # noqa: PLC0415 - 2 MB in every worker of an application that has no such method

    async def answered(params: bytes, caller: Caller) -> bytes:
        return await answer(params, caller)

    return lambda params, caller: asyncio.run(answered(params, caller))


def _batch(said: bytes) -> bytes | None:
    return b"[" + said[1:] + b"]" if said else None


def _trace(span: Any, response: list[bytes]) -> None:
    """Say in a call's span if it was answered with an error. response: in pieces."""
    if span is not None and len(response) == ERROR_PIECES:
        error = sent_error(response[1])
        span.set_attribute("rpc.response.status_code", str(error.code))
        tracing.fail(span, str(error.code), error.message)


Observer = Callable[[str, float, bytes | None], None]
"""Told of every call: the name as sent, the seconds it took, the response (None to a notification)."""


class Answerer:
    """Answers what is sent to one RPC address.

    targets: what can be called there, by the name used there. max_batch: most calls in a batch.
    shown: names of what those may call, besides what is public, who have opened links to runs.
    translate: makes an `Error` of an exception that says what the caller did wrong, else None.
    observe: is told of every call; for a log line a call.
    is_public: whether there is anything that everybody may call. some_need_request: whether there are functions that
    must be answered within a Flask request.
    """

    def __init__(
        self,
        targets: Mapping[str, Target],
        *,
        max_batch: int,
        shown: Collection[str] = (),
        translate: Callable[[Exception], Error | None] = lambda _: None,
        observe: Observer | None = None,
    ) -> None:
        self._targets = targets
        self._answers = {name: target.answer for name, target in targets.items()}
        self._public_answers = {name: self._answers[name] for name, target in targets.items() if target.public}
        self._shown_answers = {name: self._answers[name] for name in targets if name in shown} | self._public_answers
        self._async_answers = {name: target.answer_async for name, target in targets.items() if target.answer_async}
        self._max_batch = max_batch
        self._translate = translate
        self._calls = self._bare_calls = self._plain_calls if tracing.tracer() is None else self._traced_calls
        self._observe = observe
        if observe is not None:
            self._calls = self._observed_calls
        is_plain = observe is None and tracing.tracer() is None
        self._calls_async = self._plain_calls_async if is_plain else self._full_calls_async
        self._times: dict[str, Times] = {}
        self._request_names = frozenset(name for name, target in targets.items() if target.needs_request)
        self._warned: set[str] = set()
        self.is_public = bool(self._public_answers)
        self.some_need_request = bool(self._request_names)

    def answer(self, body: bytes, caller: Caller) -> bytes | None:
        """The response to send back, or None where there is nothing to answer (only notifications). Never raises."""
        try:
            message = read(body, self._max_batch)
        except Error as error:
            return error_response(error)
        answers = self._answers if caller.authenticated else self._some_answers(caller)
        token = current_caller.set(caller)
        try:
            if isinstance(message, Request):
                return b"".join(self._calls((message,), answers, caller))[1:] or None
            return _batch(b"".join(self._calls(message, answers, caller)))
        finally:
            current_caller.reset(token)

    async def answer_async(self, body: bytes, caller: Caller, places: Places) -> bytes | None:
        """The same on an event loop: functions that are `async` are awaited here, all else is done in a thread.

        The calls of a batch are carried out one after the other, in their order, as by `answer`.
        """
        try:
            message = read(body, self._max_batch)
        except Error as error:
            return error_response(error)
        asynchronous, token = self._async_answers, current_caller.set(caller)
        try:
            if isinstance(message, Request):
                if message.method in asynchronous:
                    return b"".join(await places.on_loop(self._calls_async, (message,), caller))[1:] or None
                return (await places.in_thread(self._said, (message,), caller))[1:] or None
            said = b""
            for is_async, group in groupby(message, lambda request: request.method in asynchronous):
                part = tuple(group)
                if is_async:
                    said += b"".join(await places.on_loop(self._calls_async, part, caller))
                else:
                    said += await places.in_thread(self._said, part, caller)
            return _batch(said)
        finally:
            current_caller.reset(token)

    def _said(self, part: Part, caller: Caller) -> bytes:
        """The responses to requests, with a comma before each; a notification has none."""
        return b"".join(
            self._calls(part, self._answers if caller.authenticated else self._some_answers(caller), caller)
        )

    def _some_answers(self, caller: Caller) -> Answers:
        """What somebody may call who has not signed in."""
        return self._shown_answers if caller.shares else self._public_answers

    def count(self, calls: Calls) -> None:
        """Count calls from now on. They are not counted before: knowing the time twice is a good part of a call."""
        self._times = {"": calls.of(UNKNOWN)} | {name: calls.of(target.name) for name, target in self._targets.items()}

    def needs_request(self, body: bytes) -> bool:
        """Whether one of the functions called must be answered within a Flask request."""
        return not self._request_names.isdisjoint(self._names(body))

    def calls(self, body: bytes, names: Collection[str]) -> bool:
        """Whether one of these functions is called."""
        return any(name in names for name in self._names(body))

    def is_denied(self, body: bytes, caller: Caller) -> bool:
        """Whether this caller may call nothing of what is called, for want of signing in."""
        if caller.authenticated:
            return False
        called, answers = self._names(body), self._some_answers(caller)
        return bool(called) and all(name in self._targets and name not in answers for name in called)

    def _names(self, body: bytes) -> Sequence[str]:
        try:
            message = read(body, self._max_batch)
        except Error:
            return ()
        return [request.method for request in ([message] if isinstance(message, Request) else message)]

    def _plain_calls(self, requests: Iterable[Request], answers: Answers, caller: Caller) -> list[bytes]:
        """The responses to requests in pieces, with a comma before each; a notification has none."""
        said: list[bytes] = []
        times = self._times
        began = perf_counter() if times else 0.0
        for request in requests:
            request_id, other = bytes(request.id), None
            try:
                answer = answers.get(request.method)
                if answer is not None and request_id and len(request_id) <= ID_BYTES[request_id[0]]:
                    result = answer(bytes(request.params), caller)
                    said += BEFORE_ID, request_id, BEFORE_RESULT, result, AFTER_RESULT
                    if times:
                        began = times[request.method].add(began)
                    continue
                other = self._other(request, request_id, answers, caller)
            except (Exception, SystemExit) as error:
                other = self._failed(request, request_id, error)
            if other:
                said += b",", other
            if times:
                began = times.get(request.method, times[""]).add_other(began, other)
        return said

    async def _full_calls_async(self, part: Part, caller: Caller) -> list[bytes]:
        """`_plain_calls_async`, traced and observed, where there is somebody to see it."""
        said: list[bytes] = []
        for request in part:
            began = perf_counter()
            with tracing.calling(self._targets[request.method].name) as span:
                pieces = await self._plain_calls_async((request,), caller)
                _trace(span, pieces)
            if self._observe is not None:
                self._observe(request.method, perf_counter() - began, b"".join(pieces)[1:] or None)
            said += pieces
        return said

    async def _plain_calls_async(self, part: Part, caller: Caller) -> list[bytes]:
        """`_plain_calls` for functions that are awaited."""
        said: list[bytes] = []
        times, answers = self._times, self._answers if caller.authenticated else self._some_answers(caller)
        began = perf_counter() if times else 0.0
        for request in part:
            name, request_id, other = request.method, bytes(request.id), None
            try:
                answer = self._async_answers[name] if name in answers else None
                if answer is not None and request_id and len(request_id) <= ID_BYTES[request_id[0]]:
                    result = await answer(bytes(request.params), caller)
                    said += BEFORE_ID, request_id, BEFORE_RESULT, result, AFTER_RESULT
                    if times:
                        began = times[name].add(began)
                    continue
                if answer is not None and not request_id and is_structured(bytes(request.params)):
                    await self._notify_async(request, answer, caller)
                else:
                    other = self._other(request, request_id, answers, caller)
            except (Exception, SystemExit) as error:
                other = self._refusal(request, request_id, error)
            if other:
                said += b",", other
            if times:
                began = times[name].add_other(began, other)
        return said

    def _traced_calls(self, requests: Iterable[Request], answers: Answers, caller: Caller) -> list[bytes]:
        said: list[bytes] = []
        for request in requests:
            target = self._targets.get(request.method)
            with tracing.calling(target.name if target else None) as span:
                response = self._plain_calls((request,), answers, caller)
                _trace(span, response)
            said += response
        return said

    def _observed_calls(self, requests: Iterable[Request], answers: Answers, caller: Caller) -> list[bytes]:
        said, observe = [], self._observe
        assert observe is not None
        for request in requests:
            began = perf_counter()
            response = b"".join(self._bare_calls((request,), answers, caller))
            observe(request.method, perf_counter() - began, response[1:] or None)
            said.append(response)
        return said

    def _other(self, request: Request, request_id: bytes, answers: Answers, caller: Caller) -> bytes | None:
        """The response, if there is one, to a request that is not simply carried out."""
        if isinstance(request, WrongRequest):
            return error_response(request.error)
        if request_id and not is_valid_id(request_id):
            return error_response(InvalidRequest(data="id is a string, a number or null, of at most 128 bytes"))
        if not is_structured(bytes(request.params)):
            return error_response(InvalidRequest(data="params is an array or an object"), request_id)
        if not request_id:
            self._notify(request, answers, caller)
            return None
        if request.method in self._targets:
            return error_response(Unauthenticated(data=SIGN_IN), request_id)
        return error_response(MethodNotFound(data=clip(request.method) + close_to(request.method, answers)), request_id)

    def _failed(self, request: Request, request_id: bytes, raised: BaseException) -> bytes:
        if isinstance(raised, SystemExit) and current_thread() is main_thread():
            raise raised  # a server ends a process that hangs in this way
        return self._refusal(request, request_id, raised)

    def _refusal(self, request: Request, request_id: bytes, raised: BaseException) -> bytes:
        error = self._error(request, raised)
        try:
            return error_response(error, request_id)
        except Exception as unusable:  # the data of a user's own error is no JSON
            error_id = log_failure(f"the data of an error of {request.method!r}", unusable)
            return error_response(InternalError(data={"error_id": error_id}), request_id)

    def _error(self, request: Request, raised: BaseException) -> Error:
        """The error that goes to the caller; the text of an unexpected exception goes to the log alone."""
        error = raised if isinstance(raised, Error) else None
        if error is None and isinstance(raised, Exception):
            error = self._translate(raised)
        if error is None or not (type(error.code) is int and isinstance(error.message, str)):
            return InternalError(
                data={"error_id": log_failure(f"{request.method!r}", raised, method=request.method[:100])}
            )
        if isinstance(error, InvalidParams | InvalidRequest) and isinstance(error.data, str):
            error.data = clip(error.data)
        return error

    def _notify(self, request: Request, answers: Answers, caller: Caller) -> None:
        """Carry out a request without an id: whatever happens, it is not answered (section 4.1)."""
        answer, lost = answers.get(request.method), "an error"
        try:
            if answer is not None:
                if answer(bytes(request.params), caller) == b"null":
                    return
                lost = "a result"
        except (Exception, SystemExit) as error:
            self._error(request, error)
        self._warn_lost(request.method, lost)

    async def _notify_async(self, request: Request, answer: AsyncAnswer, caller: Caller) -> None:
        lost = "an error"
        try:
            if await answer(bytes(request.params), caller) == b"null":
                return
            lost = "a result"
        except (Exception, SystemExit) as error:
            self._error(request, error)
        self._warn_lost(request.method, lost)

    def _warn_lost(self, name: str, lost: str) -> None:
        """Say once for each function that callers may have forgotten the id."""
        known = name if name in self._targets else "an unknown function"
        if known not in self._warned:
            self._warned.add(known)
            log.warning(
                "%s was called without an id: that is a notification, so %s was not sent back (said once)", known, lost
            )
