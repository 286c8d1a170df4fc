"""What can go wrong, as one short tree.

`HotplateError` is the root of what a programmer meets (a wrong declaration, a wrong setting, an engine that
cannot be opened). `Error` is what travels over the wire as a JSON-RPC error object; its subclasses carry the
codes of the specification and the application codes listed in docs/wire.md. `Stopped` is raised inside a job
that was asked to stop; it is no `Exception`, so that `except Exception` in a job does not swallow it.
"""

from __future__ import annotations

import logging
import os
from traceback import TracebackException
from types import TracebackType
from typing import Any, ClassVar

_HERE = os.path.join(os.path.dirname(__file__), "")
_DEMO = os.path.join(_HERE, "demo", "")

LONGEST_TRACE = 20_000
"""So many characters of a traceback are kept."""

log = logging.getLogger("hotplate")


class HotplateError(Exception):
    """Root of all errors that Hotplate raises for the programmer."""


class DeclarationError(HotplateError, TypeError):
    """A function, parameter or option was declared in a way that cannot work; the message names it."""


class ConfigError(HotplateError, ValueError):
    """A setting has a value that is not allowed; the message names the key, the value and what is allowed."""


class EngineError(HotplateError, RuntimeError):
    """The engine cannot be opened or used; the message says why and what to do."""


class Error(HotplateError):
    """A JSON-RPC error. Raise it in a method or a job to give the caller an error of your own.

    `code` is an integer, `message` one sentence, `data` anything JSON can hold. A job that raises an `Error`
    fails at once: it is an answer, so it is not retried.
    """

    default_code: ClassVar[int] = -32000
    default_message: ClassVar[str] = "Server error"

    def __init__(self, code: int | None = None, message: str | None = None, data: Any = None) -> None:
        if not (code is None or type(code) is int) or not (message is None or isinstance(message, str)):
            raise TypeError(f"an Error has a code (a whole number), a message and data; got {code!r}, {message!r}")
        self.code = self.default_code if code is None else code
        self.message = self.default_message if message is None else message
        self.data = data
        super().__init__(self.message)

    def __str__(self) -> str:
        detail = f": {self.data}" if isinstance(self.data, str) else ""
        if isinstance(self.data, dict) and "error_id" in self.data:
            detail = f"; the log has the details under error id {self.data['error_id']}"
        return f"{self.message}{detail} (code {self.code})"


class ParseError(Error):
    """The body is not JSON text in UTF-8 (JSON-RPC 2.0, section 5.1)."""

    default_code = -32700
    default_message = "Parse error"


class InvalidRequest(Error):
    """The JSON sent is not a Request object (JSON-RPC 2.0, section 5.1)."""

    default_code = -32600
    default_message = "Invalid Request"


class MethodNotFound(Error):
    """No function of that name is declared (JSON-RPC 2.0, section 5.1)."""

    default_code = -32601
    default_message = "Method not found"


class InvalidParams(Error):
    """The params do not fit the function (JSON-RPC 2.0, section 5.1)."""

    default_code = -32602
    default_message = "Invalid params"


class InternalError(Error):
    """The function raised; `data` has the error id under which the server's log has the details."""

    default_code = -32603
    default_message = "Internal error"


class Unauthenticated(Error):
    """Nobody is signed in and the function is not public."""

    default_code = -32001
    default_message = "Sign-in needed"


class Forbidden(Error):
    """The caller may not do this."""

    default_code = -32003
    default_message = "Not allowed"


class NotFound(Error):
    """No such run or file, or one that belongs to somebody else: both answer alike."""

    default_code = -32004
    default_message = "Not found"


class Conflict(Error):
    """What was asked for does not fit the state things are in."""

    default_code = -32009
    default_message = "Conflict"


class JobFailed(Error):
    """The job raised an exception; `data` has the error id under which the worker's log has the details."""

    default_code = -32010
    default_message = "The job failed"


class RunCancelled(Error):
    """The run was cancelled."""

    default_code = -32011
    default_message = "Cancelled"


class RunTimedOut(Error):
    """The run took longer than its job's timeout."""

    default_code = -32012
    default_message = "Timed out"


class WorkerLost(Error):
    """The worker ended without an answer, as often as the job allows."""

    default_code = -32013
    default_message = "Worker lost"


class MemoryLimit(Error):
    """The run needed more memory than its job's limit."""

    default_code = -32014
    default_message = "Memory limit"


class ParamsOutdated(Error):
    """The params were accepted once, but no longer fit the job's present code."""

    default_code = -32015
    default_message = "Params no longer fit"


class ResultUnusable(Error):
    """The job, or a live function, returned something that cannot be written as JSON, or a live value does not fit its
    type; `data` says what and where."""

    default_code = -32016
    default_message = "Result cannot be encoded"


class Unavailable(Error):
    """The engine's record cannot be reached just now, or the application cannot be loaded.

    Nothing was changed, so the call may be repeated.
    """

    default_code = -32020
    default_message = "Temporarily unavailable"


def _codes(root: type[Error]) -> dict[int, type[Error]]:
    found = {root.default_code: root}
    for child in root.__subclasses__():
        found.update(_codes(child))
    return found


CODES: dict[int, type[Error]] = _codes(Error)
"""Every code that Hotplate itself gives, with its class; docs/wire.md lists the same."""


def from_wire(code: int, message: str, data: Any = None) -> Error:
    """The exception for an error object received over the wire: the class of its code, else `Error`."""
    return CODES.get(code, Error)(code, message, data)


class Stopped(BaseException):
    """Raised inside a job at the next `progress()` or `checkpoint()` after it was asked to stop."""


class Cancelled(Stopped):
    """The run was cancelled."""


class TimedOut(Stopped):
    """The run has used up its job's timeout."""


ABOUT = "hotplate_about"
"""The attribute of a log record that holds what the record is about."""


def about(**facts: object) -> dict[str, object]:
    """What a log line is about, for those who read it as fields: `log.info(…, extra=about(run=…))`."""
    return {ABOUT: facts}


def log_failure(what: str, error: BaseException, **facts: object) -> str:
    """Write an exception of the user's code to the log `hotplate`, and return the error id that it is found by.

    facts: see `about`.
    The text may quote what a caller sent. So it is indented and its control characters are escaped: nobody can
    write a log line, or to the terminal, by what they send.
    """
    error_id = os.urandom(6).hex()
    lines = "".join(f"\n    {printable(line)}" for line in trace(error).split("\n") if line)
    known = about(error_id=error_id, **facts)
    log.error("%s raised %s (error id %s)%s", printable(what), type(error).__name__, error_id, lines, extra=known)
    return error_id


def trace(error: BaseException) -> str:
    """The traceback of `error` as any record can hold it: from the user's code on, without its middle where it is very
    long."""
    text = "".join(TracebackException(type(error), error, _from_users_code(error.__traceback__)).format())
    if len(text) > LONGEST_TRACE:
        half = LONGEST_TRACE // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters …\n{text[-half:]}"
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")  # which PostgreSQL has not


def _from_users_code(whole: TracebackType | None) -> TracebackType | None:
    """A traceback without the code of Hotplate's that it begins with; all of it where there is no other."""
    part = whole
    while part is not None and _is_ours(part.tb_frame.f_code.co_filename):
        part = part.tb_next
    return part or whole


def _is_ours(file: str) -> bool:
    return file == "<string>" or (
        file.startswith(_HERE) and not file.startswith(_DEMO)
    )  # "<string>" is made of a signature


def printable(text: str) -> str:
    """`text` with everything escaped that a terminal would obey or hide: control characters and directions."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
