"""The Python client: call, start and follow from any Python program; it needs no Flask.

    from hotplate.client import Client

    client = Client("http://127.0.0.1:5000")
    client.reverse("abc")
    run = client.estimate_pi.start(samples=1_000_000)
    for progress in run.progress:
        print(progress.fraction)
    run.wait()

`AsyncClient` is the same on an event loop.

Arguments and results are what JSON gives; dataclasses, dates and the like are accepted as arguments.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .batch import Answer, Batch
from .client import Client
from .function import Function
from .run import LogLine, Record, Run
from .transport import TimeoutError, TransportError
from .updates import Update

if TYPE_CHECKING:
    from .async_client import AsyncClient
    from .async_run import AsyncRun

__all__ = [
    "Answer",
    "AsyncClient",
    "AsyncRun",
    "Batch",
    "Client",
    "Function",
    "LogLine",
    "Record",
    "Run",
    "TimeoutError",
    "TransportError",
    "Update",
]


def __getattr__(name: str) -> Any:
    if name == "AsyncClient":
        from .async_client import AsyncClient  # noqa: PLC0415 - asyncio is loaded for those who use it

        return AsyncClient
    if name == "AsyncRun":
        from .async_run import AsyncRun  # noqa: PLC0415

        return AsyncRun
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
