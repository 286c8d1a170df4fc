"""The engine seam: a Ledger, a Queue and a Feed, as handfuls of verbs over plain values.

The ledger is the only truth. Queue and feed merely wake: everything they say may come twice, late or not at all.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from . import tracing
from .context import here
from .errors import Conflict, EngineError, NotFound
from .filter import Filter
from .firing import Firings
from .live import Values
from .options import Known
from .run import LOST_LIMIT, Event, FileInfo, History, NewRun, Run, new_id
from .share import Shares

if TYPE_CHECKING:
    from .job import Job  # a node knows jobs by their options alone, and is to stay small

log = logging.getLogger("hotplate")

WARN_S = 60.0
"""How often the log says that no worker is alive, at most, in seconds."""

POLL_S = 1.0
"""How often whoever waits looks into the ledger when the feed stays silent, in seconds."""


DURATIONS = (0.01, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0, 300.0, 1800.0, 7200.0, inf)
"""By these seconds attempts are told apart that have ended."""

UNTIMED = 0.0


class Want(Struct, frozen=True, kw_only=True):
    """What a node can take of the jobs it knows, from its queues (None: all of them).

    `slots` runs begin at once. Runs of `quick` jobs may be taken ahead as well: `depth` of them for each slot that
    gets a quick one, and `spare` for the slots that are busy with quick ones already. `durable` claims are flushed to
    disk: needed where a run must not begin twice even after a power cut. Runs of `first` come before all others, since
    others wait for them; with `only_first` no others come at all.
    """

    node: str
    jobs: Collection[str]
    slots: int
    queues: Collection[str] | None = None
    quick: Collection[str] = ()
    depth: int = 0
    spare: int = 0
    durable: bool = False
    first: Collection[str] = ()
    only_first: bool = False


class Claim(Struct, frozen=True):
    """A run that a node has just been given: `attempt` is the fence of everything it will say about it.

    `ahead`: it is to begin after another one, not at once.
    """

    id: str
    attempt: int
    queue: str
    job: str
    params: bytes
    max_attempts: int
    lost: int
    lost_limit: int
    saved: bytes | None
    caller: str
    log_bytes: int
    trace: str | None
    ahead: bool


class Outcome(Struct, frozen=True, kw_only=True):
    """How an attempt ended: one of the fenced moves of `run.MOVES`, with what comes with it.

    `queue` and `job` are those of the claim. `result` and `error` are JSON; `due_at` is when a retry is due;
    `begun_at` when the job's code was entered.
    """

    id: str
    attempt: int
    move: str
    at: float
    queue: str
    job: str
    begun_at: float | None = None
    result: bytes | None = None
    result_file: str | None = None
    error: bytes | None = None
    traceback: str | None = None
    progress: bytes | None = None
    due_at: float | None = None


class Note(Struct, frozen=True, kw_only=True):
    """What a running attempt says: progress, log lines and partial results (each gets a seq), a checkpoint.

    `events` are type (`log`, `partial`), Unix timestamp and JSON.
    """

    id: str
    attempt: int
    progress: bytes | None = None
    events: Sequence[tuple[str, float, bytes]] = ()
    saved: bytes | None = None


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


FURTHEST_PLACE = 1000
"""The place of a run in its queue is counted up to this."""


class LaneCount(Struct, frozen=True, kw_only=True):
    """What is under way of a job in a queue. `ready_since`: when the oldest of the `ready` runs became due."""

    queue: str
    job: str
    ready: int = 0
    delayed: int = 0
    running: int = 0
    ready_since: float | None = None


class Limit(Struct, frozen=True):
    """How many runs of a job with a limit go on, over all queues, and how many may."""

    job: str
    running: int
    cap: int


class Tally(Struct, frozen=True):
    """Attempts that have ended since the record was made: `n` of a job with an outcome, that took `seconds` in all.

    Each of them took at most `le` seconds, which is one of `DURATIONS`, and more than the one before; `UNTIMED` stands
    for those that never began, or of which it is not known how long they took.
    """

    job: str
    outcome: str
    le: float
    n: int
    seconds: float


class Counts(Struct, frozen=True, kw_only=True):
    """What there is to count in a record at the time `at`."""

    at: float
    lanes: Sequence[LaneCount]
    limits: Sequence[Limit]
    tallies: Sequence[Tally]


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

    def page(self, which: Filter) -> tuple[Sequence[Run], int | None]:
        """A page of runs, and the `before` of the next page; None on the last one, and for other sorts."""

    def count(self, which: Filter) -> Mapping[str, int]:
        """How many runs fit, by state; those states that none of them is in are missing. Of a page nothing counts."""

    def place(self, run_id: str) -> int | None:
        """The place of a queued run that is due: 1 is to be taken next, `FURTHEST_PLACE` means that or further behind.

        An estimate: those of other queues are not counted, nor those of jobs which cannot begin at present.
        """

    def traceback(self, run_id: str) -> str | None:
        """The traceback of a run that failed, if there is one: for operators."""

    def events(self, run_id: str, after: int, limit: int) -> Sequence[Event]:
        """What the run said after seq `after`, in order: log lines and partial results."""

    def histories(self, seen: Sequence[tuple[str, int]], limit: int) -> list[History | None]:
        """What has happened to runs after the seq seen of each, up to about `limit` events of each.

        None where there is no such run.
        """

    def promote(self) -> tuple[int, float | None]:
        """Make delayed runs ready that are due: how many it were, and the time at which the next will be."""

    def enlist(self, node: NodeInfo, jobs: Sequence[Known]) -> None:
        """Record a node that begins to work, with the jobs it knows and their concurrency limits."""

    def beat(self, node: NodeInfo) -> bool:
        """Record that a node is alive, and what it does; False if it is not on record: it was taken for dead."""

    def held(self, node: str) -> Sequence[tuple[str, int]]:
        """The runs, and their attempts, that the node has now."""

    def retire(self, node: str) -> None:
        """Take a node off the record after it has given back all its runs."""

    def sweep(self) -> list[str]:
        """Give back the runs of nodes that are dead, recount the lanes; the ids of the runs that moved."""

    def nodes(self) -> Sequence[NodeInfo]:
        """The nodes that are alive."""

    def counts(self) -> Counts:
        """What is under way, and what has ended: at a cost that does not depend on how many runs have ended."""

    def prune(self, before: float, limit: int) -> int:
        """Delete up to `limit` runs that ended before `before`, with all that is theirs; how many it were."""

    def close(self) -> None:
        """Close this process's connections."""


class Waiter(Protocol):
    """One who listens for a run."""

    def wait(self, timeout: float) -> None:
        """Return when the run was rung since listening began or since the last `wait`, or after `timeout` seconds."""


class Feed(Protocol):
    """Wakes those who wait on a run. It may be late or silent: whoever waits also looks by itself, slowly."""

    def ring(self, ids: Sequence[str]) -> None:
        """Say that these runs, or what else has a name, have changed, after the change is committed."""

    def listen(self, run_id: str) -> AbstractContextManager[Waiter]:
        """Listen for a run; entered before looking into the ledger, so that no ring falls between."""

    def hear(self, told: Callable[[Collection[str]], None]) -> AbstractContextManager[None]:
        """Have `told` called with all that rings, or with nothing when some of it may have been missed.

        It is called in the feed's own thread, which it is not to hold up.
        """

    def close(self) -> None:
        """Say what is still to be said, and stop listening."""


class Queue(Protocol):
    """Hands work to workers: a wake-up only."""

    def wake(self, queues: Collection[str]) -> None:
        """Say that there may be work in these queues."""

    def stop(self) -> None:
        """Say that a run which is going on was asked to stop."""

    def close(self) -> None:
        """Say what is still to be said, and let go of whatever is open."""


class KeptFile(Struct, frozen=True):
    """A file in the engine's keeping, with the caller whose it is."""

    info: FileInfo
    caller: str
    run_id: str | None


class Files(Protocol):
    """Keeps files in chunks: uploads, file results and results above 1 MiB."""

    def keep(self, name: str, media_type: str, chunks: Iterable[bytes], *, caller: str, run_id: str | None) -> FileInfo:
        """Keep what `chunks` give, as the caller's, for as long as the run; it can be read once it is whole."""

    def info(self, file_id: str) -> KeptFile | None:
        """Its facts and its owner, or None if there is no whole file of that id."""

    def read(self, file_id: str) -> Iterator[bytes]:
        """Its chunks, one after the other."""


class Within(Protocol):
    """Starts runs in transactions of the application's own, on the database of the record."""

    def start(self, on: Any, new: Sequence[NewRun], engine: Engine) -> list[Run]:
        """Record new runs in the open transaction of `on`: they come with its commit, or never."""


class Engine:
    """The three together, with the files beside them, and what is the same for every implementation."""

    def __init__(
        self,
        ledger: Ledger,
        queue: Queue,
        feed: Feed,
        files: Files,
        jobs: Callable[[str], Job[..., Any] | None],
        within: Within | None = None,
        *,
        firings: Firings,
        values: Values,
        shares: Shares,
    ) -> None:
        self.ledger, self.queue, self.feed, self.files, self._jobs = ledger, queue, feed, files, jobs
        self.firings, self.values, self.shares = firings, values, shares
        self._within = within
        self._warned_at = float("-inf")

    def start(self, new: Sequence[NewRun]) -> list[Run]:
        """Record new runs and wake a worker. When it returns, the runs are safely on record."""
        runs = self.ledger.start(new)
        self.queue.wake({run.queue for run in runs})
        self._warn_if_alone(runs)
        return [self.bound(run) for run in runs]

    def start_within(self, on: Any, new: Sequence[NewRun]) -> list[Run]:
        """Record new runs in the open transaction of a session or connection: they come with its commit, or never.

        Raises `EngineError` if the record does not lie in the database of `on`.
        """
        if self._within is None:
            raise EngineError(
                "start(on=…) needs the record in your own PostgreSQL database: set HOTPLATE_DATABASE_URL to it "
                "(the record lies in SQLite)"
            )
        runs = self._within.start(on, new, self)
        self._warn_if_alone(runs)
        return runs

    def find(self, run_id: str) -> Run | None:
        """The run as it stands now, None if there is none of that id."""
        found = self.ledger.get([run_id])
        return self.bound(found[0]) if found else None

    def bound(self, run: Run) -> Run:
        """The run with its verbs (`wait`, `cancel`, …) working on this engine."""
        return replace(run, runs=self)

    def reload(self, run: Run) -> Run:
        return self._there(run.id)

    def wait(self, run: Run, timeout: float | None) -> Run:
        active = here()
        ended = self._there(run.id) if active else run  # a slot is lent only where there is something to wait for
        if not active or not ended.is_final:
            with active.lend(run.id) if active else nullcontext():
                ended = self.watch(run.id, None, timeout)
        if not ended.is_final:
            raise TimeoutError(f"run {run.id} is still {ended.state} after {timeout} s; it goes on")
        return ended

    def watch(self, run_id: str, seq: int | None, timeout: float | None) -> Run:
        """The run when it has ended, or has got beyond `seq`, or as it stands after `timeout` seconds.

        Raises `NotFound` if there is no such run.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        with self.feed.listen(run_id) as waiter:
            while True:
                run = self._there(run_id)
                left = POLL_S if deadline is None else deadline - time.monotonic()
                if run.is_final or (seq is not None and run.seq > seq) or left <= 0:
                    return run
                if active := here():
                    active.check()
                waiter.wait(min(left, POLL_S))

    def cancel(self, run: Run) -> Run:
        stopped = self.ledger.stop(run.id)
        if stopped is None:
            raise NotFound(data=f"there is no run {run.id}")
        self.queue.stop()
        self.feed.ring([run.id])
        return self.bound(stopped)

    def retry(self, run: Run) -> Run:
        """Start the run's job with the run's params again. Raises `Conflict` unless the run has ended."""
        old = self._there(run.id)
        if not old.is_final:
            raise Conflict(data=f"run {old.id} is {old.state}; only a run that has ended can be retried")
        job = self._jobs(old.job)
        new = new_id()
        with tracing.sending(old.job, new, old.queue) as trace:
            return self.start(
                [
                    NewRun(
                        id=new,
                        job=old.job,
                        params=bytes(old.params),
                        queue=old.queue,
                        priority=old.priority,
                        max_attempts=job.options_.retries + 1 if job else old.max_attempts,
                        lost_limit=job.lost_limit if job else LOST_LIMIT,
                        cap=job.options_.concurrency if job else None,
                        caller=old.caller,
                        retry_of=old.id,
                        trace=trace,
                    )
                ]
            )[0]

    def value(self, run: Run) -> Any:
        """The run's result, decoded to the result type of its job where that is known here."""
        raw = self.result_json(run)
        job = self._jobs(run.job)
        return job.signature.decode_result(raw) if job else msgspec.json.decode(raw)

    def result_json(self, run: Run) -> bytes:
        """The run's result as JSON, also where it is kept as a file."""
        if run.result_file is not None:
            return b"".join(self.files.read(run.result_file.id))
        return bytes(run.result or b"null")

    def leave(self) -> None:
        """Say what is still to be said, and listen no more."""
        self.queue.close()
        self.feed.close()

    def close(self) -> None:
        self.leave()
        self.ledger.close()

    def _warn_if_alone(self, runs: Sequence[Run]) -> None:
        now = time.monotonic()
        if now - self._warned_at > WARN_S and any(run.waiting_for == "no worker alive" for run in runs):
            self._warned_at = now
            log.warning("runs wait, for no worker is alive; start one with: hotplate worker APP")

    def _there(self, run_id: str) -> Run:
        run = self.find(run_id)
        if run is None:
            raise NotFound(data=f"there is no run {run_id}")
        return run
