"""How a run looks in a terminal, and where there is none."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import struct
import termios
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from hotplate.client.call import ErrorObject
from hotplate.client.run import LogLine, Record
from hotplate.client.terminal import Bar, Lines, bar, duration, short
from hotplate.errors import printable
from hotplate.run import Progress

BEGAN = datetime(2026, 11, 21, 3, 20, 45, tzinfo=UTC)


class Terminal(io.StringIO):
    """A terminal of `columns` columns."""

    encoding = "utf-8"

    def __init__(self) -> None:
        super().__init__()
        self._pty, self._tty = pty.openpty()
        self.resize(101)

    def resize(self, columns: int) -> None:
        fcntl.ioctl(self._tty, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def fileno(self) -> int:
        return self._tty

    def isatty(self) -> bool:
        return True

    def end(self) -> None:
        os.close(self._pty)
        os.close(self._tty)

    @property
    def last(self) -> str:
        """What stands in the line of the cursor."""
        return self.getvalue().rpartition("\r\x1b[K")[2]


@pytest.fixture
def terminal() -> Iterator[Terminal]:
    terminal = Terminal()
    yield terminal
    terminal.end()


def record(**fields: Any) -> Record:
    return Record(
        **{
            "id": "5f0c9f8e",
            "job": "estimate_pi",
            "state": "running",
            "attempt": 1,
            "max_attempts": 1,
            "created_at": BEGAN,
            "due_at": BEGAN,
            "started_at": BEGAN,
            **fields,
        }
    )


def at(fraction: float, **fields: Any) -> Record:
    progress = Progress(done=fraction * 1e7, total=1e7, fraction=fraction, rate=5.2e6, eta_s=67.0, message="darts")
    return record(progress=progress, seq=int(fraction * 100), **fields)


ENDED = record(state="succeeded", finished_at=BEGAN + timedelta(seconds=2.25))


def test_the_bar_shows_how_far_how_fast_and_how_long_still(terminal: Terminal) -> None:
    Bar(terminal).show(at(0.42))
    assert terminal.last == "estimate_pi  [━━━━━━━━━━╸             ]   42 %  4.2M/10.0M  5.2M/s  darts  ETA 1:07"


def test_the_bar_is_plain_where_the_terminal_writes_ascii_only(terminal: Terminal) -> None:
    terminal.encoding = "ascii"
    Bar(terminal).show(at(0.5))
    assert "[############>           ]" in terminal.last


def test_the_bar_is_shorter_where_the_terminal_is_narrow(terminal: Terminal) -> None:
    terminal.resize(72)
    Bar(terminal).show(at(0.42))
    assert terminal.last == "estimate_pi  [━━━━━╸      ]   42 %  4.2M/10.0M  5.2M/s  darts  ETA 1:07"
    assert len(terminal.last) == 71


def test_the_bar_stays_within_one_line(terminal: Terminal) -> None:
    terminal.resize(40)
    Bar(terminal).show(at(0.42))
    assert len(terminal.last) == 39


def test_a_queued_run_says_what_it_waits_for(terminal: Terminal) -> None:
    Bar(terminal).show(record(state="queued", waiting_for="no worker alive"))
    assert terminal.last == "estimate_pi  queued, waiting for: no worker alive  0:00"


def test_a_run_without_a_total_shows_its_steps(terminal: Terminal) -> None:
    Bar(terminal).show(record(progress=Progress(done=1200, rate=310.5)))
    assert terminal.last == "estimate_pi  1200  310/s  0:00"


def test_the_end_replaces_the_bar(terminal: Terminal) -> None:
    shown = Bar(terminal)
    shown.show(at(0.42))
    shown.show(ENDED)
    shown.close()
    assert terminal.last == "estimate_pi  succeeded after 2.2 s\n"


def test_a_failure_says_where_its_traceback_is(terminal: Terminal) -> None:
    error = ErrorObject(code=-32010, message="The job failed", data={"error_id": "0a1b"})
    Bar(terminal).show(record(state="failed", finished_at=BEGAN + timedelta(seconds=2.25), error=error))
    said = "failed after 2.2 s: error id 0a1b; the worker's log has the traceback under that id"
    assert terminal.last == f"estimate_pi  {said}\n"


def test_a_bar_that_is_left_leaves_its_line(terminal: Terminal) -> None:
    shown = Bar(terminal)
    shown.show(at(0.42))
    shown.close()
    assert terminal.last.endswith("ETA 1:07\n")


def test_log_lines_stand_above_the_bar(terminal: Terminal) -> None:
    shown = Bar(terminal)
    shown.show(at(0.42))
    shown.line(LogLine(at=BEGAN, level="WARNING", text="slow"))
    shown.show(at(0.43))
    *_, line, last = terminal.getvalue().split("\r\x1b[K")
    assert line.endswith("WARNING slow\n")
    assert last.startswith("estimate_pi  [")


def test_nobody_writes_to_the_terminal_by_what_a_run_says(terminal: Terminal) -> None:
    shown = Bar(terminal)
    shown.line(LogLine(at=BEGAN, level="INFO", text="\x1b]0;owned\x07\r\x9b2Jhidden\u202e"))
    shown.show(record(progress=Progress(done=1, message="\x1b[2J\nnext")))
    assert "\\x1b]0;owned\\x07\\r\\x9b2Jhidden\\u202e" in terminal.getvalue()
    assert "\\x1b[2J\\nnext" in terminal.last
    shown.partial(["\x9b2Jpart"])
    assert terminal.last == '  ["\\x9b2Jpart"]\n'


def test_plain_lines_come_at_states_and_tenths_only() -> None:
    stream = io.StringIO()
    shown = Lines(stream)
    shown.show(record(state="queued"))
    for hundredth in range(1, 101):
        shown.show(at(hundredth / 100))
    shown.show(ENDED)
    lines = stream.getvalue().splitlines()
    assert lines[:3] == [
        "estimate_pi  queued",
        "estimate_pi  running",
        "estimate_pi   10 %  1.0M/10.0M  5.2M/s  darts  ETA 1:07",
    ]
    assert lines[-1] == "estimate_pi  succeeded after 2.2 s"
    assert len(lines) == 13
    assert "\r" not in stream.getvalue()


def test_a_second_attempt_is_told() -> None:
    stream = io.StringIO()
    Lines(stream).show(record(attempt=2))
    assert stream.getvalue() == "estimate_pi  running, attempt 2\n"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "0"), (7, "7"), (0.25, "0.25"), (9999, "9999"), (12345, "12.3k"), (999_999, "1000.0k"), (1e6, "1.0M")],
)
def test_numbers_are_short(number: float, text: str) -> None:
    assert short(number) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "0:00"), (59.6, "1:00"), (67, "1:07"), (3723, "1:02:03")])
def test_durations_are_clock_times(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize("fraction", [-1, 0, 0.5, 1, 7])
def test_a_bar_has_always_the_same_width(fraction: float) -> None:
    assert len(bar(fraction, 24, "#> ")) == len("[") + 24 + len("]")


def test_printable_text_stays_as_it_is() -> None:
    assert printable("Zürich → 東京 🎯") == "Zürich → 東京 🎯"
