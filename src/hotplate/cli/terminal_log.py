"""How the log looks on a terminal: time, part, level where it matters, text; coloured where colours are shown."""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from typing import Any

import click
import msgspec

from ..errors import printable
from ..logs import JsonFormatter, json_line

_COLOURS = {"DEBUG": "bright_black", "WARNING": "yellow", "ERROR": "red", "CRITICAL": "red"}
_INDENT = "    "
_PARTS = {"web": "cyan", "worker": "magenta", "job": "green"}


class Lines(logging.Formatter):
    """One line a record, its control characters made visible; a traceback follows where there is one."""

    def __init__(self, part: str) -> None:
        super().__init__()
        self._part = part

    def format(self, record: logging.LogRecord) -> str:
        if _style.is_json:
            return JsonFormatter(self._part, _style.node).format(record)
        text = line(self._part, record.levelname, record.getMessage(), record.created)
        return f"{text}\n{self.formatException(record.exc_info)}" if record.exc_info else text


class Terminal(logging.Handler):
    """Writes to stderr; without colours where that is no terminal."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            click.echo(self.format(record), err=True)
        except Exception:
            self.handleError(record)


class Style:
    """How this process writes its log: as HOTPLATE_LOG_FORMAT of the environment says, then as the application does."""

    is_json = os.environ.get("HOTPLATE_LOG_FORMAT") == "json"
    node: str | None = None


_style = Style()


def use(log_format: str, node: str | None = None) -> None:
    """Go on in the format that the application's settings ask for. node: the id of the node that this process is."""
    _style.is_json, _style.node = log_format == "json", node


def show(part: str, level: str) -> None:
    """Show the log of `hotplate` on stderr from `level` on."""
    logger = logging.getLogger("hotplate")
    logger.addHandler(_terminal(part))
    logger.setLevel(level.upper())
    logger.propagate = False


def show_the_rest(part: str) -> None:
    """Show on stderr, from warnings on, what no handler takes; Python itself would show it bare."""
    logging.lastResort = _terminal(part)
    logging.lastResort.setLevel(logging.WARNING)


def _terminal(part: str) -> Terminal:
    handler = Terminal()
    handler.setFormatter(Lines(part))
    return handler


def show_line(job: str, run_id: str, at: float, line_json: bytes) -> None:
    """Show a log line of a run, as a node receives it."""
    said = msgspec.json.decode(line_json)
    facts = {"run": run_id, "job": job, "logger": said.get("logger", "print")}
    text = said["text"] if _style.is_json else f"{job} {run_id[:8]}: {said['text']}"
    with suppress(OSError):  # a node works on where nobody reads what it shows
        click.echo(line("job", said["level"], text, at, **facts), err=True)


def line(part: str, level: str, text: str, at: float | None = None, **facts: Any) -> str:
    """One line of the log; further lines of the text are indented, so that no text can pass for a line of its own.

    facts: what else there is to say of it, where lines have fields.
    """
    if _style.is_json:
        facts = {"logger": "hotplate", "part": part, "node": _style.node, **facts}
        return json_line(time.time() if at is None else at, level, message=text, **facts)
    clock = click.style(time.strftime("%H:%M:%S", time.localtime(at)), fg="bright_black")
    name = click.style(f"{part:<6}", fg=_PARTS.get(part))
    first, *rest = (printable(piece) for piece in text.split("\n"))
    clean = "\n".join([first, *(piece if piece.startswith(_INDENT) else _INDENT + piece for piece in rest)])
    shown = clean if level == "INFO" else click.style(f"{level.lower()}: {clean}", fg=_COLOURS.get(level))
    return f"{clock} {name} {shown}"
