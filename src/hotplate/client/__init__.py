"""The Python client: call, start and follow from any Python program; it needs no Flask.

    from hotplate.client import Client

    client = Client("http://127.0.0.1:5000")
    client.reverse("abc")
    run = client.estimate_pi.start(samples=1_000_000)
    for progress in run.progress:
        print(progress.fraction)
    run.wait()

Arguments and results are what JSON gives; dataclasses, dates and the like are accepted as arguments.
"""

from __future__ import annotations

from .batch import Answer, Batch
from .client import Client
from .function import Function
from .run import LogLine, Record, Run
from .transport import TimeoutError, TransportError
from .updates import Update

__all__ = [
    "Answer",
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
