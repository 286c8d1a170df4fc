"""Several calls in one request."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, TypeVar

from ..errors import HotplateError
from .call import Arguments, Call, Response, new_call, start_call
from .function import Function
from .run import Run, Server, new_run, run_or_value

T = TypeVar("T")


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


class Batch:
    """Collects calls and sends them together at the end of its `with` block, unless that raised.

    The error of one call is raised by its own `result()`.
    """

    def __init__(self, send: Callable[[list[Call]], dict[int | None, Response]], server: Server) -> None:
        self._send, self._server = send, server
        self._calls: list[Call] = []
        self._answers: list[Answer[Any]] = []

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Answer[Any]:
        """Add a call, with arguments by position or by name."""
        return self._add(new_call(name, args, kwargs), lambda value: run_or_value(self._server, name, value))

    def start(self, job: str, params: Arguments | None = None, **options: Any) -> Answer[Run]:
        """Add the start of a run, with the options of `Client.start`."""
        return self._add(start_call(job, params, **options), lambda value: new_run(self._server, value))

    def notify(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Add a call that is not answered."""
        self._calls.append(new_call(name, args, kwargs, notify=True))

    def __getattr__(self, name: str) -> Function[Answer[Any], Answer[Run]]:
        if name.startswith("_"):
            raise AttributeError(f"no function of the server is called {name!r}")
        return Function(name, self.call, self.start)

    def __enter__(self) -> Batch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None or not self._calls:
            return
        responses = self._send(self._calls)
        for answer in self._answers:
            answer._response = responses[answer._call.id]

    def _add(self, call: Call, read: Callable[[Any], T]) -> Answer[T]:
        answer = Answer(call, read)
        self._calls.append(call)
        self._answers.append(answer)
        return answer
