"""A run followed in a terminal: a bar that moves on a tty, plain lines elsewhere."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Protocol, TextIO

from ..errors import printable
from ..run import Progress
from .run import LogLine, Record, Run, log_line

BEAT_S = 0.5
"""How often the bar is drawn while nothing changes, so that its times go on."""

STEP_S = 5.0
STEPS = 10
"""A plain line is written for each of so many parts of the way, or after this time."""

LONGEST_PARTIAL = 1000
"""So many characters of a partial result are shown; the result has all of it."""

DEFAULT_COLUMNS = 80

MOST_CELLS = 24
LEAST_CELLS = 6
"""How long the bar is, as the terminal has room."""


class Display(Protocol):
    """Shows a run as it goes on."""

    beat: float

    def show(self, record: Record) -> None: ...
    def line(self, line: LogLine) -> None: ...
    def partial(self, value: Any) -> None: ...
    def close(self) -> None: ...


def follow(run: Run, stream: TextIO, *, log: bool = False, partials: bool = False) -> Record:
    """Follow a run until it has ended, and show it on `stream`: with its log lines, if `log`, and its partial results,
    if `partials`. Returns how it ended."""
    display: Display = Bar(stream) if stream.isatty() else Lines(stream)
    after = 0
    try:
        for record in run.follow(display.beat):
            if (log or partials) and record.seq > after:
                for event in run.events(after):
                    after = event.seq
                    if log and event.type == "log":
                        display.line(log_line(event))
                    elif partials and event.type == "partial":
                        display.partial(event.data)
            display.show(record)
    finally:
        display.close()
    return run.record


class Bar:
    """One line that is drawn anew: name, bar, percentage, steps, rate, time left."""

    beat = BEAT_S

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._drawn = False
        self._clock = Clock()
        self._blocks = "━╸ " if _can_write(stream, "━╸") else "#> "

    def show(self, record: Record) -> None:
        if record.is_final:
            self._write(f"\r\x1b[K{printable(record.job)}  {ended(record)}\n")
            self._drawn = False
            return
        # The last column stays empty: some terminals begin a new line once it is written.
        width = _columns(self._stream) - 1
        self._write(f"\r\x1b[K{self._text(record, width)[:width]}")
        self._drawn = True

    def line(self, line: LogLine) -> None:
        self._write(f"\r\x1b[K{_log_text(line)}\n")

    def partial(self, value: Any) -> None:
        self._write(f"\r\x1b[K{_partial_text(value)}\n")

    def close(self) -> None:
        if self._drawn:
            self._write("\n")

    def _text(self, record: Record, width: int) -> str:
        elapsed, job = self._clock.elapsed(record), printable(record.job)
        progress = record.progress
        if record.state == "queued" or progress is None:
            return f"{job}  {waiting(record)}  {duration(elapsed)}"
        eta = self._clock.eta(progress)
        left = duration(elapsed) if eta is None else f"ETA {duration(eta)}"
        facts = "  ".join(part for part in (steps(progress), printable(progress.message or ""), left) if part)
        if progress.fraction is None:
            return f"{job}  {facts}"
        room = width - len(f"{job}  []  {facts}")
        cells = min(max(room, LEAST_CELLS), MOST_CELLS)
        return f"{job}  {bar(progress.fraction, cells, self._blocks)}  {facts}"

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class Lines:
    """A line for every state, for every tenth of the way, and for every few seconds that bring progress."""

    beat = STEP_S

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._state = ""
        self._step = 0
        self._next_time = 0.0

    def show(self, record: Record) -> None:
        state = ended(record) if record.is_final else waiting(record)
        if state != self._state:
            self._state = state
            self._next_time = time.monotonic() + STEP_S
            self._write(f"{printable(record.job)}  {state}")
        elif record.progress is not None and self._is_due(record.progress):
            eta = record.progress.eta_s
            parts = [
                printable(record.job),
                steps(record.progress),
                printable(record.progress.message or ""),
                "" if eta is None else f"ETA {duration(eta)}",
            ]
            self._write("  ".join(part for part in parts if part))

    def line(self, line: LogLine) -> None:
        self._write(_log_text(line))

    def partial(self, value: Any) -> None:
        self._write(_partial_text(value))

    def close(self) -> None:
        """Nothing is left open."""

    def _is_due(self, progress: Progress) -> bool:
        step = int((progress.fraction or 0.0) * STEPS)
        if step <= self._step and time.monotonic() < self._next_time:
            return False
        self._step = step
        self._next_time = time.monotonic() + STEP_S
        return True

    def _write(self, text: str) -> None:
        self._stream.write(text + "\n")
        self._stream.flush()


class Clock:
    """Lets times go on between two answers of the server, by this machine's clock."""

    def __init__(self) -> None:
        self._state = ""
        self._since = 0.0
        self._progress: Progress | None = None
        self._at = 0.0

    def elapsed(self, record: Record) -> float:
        """Seconds in the present state, as far as this clock saw it."""
        if record.state != self._state:
            self._state, self._since = record.state, time.monotonic()
        return time.monotonic() - self._since

    def eta(self, progress: Progress) -> float | None:
        """Seconds left of a progress, fewer with every second since it was first seen."""
        if progress != self._progress:
            self._progress, self._at = progress, time.monotonic()
        if progress.eta_s is None:
            return None
        return max(0.0, progress.eta_s - (time.monotonic() - self._at))


def bar(fraction: float, cells: int, blocks: str) -> str:
    """A bar of so many cells: `blocks` are a full cell, the tip and an empty cell."""
    full = int(min(max(fraction, 0.0), 1.0) * cells)
    tip = blocks[1] if full < cells else ""
    return f"[{blocks[0] * full}{tip}{blocks[2] * (cells - full - 1)}]"


def steps(progress: Progress) -> str:
    """For example ` 42 %  420k/1.0M  12.3k/s`; only what is known."""
    share = "" if progress.fraction is None else f"{100 * progress.fraction:3.0f} %"
    of = "" if progress.total is None else f"/{short(progress.total)}"
    rate = "" if progress.rate is None else f"{short(progress.rate)}/s"
    return "  ".join(part for part in (share, f"{short(progress.done)}{of}", rate) if part)


def waiting(record: Record) -> str:
    """The state, with what a queued run waits for and which attempt a running one is."""
    if record.state == "queued":
        return f"queued, waiting for: {record.waiting_for}" if record.waiting_for else "queued"
    return f"running, attempt {record.attempt}" if record.attempt > 1 else "running"


def ended(record: Record) -> str:
    """How it ended, how long it ran, and where more is known about its failure."""
    hint = log_hint(record.error.data, "worker") if record.error else None
    after = f": {printable(hint)}" if hint else ""
    if record.started_at is None or record.finished_at is None:
        return f"{record.state}{after}"
    took = (record.finished_at - record.started_at).total_seconds()
    return f"{record.state} after {f'{took:.1f} s' if took < 100 else duration(took)}{after}"


def log_hint(data: Any, whose: str) -> str | None:
    """Where the traceback is that the data of an error stand for; None if they stand for none."""
    error_id = data.get("error_id") if isinstance(data, Mapping) else None
    return f"error id {error_id}; the {whose}'s log has the traceback under that id" if error_id else None


def duration(seconds: float) -> str:
    """For example `0:07` or `1:02:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def short(number: float) -> str:
    """A number in at most five characters, for example `7`, `0.25`, `12.3k` or `1.0M`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if abs(number) >= limit:
            return f"{number / (1e3 if unit == 'k' else limit):.1f}{unit}"
    return f"{number:.0f}" if number == int(number) or abs(number) >= 100 else f"{number:.2g}"


def _log_text(line: LogLine) -> str:
    return f"  {line.at.astimezone():%H:%M:%S} {line.level:7} {printable(line.text)}"


def _partial_text(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return "  " + printable(text if len(text) <= LONGEST_PARTIAL else f"{text[:LONGEST_PARTIAL]} …")


def _columns(stream: TextIO) -> int:
    # Not that of standard output, which may be a file or a pipe.
    with suppress(OSError, ValueError):
        return os.get_terminal_size(stream.fileno()).columns or DEFAULT_COLUMNS
    return DEFAULT_COLUMNS


def _can_write(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True
