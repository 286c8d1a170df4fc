"""The engine seam: a Ledger, a Queue and a Feed, as handfuls of verbs over plain values.

The ledger is the only truth. Queue and feed merely wake: everything they say may come twice, late or not at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct, field

from .job import Known
from .run import Run

POLL_S = 1.0
"""How often whoever waits looks into the ledger when the feed stays silent, in seconds."""


class NewRun(Struct, frozen=True, kw_only=True):
    """A run to be started. `params` is a JSON array or object; `due_at` a Unix timestamp in seconds."""

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


class Want(Struct, frozen=True, kw_only=True):
    """What a node can take: at most `limit` runs of the jobs it knows, from its queues (None: all of them).

    `limits` holds the most to take of one job in this claim, for jobs that may not be taken ahead.
    """

    node: str
    jobs: Sequence[str]
    limit: int
    queues: Sequence[str] | None = None


class Claim(Struct, frozen=True):
    """A run that a node has just been given: `attempt` is the fence of everything it will say about it."""

    id: str
    attempt: int
    job: str
    params: bytes
    max_attempts: int
    lost: int
    lost_limit: int
    saved: bytes | None = None
    caller: str = "anonymous"


class Outcome(Struct, frozen=True, kw_only=True):
    """How an attempt ended: one of the fenced moves of `run.MOVES`, with what comes with it.

    `result` and `error` are JSON; `due_at` is when a retry is due; `begun_at` when the job's code was entered.
    """

    id: str
    attempt: int
    move: str
    at: float
    begun_at: float | None = None
    result: bytes | None = None
    result_file: str | None = None
    error: bytes | None = None
    traceback: str | None = None
    progress: bytes | None = None
    due_at: float | None = None


class Note(Struct, frozen=True, kw_only=True):
    """What a running attempt says: progress, log lines and partial results (each gets a seq), a checkpoint.

    `events` are pairs of type (`log`, `partial`) and JSON.
    """

    id: str
    attempt: int
    progress: bytes | None = None
    events: Sequence[tuple[str, bytes]] = ()
    saved: bytes | None = None


class Event(Struct, frozen=True):
    """Something a run said, kept under its gapless `seq`: `type` is `log` or `partial`, `data` is JSON."""

    seq: int
    type: str
    at: float
    data: bytes


class Stop(Struct, frozen=True):
    """A request to stop an attempt that is running; `reason` is `cancel`."""

    id: str
    attempt: int
    reason: str


class NodeInfo(Struct, kw_only=True):
    """One worker pool: `id` is new with every incarnation. Times are Unix timestamps, `memory` is in bytes."""

    id: str
    host: str
    pid: int
    concurrency: int
    jobs: list[str] = field(default_factory=list)
    queues: list[str] | None = None
    started_at: float = 0.0
    seen_at: float = 0.0
    running: list[str] = field(default_factory=list)
    memory: int | None = None


class Filter(Struct, frozen=True, kw_only=True):
    """Which runs to list, newest first: all given fields must fit; `before` is the `no` of the page before."""

    job: str | None = None
    state: str | None = None
    caller: str | None = None
    parent_id: str | None = None
    before: int | None = None
    limit: int = 50


class Ledger(Protocol):
    """The record of all runs. Every verb is one transaction; every move is guarded by state and attempt."""

    def start(self, new: Sequence[NewRun]) -> list[Run]:
        """Record new runs, durably; where job, caller and key are those of an earlier run, give that one back."""

    def settle(self, outcomes: Sequence[Outcome], want: Want | None) -> tuple[list[bool], list[Claim]]:
        """Commit each outcome if its attempt is still the current one (True), then claim what is wanted."""

    def note(self, notes: Sequence[Note]) -> list[int | None]:
        """Keep what running attempts say; the last seq of each, None where the attempt is no longer current."""

    def stop(self, run_id: str) -> Run | None:
        """Cancel a queued run, or ask its worker to stop; the run afterwards, None if there is no such run."""

    def stops(self, node: str) -> list[Stop]:
        """The node's running attempts that were asked to stop."""

    def get(self, ids: Sequence[str]) -> list[Run]:
        """The runs there are, in the order asked for."""

    def list(self, which: Filter) -> tuple[Sequence[Run], int | None]:
        """A page of runs, newest first, and the `before` of the next page."""

    def events(self, run_id: str, after: int, limit: int) -> Sequence[Event]:
        """What the run said after seq `after`, in order."""

    def promote(self) -> float | None:
        """Make delayed runs ready that are due; the time at which the next will be."""

    def enlist(self, node: NodeInfo, jobs: Sequence[Known]) -> None:
        """Record a node that begins to work, with the jobs it knows and their concurrency limits."""

    def beat(self, node: NodeInfo) -> None:
        """Record that a node is alive, and what it does."""

    def retire(self, node: str) -> None:
        """Take a node off the record after it has given back all its runs."""

    def sweep(self) -> list[str]:
        """Give back the runs of nodes that are dead, recount the lanes; the ids of the runs that moved."""

    def nodes(self) -> Sequence[NodeInfo]:
        """The nodes that are alive."""

    def prune(self, before: float, limit: int) -> int:
        """Delete up to `limit` runs that ended before `before`, with all that is theirs; how many it were."""

    def close(self) -> None:
        """Close this process's connections."""


class Feed(Protocol):
    """Wakes those who wait on a run. It may be late or silent: whoever waits also looks by itself, slowly."""

    def ring(self, ids: Sequence[str]) -> None:
        """Say that these runs have changed, after the change is committed."""

    def wait(self, run_id: str, seen: Any, timeout: float) -> None:
        """Return when the run was rung since `seen` was taken by `mark`, or after `timeout` seconds."""

    def mark(self, run_id: str) -> Any:
        """Begin to listen for a run; taken before looking into the ledger, so that no ring falls between."""

    def close(self) -> None:
        """Stop listening."""


class Queue(Protocol):
    """Hands work to workers: a wake-up only."""

    def wake(self) -> None:
        """Say that there may be work, or a request to stop."""

    def close(self) -> None:
        """Let go of whatever is open."""


class Files(Protocol):
    """Keeps files in chunks: uploads, file results and results above 1 MiB."""

    def create(self, *, name: str, media_type: str, caller: str, run_id: str | None) -> str:
        """Begin a file; its id."""

    def append(self, file_id: str, chunk: bytes) -> None:
        """Add a chunk to a file that is being written."""

    def seal(self, file_id: str) -> None:
        """Say that the file is whole; only then it can be read."""

    def discard(self, file_id: str) -> None:
        """Forget a file."""

    def info(self, file_id: str) -> Any:
        """Its facts with its caller, or None if there is no whole file of that id."""

    def read(self, file_id: str) -> Any:
        """Its chunks, one after the other."""


class Engine(Struct, frozen=True):
    """The three together, with the files beside them."""

    ledger: Ledger
    queue: Queue
    feed: Feed
    files: Files
