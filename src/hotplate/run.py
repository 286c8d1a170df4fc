"""A run: one execution of a job, its states, and every move between them.

`MOVES` is the one table of what may happen to a run. The ledgers make their guarded statements from it and the
tests make their cases from it, so that no move exists in one place only.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple, Protocol
from uuid import uuid4

from msgspec import Raw, Struct, field

from .errors import Conflict, Error, from_wire

State = Literal["queued", "running", "succeeded", "failed", "cancelled"]
FINAL: frozenset[str] = frozenset({"succeeded", "failed", "cancelled"})

WaitingFor = Literal["no worker alive", "job unknown to every worker", "delay", "concurrency"]

LOST_LIMIT = 3
"""A run whose worker was lost this often fails as `worker lost` (once for `rerun_lost=False`)."""


class Move(NamedTuple):
    """One allowed move: from which states, to which, and whether only the current attempt may make it."""

    before: frozenset[str]
    after: State
    fenced: bool


_QUEUED, _RUNNING = frozenset({"queued"}), frozenset({"running"})

MOVES: Mapping[str, Move] = {
    "claim": Move(_QUEUED, "running", fenced=False),  # a worker takes it: attempt + 1
    "succeed": Move(_RUNNING, "succeeded", fenced=True),  # the one committed result
    "fail": Move(_RUNNING, "failed", fenced=True),  # no attempts left, or an error that is an answer
    "cancel": Move(_RUNNING, "cancelled", fenced=True),  # its worker has seen it end after a request to stop
    "retry": Move(_RUNNING, "queued", fenced=True),  # the attempt is charged; due again after a back-off
    "lose": Move(_RUNNING, "queued", fenced=True),  # its worker died in it: counted as lost, not as an attempt
    "release": Move(_RUNNING, "queued", fenced=True),  # claimed, never begun: nothing is charged
    "withdraw": Move(_QUEUED, "cancelled", fenced=False),  # cancelled before any worker had it
}


class Progress(Struct, frozen=True):
    """How far a run is. `rate` is in steps per second, `eta_s` in seconds; both None until they are known."""

    done: float
    total: float | None = None
    fraction: float | None = None
    message: str | None = None
    rate: float | None = None
    eta_s: float | None = None


class ErrorInfo(Struct, frozen=True):
    """Why a run failed, as a JSON-RPC error object."""

    code: int
    message: str
    data: Any = None

    @classmethod
    def of(cls, error: Error) -> ErrorInfo:
        return cls(error.code, error.message, error.data)

    def exception(self) -> Error:
        return from_wire(self.code, self.message, self.data)


class Event(Struct, frozen=True):
    """Something that happened to a run, under its seq: `type` is `move`, `log` or `partial`, `data` is JSON.

    The `data` of a move are `move`, `state` (the one it led to) and `attempt`. `at` is a Unix timestamp.
    """

    seq: int
    type: str
    at: float
    data: bytes


class FileInfo(Struct, frozen=True):
    """A file kept by the engine: `size` in bytes, `url` where to get it (below the application's prefix)."""

    id: str
    name: str
    media_type: str
    size: int
    url: str


class NewRun(Struct, frozen=True, kw_only=True):
    """A run to be started. `params` is a JSON array or object; `due_at` a Unix timestamp in seconds.

    trace: the trace that its start belongs to, as W3C traceparent.
    moment: the due moment of the firing that starts it, by the clock of the record, which may have passed.
    """

    id: str
    job: str
    params: bytes
    queue: str = "default"
    priority: int = 0
    due_at: float = 0.0
    max_attempts: int = 1
    lost_limit: int = 3
    cap: int | None = None
    key: str | None = None
    caller: str = "anonymous"
    retry_of: str | None = None
    parent_id: str | None = None
    trace: str | None = None
    moment: float | None = None

    def due(self, now: float, ahead: float = 0.0) -> float:
        """When it is due, by the clock of the record: at `now` unless it was said; `ahead` is how far that clock is."""
        return max(self.due_at + ahead, now) if self.moment is None else self.moment


class Runs(Protocol):
    """What a `Run` needs in order to be followed: implemented by the engine."""

    def reload(self, run: Run) -> Run: ...
    def wait(self, run: Run, timeout: float | None) -> Run: ...
    def cancel(self, run: Run) -> Run: ...
    def retry(self, run: Run) -> Run: ...
    def value(self, run: Run) -> Any: ...


class Run(Struct, frozen=True, kw_only=True):
    """One run as it stood when it was read. Times are aware datetimes in UTC; docs/wire.md has every field."""

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
    params: Raw = field(default_factory=Raw)
    result: Raw | None = None
    result_file: FileInfo | None = None
    error: ErrorInfo | None = None
    runs: Runs | None = None

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    def reload(self) -> Run:
        """The run as it stands now."""
        return self._runs().reload(self)

    def wait(self, timeout: float | None = None) -> Any:
        """Wait until the run has ended and return its result, decoded to the job's result type.

        Raises the run's error if it failed or was cancelled, and `TimeoutError` after `timeout` seconds.
        Within a run, the waiting run lends its slot to the pool, so that a parent never starves its children.
        """
        ended = self._runs().wait(self, timeout)
        if ended.error is not None:
            raise ended.error.exception()
        return ended.value()

    def value(self) -> Any:
        """The result of a succeeded run. Raises `Conflict` while there is none."""
        if self.state != "succeeded":
            raise Conflict(data=f"run {self.id} is {self.state} and has no result")
        return self._runs().value(self)

    def cancel(self) -> Run:
        """Ask for the run to be cancelled; a run that is queued is cancelled at once, a final one stays as it is."""
        return self._runs().cancel(self)

    def retry(self) -> Run:
        """Start the same job with the same params again, as a new run with `retry_of`."""
        return self._runs().retry(self)

    def _runs(self) -> Runs:
        if self.runs is None:
            raise Conflict(data=f"run {self.id} was read from the wire and is not bound to an engine")
        return self.runs


class History(Struct, frozen=True):
    """What has happened to a run after some seq, in order, and the run as it stands.

    `events` are whole up to `seq`, which is that of the run unless there were too many. Progress has no event: it
    raises the seq of the run, and only the last is kept.
    """

    run: Run
    events: Sequence[Event]
    seq: int


def new_id() -> str:
    """A random id of 122 bits (RFC 9562, UUID version 4)."""
    return str(uuid4())


def utc(timestamp: float) -> datetime:
    """The aware datetime of a Unix timestamp in seconds."""
    return datetime.fromtimestamp(timestamp, UTC)
