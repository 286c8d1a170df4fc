"""The application whose updates are measured: a job that says when it says something, and a value that can be set."""

from __future__ import annotations

import time
from collections.abc import Iterator

from flask import Flask

from hotplate import Hotplate

from ..listeners import END

app = Flask(__name__)
app.config["HOTPLATE_ACCESS"] = "open"
hp = Hotplate(app)


@hp.job
def tell(times: int, pause: float) -> Iterator[float | str]:
    """Say the time, with pauses between of so many seconds."""
    for _ in range(times):
        time.sleep(pause)
        yield time.time()
    yield END.decode()


told = hp.value("told", float)


@hp.method
def tell_all(stamp: float) -> None:
    """Tell it to whoever follows the value."""
    told.set(stamp)
