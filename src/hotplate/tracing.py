"""OpenTelemetry spans of calls, starts and attempts, where the application has configured OpenTelemetry.

OpenTelemetry is never imported here first: without a tracer provider nothing is done. A run carries the context of its
start as W3C traceparent.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span, SpanKind, Tracer

FLUSH_MS = 2000
"""How long a process that ends waits for its spans to be sent."""

_SYSTEM = "hotplate"
_found: tuple[Any, Any] = (None, None)


def tracer() -> Tracer | None:
    """The tracer of this process; None where OpenTelemetry is not there or not configured."""
    global _found  # noqa: PLW0603 - a tracer for each provider: it is dear to make
    api = sys.modules.get("opentelemetry.trace")
    # while another thread imports it, as a broker's client does, only half of it is there
    if api is None or not hasattr(api, "get_tracer_provider"):
        return None
    provider = api.get_tracer_provider()
    if isinstance(provider, api.ProxyTracerProvider):
        return None
    if _found[0] is not provider:
        _found = provider, provider.get_tracer(_SYSTEM)
    found: Tracer = _found[1]
    return found


@contextmanager
def calling(method: str | None) -> Iterator[Span | None]:
    """A span around the answer to a call. method: None for one that does not exist."""
    attributes = {"rpc.system.name": "jsonrpc", "jsonrpc.protocol.version": "2.0"}
    if method is not None:
        attributes["rpc.method"] = method
    with _span(method or "unknown method", "SERVER", attributes) as span:
        yield span


@contextmanager
def sending(job: str, run: str, queue: str) -> Iterator[str | None]:
    """A span around the start of a run: what the run is to carry, None where nothing is traced."""
    attributes = _messaging("send", run, queue) | {"hotplate.job": job}
    with _span(f"send {job}", "PRODUCER", attributes) as span:
        yield None if span is None else _traceparent(span)


@contextmanager
def attempting(trace: str | None, job: str, run: str, attempt: int) -> Iterator[Span | None]:
    """A span around an attempt. trace: what the run carries."""
    attributes = _messaging("process", run, None) | {"hotplate.job": job, "hotplate.attempt": attempt}
    with _span(f"process {job}", "CONSUMER", attributes, trace) as span:
        yield span


@contextmanager
def joined(traceparent: str | None) -> Iterator[None]:
    """Whatever is traced within belongs to the caller's trace, unless something that is traced surrounds it already."""
    if not traceparent or tracer() is None:
        yield
        return
    from opentelemetry import context, trace  # noqa: PLC0415 - an optional dependency, which is there

    if trace.get_current_span().get_span_context().is_valid:
        yield
        return
    token = context.attach(_context(traceparent))
    try:
        yield
    finally:
        context.detach(token)


def fail(span: Span | None, kind: str, message: str) -> None:
    """Say that what the span is about did not succeed. kind: an error code or a word."""
    if span is None:
        return
    from opentelemetry.trace import Status, StatusCode  # noqa: PLC0415 - as above

    span.set_attribute("error.type", kind)
    span.set_status(Status(StatusCode.ERROR, message))


def flush() -> None:
    """Send what was not sent yet: this process ends."""
    if tracer() is not None:
        send = getattr(_found[0], "force_flush", None)  # of the SDK; the API alone has none
        if send is not None:
            send(FLUSH_MS)


def current() -> dict[str, str]:
    """The ids of the trace and the span this code is in, for a log line."""
    if tracer() is None:
        return {}
    from opentelemetry import trace  # noqa: PLC0415 - as above

    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {"trace_id": f"{context.trace_id:032x}", "span_id": f"{context.span_id:016x}"}


@contextmanager
def _span(name: str, kind: str, attributes: dict[str, Any], parent: str | None = None) -> Iterator[Span | None]:
    found = tracer()
    if found is None:
        yield None
        return
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - as above

    kinds: dict[str, SpanKind] = SpanKind.__members__  # type: ignore[assignment]
    around = _context(parent) if parent else None
    with found.start_as_current_span(name, around, kinds[kind], attributes) as span:
        yield span


def _messaging(operation: str, run: str, queue: str | None) -> dict[str, Any]:
    attributes = {
        "messaging.system": _SYSTEM,
        "messaging.operation.type": operation,
        "messaging.operation.name": operation,
        "messaging.message.id": run,
    }
    return attributes if queue is None else attributes | {"messaging.destination.name": queue}


def _traceparent(span: Span) -> str | None:
    context = span.get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def _context(traceparent: str) -> Context:
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415 - as above

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent})
