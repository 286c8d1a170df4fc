"""A run of the server, followed from afar."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Protocol

import msgspec
from msgspec import Struct

from ..errors import Conflict, Unavailable
from ..run import FINAL, FileInfo, Progress, State, WaitingFor
from .call import ErrorObject
from .transport import FIRST_PAUSE_S, TimeoutError, TransportError

LONGEST_WAIT_S = 25.0
"""The server answers `run.wait` after this time, if nothing has changed."""

PAGE = 1000


class Server(Protocol):
    """What a run needs of the client that it came from. `patience` is in seconds."""

    patience: float

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any: ...
    def read_file(self, file: FileInfo) -> bytes: ...


class Record(Struct, frozen=True, kw_only=True):
    """A run as the server told it; docs/wire.md has every field. Times are aware datetimes in UTC.

    `params`, `place` and `traceback` are there only if the run was read by its id.
    """

    id: str
    job: str
    state: State
    attempt: int
    max_attempts: int
    created_at: datetime
    due_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    progress: Progress | None = None
    queue: str = "default"
    priority: int = 0
    key: str | None = None
    caller: str = "anonymous"
    retry_of: str | None = None
    parent_id: str | None = None
    waiting_for: WaitingFor | None = None
    stop_requested: str | None = None
    seq: int = 0
    params: Any = None
    place: int | None = None
    traceback: str | None = None
    result: Any = None
    result_file: FileInfo | None = None
    error: ErrorObject | None = None

    @property
    def is_final(self) -> bool:
        """Whether nothing about it will change any more."""
        return self.state in FINAL


class Event(Struct, frozen=True):
    """Something the run said: `type` is `log` or `partial`."""

    seq: int
    type: str
    at: datetime
    data: Any


class LogLine(Struct, frozen=True, kw_only=True):
    """A line of a run's log; `logger` is None for what was printed."""

    at: datetime
    level: str
    text: str
    logger: str | None = None


class Seen:
    """A run as it was seen last: `record` holds that."""

    record: Record

    @property
    def id(self) -> str:
        return self.record.id

    @property
    def job(self) -> str:
        return self.record.job

    @property
    def state(self) -> str:
        """The state as it was last seen."""
        return self.record.state

    @property
    def is_final(self) -> bool:
        """Whether it was seen to have ended."""
        return self.record.is_final

    @property
    def result(self) -> Any:
        """The result as it was last seen; None while there is none, and for one above 1 MiB, which `value` fetches."""
        return self.record.result

    @property
    def error(self) -> ErrorObject | None:
        """With which code, message and data it was seen to have failed or been cancelled; None if it was not."""
        return self.record.error

    def _outcome(self) -> Any:
        """The result that the record has. Raises the run's error, and `Conflict` while it has not ended."""
        if self.record.error is not None:
            raise self.record.error.exception()
        if self.state != "succeeded":
            raise Conflict(data=f"run {self.id} is {self.state} and has no result")
        return self.record.result

    def __repr__(self) -> str:
        return f"<Run {self.id} of {self.job}: {self.state}>"


class Run(Seen):
    """One run. `record` holds what was last seen of it; following it renews that.

    Whoever follows it waits in long polls. A server that is out of reach meanwhile (a restart) is tried again for as
    long as the client's `timeout`; the run itself does not depend on being followed.
    """

    def __init__(self, server: Server, record: Record) -> None:
        self._server = server
        self.record = record

    def reload(self) -> Run:
        """Ask the server how it stands."""
        return self._seen(self._server.call("run.get", id=self.id))

    def wait(self, timeout: float | None = None) -> Any:
        """Wait until it has ended and return its result.

        Raises the run's error if it failed or was cancelled, and `TimeoutError` after `timeout` seconds.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while not self.is_final:
            left = LONGEST_WAIT_S if deadline is None else deadline - time.monotonic()
            if left < 0:
                raise TimeoutError(f"run {self.id} ({self.job}) is {self.state} after {timeout:g} s")
            self._renew(left)
        return self.value()

    def value(self) -> Any:
        """The result of a run that has succeeded. Raises the run's error, and `Conflict` while it has not ended."""
        result = self._outcome()
        if self.record.result_file is not None:
            return msgspec.json.decode(self._server.read_file(self.record.result_file))
        return result

    def follow(self, beat: float = LONGEST_WAIT_S) -> Iterator[Record]:
        """How it stands now, then at every change (and every `beat` seconds) until it has ended."""
        yield self.record
        while not self.is_final:
            self._renew(beat, self.record.seq)
            yield self.record

    @property
    def progress(self) -> Iterator[Progress]:
        """Its progress at every change of it, until it has ended; however it ends, this just stops."""
        last = None
        for record in self.follow():
            if record.progress is not None and record.progress != last:
                last = record.progress
                yield last

    @property
    def log(self) -> Iterator[LogLine]:
        """The lines of its log from the first, as they come, until it has ended."""
        for event in self._events():
            if event.type == "log":
                yield log_line(event)

    @property
    def partials(self) -> Iterator[Any]:
        """Its partial results from the first, as they come, until it has ended."""
        for event in self._events():
            if event.type == "partial":
                yield event.data

    def events(self, after: int = 0) -> Iterator[Event]:
        """What it has said until now, after the seq `after`."""
        while True:
            page = self._patiently("run.log", id=self.id, after=after, limit=PAGE)
            yield from msgspec.convert(page["events"], list[Event])
            if len(page["events"]) < PAGE:
                return
            after = page["next"]

    def cancel(self) -> Run:
        """Ask for it to be cancelled. One that has ended stays as it is."""
        return self._seen(self._server.call("run.cancel", id=self.id))

    def retry(self) -> Run:
        """Start the same job with the same params again, as a new run."""
        return new_run(self._server, self._server.call("run.retry", id=self.id))

    def _events(self) -> Iterator[Event]:
        after = 0
        for record in self.follow():
            # The record was read before its events, so a final one leaves none behind.
            if record.seq > after:
                for event in self.events(after):
                    after = event.seq
                    yield event

    def _renew(self, timeout: float, seq: int | None = None) -> None:
        self._seen(self._patiently("run.wait", id=self.id, timeout=min(timeout, LONGEST_WAIT_S), seq=seq))

    def _seen(self, wire: Any) -> Run:
        self.record = record_of(wire)
        return self

    def _patiently(self, name: str, **arguments: Any) -> Any:
        until = time.monotonic() + self._server.patience
        while True:
            try:
                return self._server.call(name, **arguments)
            except (TransportError, Unavailable) as error:
                if time.monotonic() > until or not getattr(error, "is_passing", True):
                    raise
            time.sleep(FIRST_PAUSE_S)


def record_of(wire: Any) -> Record:
    """The record of a Run object received from a server. Raises `msgspec.ValidationError` if it is none."""
    return msgspec.convert(wire, Record)


def new_run(server: Server, wire: Any) -> Run:
    """The same as a run that can be followed."""
    return Run(server, record_of(wire))


def run_or_value(server: Server, name: str, value: Any) -> Any:
    """What a call of `name` has given: the new run if that is a job, else the value itself.

    An answer does not say what was called. But that of a job is a Run object that bears its name, before which there is
    a namespace's where that has an RPC address of its own.
    """
    record = run_in(name, value)
    return value if record is None else Run(server, record)


def run_in(name: str, value: Any) -> Record | None:
    """The run that a call of `name` has started, if that is what it has given."""
    if not isinstance(value, dict) or not f".{value.get('job')}".endswith(f".{name}"):
        return None
    try:
        return record_of(value)
    except msgspec.ValidationError:
        return None


def log_line(event: Event) -> LogLine:
    """The line of the log that a `log` event is."""
    return msgspec.convert({**event.data, "at": event.at}, LogLine)
