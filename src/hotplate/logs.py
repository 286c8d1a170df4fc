"""The log as JSON, one object a line, for whoever collects logs."""

from __future__ import annotations

import logging
import os
from datetime import UTC, datetime
from typing import Any

import msgspec

from . import tracing
from .context import here
from .errors import ABOUT

NODE_KEY = "HOTPLATE_NODE"
"""In the environment of every worker: the id of its node."""

_encode = msgspec.json.Encoder(enc_hook=str).encode


class JsonFormatter(logging.Formatter):
    """Writes log records as JSON objects: `time` (RFC 3339, UTC), `level`, `logger`, `message`, and what else is known
    of `part`, `node`, `run`, `job`, `attempt`, `method`, `error_id` and `traceback`.

    part: which kind of process it is; node: the node that it is. Without them there are no such fields.
    """

    def __init__(self, part: str | None = None, node: str | None = None) -> None:
        super().__init__()
        self._known = {"part": part, "node": node}

    def format(self, record: logging.LogRecord) -> str:
        facts = getattr(record, ABOUT, {})
        message, traceback = record.getMessage(), ""
        if "error_id" in facts:
            message, _, traceback = message.partition("\n")
        if record.exc_info:
            traceback = self.formatException(record.exc_info)
        if traceback:
            facts = {**facts, "traceback": traceback}
        return json_line(record.created, record.levelname, record.name, message, **{**self._known, **facts})


def json_line(at: float, level: str, logger: str, message: str, **facts: Any) -> str:
    """One line; facts that are None are left out."""
    time = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    line: dict[str, Any] = {"time": time, "level": level.lower(), "logger": logger, "message": message}
    line |= tracing.current()
    if run := here():
        line |= {"run": run.id, "job": run.job, "attempt": run.attempt}
    if node := os.environ.get(NODE_KEY):
        line["node"] = node
    line |= {name: fact for name, fact in facts.items() if fact is not None}
    return _clean(line).decode()


def _clean(line: dict[str, Any]) -> bytes:
    try:
        return _encode(line)
    except (UnicodeEncodeError, TypeError, ValueError):  # half of a surrogate pair, or an object without a text
        return _encode({name: str(fact).encode("utf-8", "backslashreplace").decode() for name, fact in line.items()})
