"""The lines of a web process's log: one a call, and one for each request that is no call or was refused."""

from __future__ import annotations

import re
from contextvars import ContextVar

import click
import msgspec

from ..web.scope import Application, Message, Receive, Scope, Send
from . import terminal_log

READS = frozenset(
    {
        "live.get",
        "live.list",
        "rpc.discover",
        "run.count",
        "run.get",
        "run.list",
        "run.log",
        "run.wait",
        "schedule.list",
        "worker.list",
    }
)
"""Built-in methods that only read; the log has those that were refused."""

LONGEST_DATA = 200
"""So many characters of the data of an error are shown."""

_TLS = b"\x16\x03"
_SECRET = re.compile(r"((?:^|[?&])ticket=)[^&]+")


class Seen:
    """How many calls of a request have had lines of their own."""

    calls = 0


_seen: ContextVar[Seen] = ContextVar("hotplate_seen")


def begin() -> Seen:
    """A request begins; what is observed in its context, also in threads, is counted here."""
    seen = Seen()
    _seen.set(seen)
    return seen


def observe(name: str, seconds: float, response: bytes | None) -> None:
    """One line a call, but none for what a follower or the console reads again and again."""
    seen = _seen.get(None)
    if seen is not None:
        seen.calls += 1
    error = _error_of(response)
    if error is None and name in READS:
        return
    text = f"{name[:80]} {seconds * 1000:.1f} ms" + ("" if response is not None else " (notification)")
    shown = text if error is None else f"{text}: {error}"
    level = "INFO" if error is None else "WARNING"
    click.echo(terminal_log.line("web", level, shown, method=name[:80], seconds=round(seconds, 6)), err=True)


def tell(what: str, status: int, *, quiet: bool, calls: int = 0) -> None:
    """The line of a request, unless its calls have lines. quiet: only if it went wrong. what: its method and target."""
    is_well = status < 400
    if (quiet and is_well) or (calls and status in (200, 204)):
        return
    click.echo(terminal_log.line("web", "INFO" if is_well else "WARNING", f"{clean(what)} {status}"), err=True)


def clean(target: str) -> str:
    """The target of a request without what lets somebody in."""
    return _SECRET.sub(r"\1…", target)


def malformed(received: bytes) -> str:
    """What to say of a request that is none, by its first line."""
    if received.startswith(_TLS):
        return "https:// was asked for, but only http:// is served here:"
    line = received.partition(b"\n")[0].removesuffix(b"\r").decode("latin-1")
    return f"no HTTP request: {line[:40]!r}"


class AccessLog:
    """An ASGI application with a line for each of its requests."""

    def __init__(self, app: Application, *, quiet: bool) -> None:
        self._app, self._quiet = app, quiet

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        seen = begin()

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                what = f"{scope['method']} {_target(scope)}"
                tell(what, message["status"], quiet=self._quiet, calls=seen.calls)
            await send(message)

        await self._app(scope, receive, sending)


def _target(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + (b"?" + query if query else b"")).decode("latin-1")


def _error_of(response: bytes | None) -> str | None:
    if response is None or b'"error":' not in response[:400]:
        return None
    error = msgspec.json.decode(response).get("error") or {}
    if not error:
        return None
    data = error.get("data")
    text = data if isinstance(data, str) else msgspec.json.encode(data).decode()
    detail = "" if data is None else f": {text[:LONGEST_DATA]}"
    return f"{error['code']} {error['message']}{detail}"
