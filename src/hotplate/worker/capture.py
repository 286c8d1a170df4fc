"""What a job prints and logs becomes the log of its run."""

from __future__ import annotations

import io
import logging
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import msgspec

from .active import Active, clean

LINE_LIMIT = 64 * 1024
"""A longer line is kept in pieces of so many characters."""

_encode = msgspec.json.Encoder().encode


@contextmanager
def captured(run: Active) -> Iterator[None]:
    """Within it, `print` (and all that is written to sys.stdout and sys.stderr) and `logging` are the run's log."""
    out, err = Lines(run, "INFO", sys.stdout), Lines(run, "WARNING", sys.stderr)
    handler = Handler(run)
    root = logging.getLogger()
    before, level = (sys.stdout, sys.stderr), root.level
    sys.stdout, sys.stderr = out, err
    root.addHandler(handler)
    if level == logging.WARNING:  # Python's default, which would hide logging.info; a level that was set stays
        root.setLevel(logging.INFO)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        sys.stdout, sys.stderr = before
        out.finish()
        err.finish()


def release() -> None:
    """Give back the process's own streams and log, for good: after a fork, in the child."""
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, Handler)]:
        root.removeHandler(handler)
    if isinstance(sys.stdout, Lines):
        sys.stdout = sys.stdout.behind
    if isinstance(sys.stderr, Lines):
        sys.stderr = sys.stderr.behind


class Lines(io.TextIOBase):
    """A text stream whose lines go to the run's log."""

    def __init__(self, run: Active, level: str, behind: TextIO) -> None:
        self._run, self._level, self.behind = run, level, behind
        self._rest, self._lock = "", threading.RLock()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    @property
    def buffer(self) -> Bytes:
        """For those who write bytes, as to the `buffer` of any other standard stream."""
        return Bytes(self)

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self.behind.fileno()

    def write(self, text: str) -> int:
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
            for line in lines:
                self._say(line)
            if len(self._rest) > LINE_LIMIT:
                self.finish()
        return len(text)

    def finish(self) -> None:
        """Say the last line, also if no newline came."""
        if self._rest:
            self._say(self._rest)
            self._rest = ""

    def _say(self, line: str) -> None:
        line = line.rstrip("\r").rpartition("\r")[2]  # of a bar that repaints itself, the last picture
        for at in range(0, max(len(line), 1), LINE_LIMIT):
            self._run.say("log", _line(self._level, None, line[at : at + LINE_LIMIT]))


class Bytes(io.RawIOBase):
    """A stream of bytes, taken as UTF-8, on a stream of lines."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._lines.write(bytes(data).decode("utf-8", "replace"))
        return memoryview(data).nbytes


class Handler(logging.Handler):
    """Sends log records to the run's log."""

    def __init__(self, run: Active) -> None:
        super().__init__()
        self._run = run

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._run.say("log", _line(record.levelname, record.name, self.format(record)[:LINE_LIMIT]))
        except Exception:
            self.handleError(record)


def _line(level: str, logger: str | None, text: str) -> bytes:
    named = {"logger": logger} if logger else {}
    return _encode({"level": level, **named, "text": clean(text)})
