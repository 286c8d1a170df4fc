"""Of all who watch a live function one looks, however long a look takes."""

from __future__ import annotations

import time
from contextlib import nullcontext
from pathlib import Path
from threading import Lock

import pytest
from flask import Flask

from hotplate import Hotplate
from hotplate.rpc import watching
from hotplate.rpc.watching import Watching
from tests.processes import until


def test_nobody_else_looks_while_a_look_takes_longer_than_the_lease_of_a_quick_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = Flask("slow")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    hp = Hotplate(app)
    begun: list[float] = []
    at_once: list[bool] = []
    looking = Lock()

    @hp.live(every=0.05)
    def slow() -> int:
        at_once.append(not looking.acquire(blocking=False))
        begun.append(time.monotonic())
        time.sleep(0.3)
        looking.release()
        return len(begun)

    for name, seconds in (("LEASE_S", 0.1), ("FIRST_LOOK_S", 0.4), ("LOOK_S", 0.02)):
        monkeypatch.setattr(watching, name, seconds)
    state = app.extensions["hotplate"]
    watchers = [Watching(state.engine, hp.registry.lives, nullcontext) for _ in range(3)]
    for watcher in watchers:
        watcher.begin("slow")
    until(lambda: len(begun) > 5, "several looks")
    for watcher in watchers:
        watcher.close()
    until(lambda: looking.acquire(blocking=False), "the end of the last look")
    assert not any(at_once)
    state.close()
