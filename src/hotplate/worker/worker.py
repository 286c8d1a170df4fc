"""The main loop of a worker: take an attempt, execute it, say how it ended."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, suppress
from typing import Any, Protocol

import msgspec

from .. import tracing
from ..caller import Caller
from ..context import answering, forget_run, running
from ..errors import (
    Error,
    InvalidParams,
    InvalidRequest,
    JobFailed,
    MemoryLimit,
    ParamsOutdated,
    ParseError,
    ResultUnusable,
    RunCancelled,
    RunTimedOut,
    Stopped,
    TimedOut,
    about,
    log_failure,
    printable,
    trace,
)
from ..failpoint import reach
from ..job import Job
from ..run import ErrorInfo
from .active import LONGEST_MESSAGE, Active, clean
from .capture import captured, release
from .channel import Buffer, Done, Failed, Hello, Returned, Saved, StopRun, Work, to_worker
from .courier import Courier, Post
from .family import descendants, end_with_all
from .limits import die_with, memory_limit, yield_to_others

INLINE = 1024**2
"""A larger result, in bytes, is kept as a file. An error has no more data than that."""

log = logging.getLogger("hotplate")

_encode = msgspec.json.Encoder().encode


class Home(Protocol):
    """The application in which a worker executes runs."""

    def hello(self) -> Hello:
        """What the node needs to know of it."""

    def jobs(self) -> Mapping[str, Job[..., Any]]:
        """Its jobs, by full name."""

    def within(self, work: Work) -> AbstractContextManager[None]:
        """The application's context around one run."""

    def keep_result(self, work: Work, result: bytes) -> str:
        """Keep a large result as a file; its id."""


class Inbox:
    """The attempts that were sent to this worker and are not begun yet; the courier may give them back."""

    def __init__(self, end: socket.socket) -> None:
        self._end, self._buffer = end, Buffer()
        self._waiting: deque[Work] = deque()
        self._lock = threading.Lock()

    def next(self) -> Work:
        """The next attempt; waits for it."""
        while True:
            with self._lock:
                if self._waiting:
                    return self._waiting.popleft()
            with suppress(ConnectionResetError):  # the node was killed, as what follows finds out
                self._end.recv(1, socket.MSG_PEEK)  # wait without the lock
            self._receive()

    def give_back(self) -> list[tuple[str, int]]:
        """Empty it: the ids and attempts that were not begun."""
        self._receive()
        with self._lock:
            given = [(work.id, work.attempt) for work in self._waiting]
            self._waiting.clear()
        return given

    def _receive(self) -> None:
        with self._lock:
            try:
                piece = self._end.recv(1 << 18, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except ConnectionResetError:
                piece = b""
            if not piece:
                tracing.flush()
                os._exit(0)  # the node has ended, or wants this worker to
            for body in self._buffer.feed(piece):
                message = to_worker(body)
                if isinstance(message, Work):
                    self._waiting.append(message)


class Worker:
    """Executes attempts for a node until it ends. `work` and `control` are its ends of two pairs of sockets."""

    def __init__(self, work: socket.socket, control: socket.socket) -> None:
        self._inbox, self._post = Inbox(work), Post(work)
        self._active: Active | None = None
        self._courier = Courier(control, self._deliver)
        self._courier.on_stop = self._stop
        self._courier.on_saved = self._saved
        self._ends = (work, control)
        os.register_at_fork(after_in_child=self._forked)
        self._courier.on_recall = lambda: self._post.send(Returned(self._inbox.give_back()))

    def serve(self, load: Callable[[], Home]) -> None:
        """Load the application, then execute what comes; returns only by the end of the process."""
        try:
            home = load()
            self._post.send(home.hello())
        except BaseException as error:
            self._post.send(Failed(_one_line(error), trace(error)))
            os._exit(1)
        gc.collect()
        gc.freeze()  # what the application loaded lives as long as the worker
        jobs = home.jobs()
        while True:
            work = self._inbox.next()
            reach("worker begun")
            done = self._execute(work, jobs.get(work.job), home)
            reach("worker made result")
            self._post.send(done)
            reach("worker sent result")

    def _execute(self, work: Work, job: Job[..., Any] | None, home: Home) -> Done:
        active = self._active = Active(work, self._post, self._courier)
        begun, started = time.time(), time.monotonic()
        done = Done(work.id, work.attempt, "refused", begun, begun)
        with tracing.attempting(work.trace, work.job, work.id, work.attempt) as span:
            try:
                with running(active, whole_process=True), captured(active), answering(Caller(work.caller, True)):
                    self._run(work, job, home, active, done)
            except BaseException as error:
                _judge(done, error, active, work)
                tracing.fail(span, type(error).__name__, done.how)
        if active.was_stopped and done.how != "returned" and any(descendants(os.getpid())):
            # What a stopped run leaves behind is to end as well: with this process, which another one replaces.
            active.flush()
            end_with_all(os.getpid())
        self._active = None
        done.progress, done.knew = active.last_progress(), active.knows
        done.ended_at = time.time()
        done.begun_at = done.ended_at - (time.monotonic() - started)  # right also if the clock was set meanwhile
        active.flush()
        return done

    def _run(self, work: Work, job: Job[..., Any] | None, home: Home, active: Active, done: Done) -> None:
        if job is None:
            raise ParamsOutdated(data=f"the worker's application has no job {work.job!r}")
        with home.within(work), memory_limit(work.memory):
            result = job.signature.call(_arguments(job, work))
            if job.signature.is_generator:
                result = _partials(job, result, active)
            encoded = job.signature.encode(result)
        if len(encoded) > INLINE:
            done.result_file = home.keep_result(work, encoded)
        else:
            done.result = encoded
        done.how = "returned"

    def _forked(self) -> None:
        """A process that a job forks is in no run, and must not speak to the node."""
        forget_run()
        release()
        for end in self._ends:
            end.close()

    def _deliver(self) -> None:
        active = self._active
        if active:
            active.flush()

    def _stop(self, stop: StopRun) -> None:
        active = self._active
        if active and (active.id, active.attempt) == (stop.id, stop.attempt):
            active.stop(stop.reason)

    def _saved(self, saved: Saved) -> None:
        active = self._active
        if active and (active.id, active.attempt) == (saved.id, saved.attempt):
            active.was_saved()


def serve(work: socket.socket, control: socket.socket, node_pid: int, load: Callable[[], Home]) -> None:
    """What the process of a worker does from its first line to its end."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the node's to hear
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    die_with(node_pid)
    yield_to_others()
    Worker(work, control).serve(load)


def _arguments(job: Job[..., Any], work: Work) -> Any:
    try:
        return job.signature.decode(work.params)
    except (InvalidParams, InvalidRequest, ParseError) as error:
        raise ParamsOutdated(data=error.data) from None


def _partials(job: Job[..., Any], values: Iterable[Any], active: Active) -> list[Any]:
    """All that a generator job yields; each value is also said as a partial result."""
    kept = []
    for value in values:
        active.say("partial", job.signature.encode_partial(value))
        kept.append(value)
        active.check()
    return kept


def _judge(done: Done, error: BaseException, active: Active, work: Work) -> None:
    """Put into `done` what it means that the job's code raised `error`."""
    done.traceback = trace(error)
    if isinstance(error, Stopped) and active.was_stopped:
        done.how = "stopped"
        wire: Error = RunTimedOut() if isinstance(error, TimedOut) else RunCancelled()
    elif _is_memory(error, work):
        wire = MemoryLimit(data=f"the run needed more than its limit of {work.memory} bytes" if work.memory else None)
    elif isinstance(error, ResultUnusable | ParamsOutdated):
        wire = error
        log.error("run %s of %s: %s", work.id, work.job, printable(str(error)), extra=about(**_facts(work)))
    elif isinstance(error, Error):
        wire = error
    else:
        done.how = "raised"
        wire = JobFailed(data={"error_id": log_failure(f"run {work.id} of {work.job}", error, **_facts(work))})
    done.error = _error_json(wire)


def _facts(work: Work) -> dict[str, object]:
    return {"run": work.id, "job": work.job, "attempt": work.attempt}


def _is_memory(error: BaseException, work: Work) -> bool:
    """Whether there was not enough memory: mmap and fork tell of the limit in their own way."""
    denied = work.memory is not None and isinstance(error, OSError) and error.errno == errno.ENOMEM
    return denied or isinstance(error, MemoryError)


def _error_json(error: Error) -> bytes:
    fits = type(error.code) is int and abs(error.code) < 2**53  # what every JSON reader takes
    code, message = error.code if fits else Error.default_code, clean(error.message)[:LONGEST_MESSAGE]
    try:
        whole = _encode(ErrorInfo(code, message, error.data))
    except (TypeError, ValueError, OverflowError, RecursionError):
        whole = b""
    return whole if 0 < len(whole) <= INLINE else _encode(ErrorInfo(code, message, None))


def _one_line(error: BaseException) -> str:
    if str(error) and type(error).__module__.startswith("hotplate."):  # our own say in a sentence what happened
        return clean(error)
    return clean(f"{type(error).__name__}: {error}" if str(error) else type(error).__name__)
