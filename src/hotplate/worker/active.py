"""The run that a worker is executing: what its code reports, and whether it was asked to stop."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import isfinite
from typing import Any

import msgspec

from ..caller import Caller
from ..errors import Cancelled, HotplateError, Stopped, TimedOut
from ..run import Progress
from .channel import Lend, Said, Save, Work
from .courier import FULL, Courier, Post

LOG_LIMIT = 10 * 1024**2
"""How much of a run's log and of its partial results is kept, in bytes each."""

LONGEST_MESSAGE = 2000
"""So many characters of what a run says of its progress, or its error, are kept."""

_STOPS: dict[str, Callable[[], Stopped]] = {
    "cancel": lambda: Cancelled("the run was cancelled"),
    "timeout": lambda: TimedOut("the run has used up its timeout"),
}
_encode = msgspec.json.Encoder().encode


class Meter:
    """Makes progress out of steps done: their rate since the first report, and the time that is left."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began: tuple[float, float] | None = None

    def begin(self, done: float) -> None:
        """The first step of a run, or of another phase of it."""
        if self._began is None or done < self._began[1]:
            self._began = (self._clock(), done)

    def progress(self, done: float, total: float | None, message: str | None) -> Progress:
        self.begin(done)
        assert self._began is not None
        since, first = self._began
        seconds = self._clock() - since
        rate = (done - first) / seconds if done > first and seconds > 0 else None
        left = None if total is None else max(total - done, 0.0)
        eta = 0.0 if left == 0 else left / rate if rate and left is not None else None
        fraction = min(max(done / total, 0.0), 1.0) if total else None
        return Progress(done, total, fraction, message, rate, eta)


class Active:
    """`context.ActiveRun` in a worker. Its methods may be called from any thread of the job."""

    def __init__(self, work: Work, post: Post, courier: Courier) -> None:
        self.id, self.job, self.attempt, self.caller = work.id, work.job, work.attempt, Caller(work.caller, True)
        self.saved: Any = None if work.saved is None else msgspec.json.decode(work.saved)
        self._post, self._courier = post, courier
        self._stop: Callable[[], Stopped] | None = None
        self.knows = False  # the job's code has been told to stop
        self._steps: tuple[float, float | None, str | None] | None = None
        self._meter = Meter()
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._events: list[tuple[str, float, bytes]] = []
        self._waiting_bytes = 0
        self._left = {"log": LOG_LIMIT - work.log_bytes, "partial": LOG_LIMIT}
        self._kept = threading.Event()
        self._awaited: list[str] = []

    def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
        steps = (float(done), None if total is None else float(total), message)
        if self._steps is None:
            self._meter.begin(steps[0])
        self._steps = steps
        self._courier.nudge()
        if self._stop is not None:
            self.knows = True
            raise self._stop()

    def check(self) -> None:
        """Raise `Stopped` if the run was asked to stop."""
        if self._stop is not None:
            self.knows = True
            raise self._stop()

    def checkpoint(self, value: Any) -> None:
        self.check()
        self._kept.clear()
        self._post.send(Save(self.id, self.attempt, _checkpoint_json(self.job, value)))
        while not self._kept.wait(0.5):
            self.check()
        self.check()

    @contextmanager
    def lend(self, run_id: str) -> Iterator[None]:
        """The slot of this run belongs to other runs, at first to the one that it waits for."""
        self._lending(self._awaited.append, run_id)
        try:
            yield
        finally:
            self._lending(self._awaited.remove, run_id)

    def stop(self, reason: str) -> None:
        """The node asks for it; the next progress, checkpoint or wait raises."""
        self._stop = _STOPS[reason]
        self._kept.set()

    @property
    def was_stopped(self) -> bool:
        return self._stop is not None

    def was_saved(self) -> None:
        self._kept.set()

    def say(self, kind: str, data: bytes) -> None:
        """Keep a log line or a partial result; beyond `LOG_LIMIT` a last line says that no more is kept."""
        with self._lock:
            left = self._left[kind]
            if left <= 0:
                return
            self._left[kind] = left - len(data)
            self._add(kind, data)
            if self._left[kind] <= 0:
                self._add("log", _encode({"level": "WARNING", "text": f"hotplate keeps no more of this run's {kind}s"}))
            full = self._waiting_bytes > FULL
        self._courier.nudge()
        if full:
            self.flush()

    def flush(self) -> None:
        """Send what is waiting, now. On return nothing that was said before is still under way in another thread."""
        with self._sending:
            with self._lock:
                events, self._events, self._waiting_bytes = self._events, [], 0
                progress = self._progress_json()
            if events or progress is not None:
                self._post.send(Said(self.id, self.attempt, progress, events))

    def last_progress(self) -> bytes | None:
        """The progress that was not sent yet."""
        with self._lock:
            return self._progress_json()

    def _progress_json(self) -> bytes | None:
        steps, self._steps = self._steps, None
        if steps is None or not isfinite(steps[0]):
            return None
        done, total, message = steps
        return _encode(self._meter.progress(done, total, None if message is None else clean(message)[:LONGEST_MESSAGE]))

    def _add(self, kind: str, data: bytes) -> None:
        self._events.append((kind, time.time(), data))
        self._waiting_bytes += len(data)

    def _lending(self, change: Callable[[str], None], run_id: str) -> None:
        with self._sending:
            change(run_id)
            self._post.send(Lend(self._awaited))


def _checkpoint_json(job: str, value: Any) -> bytes:
    try:
        return _encode(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise HotplateError(f"job {job!r}: checkpoint() takes what JSON can hold: {error}") from None


def clean(text: object) -> str:
    """`text` as UTF-8 can hold it: a job may say what it likes, also half of a surrogate pair."""
    return str(text).encode("utf-8", "backslashreplace").decode()
