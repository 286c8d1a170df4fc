"""Several calls in one request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import HotplateError
from .call import Arguments, Call, Response, new_call, start_call
from .function import Function
from .run import Run, Server, new_run, run_or_value

T = TypeVar("T")
R = TypeVar("R")

Responses = dict[int | None, Response]


class Answer(Generic[T]):
    """What comes back of one call of a batch; it is there when the batch's `with` block has ended."""

    def __init__(self, call: Call, read: Callable[[Any], T]) -> None:
        self._call, self._read = call, read
        self._response: Response | None = None

    def result(self) -> T:
        """The call's result. Raises its error, and `HotplateError` while the batch has not been answered."""
        if self._response is None:
            raise HotplateError(f"{self._call.name} has no answer yet; the batch is sent when its `with` block ends")
        return self._read(self._response.value())


class AnyBatch(Generic[R]):
    """Calls that are sent together; the error of one call is raised by its own `result()`."""

    def __init__(self, new_run: Callable[[Any], R], run_or_value: Callable[[str, Any], Any]) -> None:
        self._new_run, self._run_or_value = new_run, run_or_value
        self._calls: list[Call] = []
        self._answers: list[Answer[Any]] = []

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Answer[Any]:
        """Add a call, with arguments by position or by name."""
        return self._add(new_call(name, args, kwargs), lambda value: self._run_or_value(name, value))

    def start(self, job: str, params: Arguments | None = None, **options: Any) -> Answer[R]:
        """Add the start of a run, with the options of `Client.start`."""
        return self._add(start_call(job, params, **options), self._new_run)

    def notify(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Add a call that is not answered."""
        self._calls.append(new_call(name, args, kwargs, notify=True))

    def __getattr__(self, name: str) -> Function[Answer[Any], Answer[R]]:
        if name.startswith("_"):
            raise AttributeError(f"no function of the server is called {name!r}")
        return Function(name, self.call, self.start)

    def _add(self, call: Call, read: Callable[[Any], T]) -> Answer[T]:
        answer = Answer(call, read)
        self._calls.append(call)
        self._answers.append(answer)
        return answer

    def _fill(self, responses: Responses) -> None:
        for answer in self._answers:
            answer._response = responses[answer._call.id]


class Batch(AnyBatch[Run]):
    """Collects calls and sends them together at the end of its `with` block, unless that raised.

    The error of one call is raised by its own `result()`.
    """

    def __init__(self, send: Callable[[list[Call]], Responses], server: Server) -> None:
        super().__init__(partial(new_run, server), partial(run_or_value, server))
        self._send = send

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self._calls:
            self._fill(self._send(self._calls))
