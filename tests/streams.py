"""What the server pushes: streams read as a browser reads them, and what was told of runs over several connections."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx

from hotplate import Run
from tests.processes import DEADLINE_S


class Sent(NamedTuple):
    """An event: what was seen by its end, and the update that it carries."""

    id: str
    update: dict[str, Any]


class Stream:
    """An open stream. `id` is that of the last event, `retry` what the server has said of coming back."""

    def __init__(self, response: httpx.Response, last: str) -> None:
        self._lines = response.iter_lines()
        self.id, self.retry = last, 0
        self.comments: list[str] = []

    def __iter__(self) -> Iterator[Sent]:
        data = ""
        for line in self._lines:
            field, _, value = line.partition(": ")
            if field == "id":
                self.id = value
            elif field == "retry":
                self.retry = int(value)
            elif field == "data":
                data += value
            elif field == "":
                if line:
                    self.comments.append(value)
                elif data:
                    yield Sent(self.id, json.loads(data))
                    data = ""

    def until_run_ended(self) -> list[dict[str, Any]]:
        """All updates up to the one that says how the run has ended."""
        updates = []
        for event in self:
            updates.append(event.update)
            if is_end(event.update):
                return updates
        raise AssertionError(f"the stream has ended before the run: {updates[-3:]}")


@contextmanager
def stream(url: str, topics: str, last: str = "", after: str = "") -> Iterator[Stream]:
    """The stream of some topics, from what was seen last on."""
    headers = {"Last-Event-ID": last} if last else {}
    params = {"topics": topics, **({"after": after} if after else {})}
    with httpx.stream("GET", f"{url}/updates", params=params, headers=headers, timeout=DEADLINE_S) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["content-type"].startswith("text/event-stream")
        yield Stream(response, last)


def is_end(update: dict[str, Any]) -> bool:
    """Whether it says how a run has ended, and that all else was told before."""
    data = update["data"]
    return update["type"] == "run" and update["seq"] == data["seq"] and data["finished_at"] is not None


def kept(updates: list[dict[str, Any]]) -> list[tuple[int, str]]:
    """The seqs and types of those updates of a run that are never missed and never doubled."""
    return [(update["seq"], update["type"]) for update in updates if update["type"] in ("move", "log", "partial")]


class Gathered:
    """What was told of several runs over one connection after the other; `seen` is where to go on."""

    def __init__(self, runs: Iterable[Run]) -> None:
        self.topics = [f"run/{run.id}" for run in runs]
        self.seen = dict.fromkeys(self.topics, 0)
        self.told = {topic: list[tuple[int, str]]() for topic in self.topics}
        self._going_on = set(self.topics)

    @property
    def is_whole(self) -> bool:
        """Whether the end of each was told."""
        return not self._going_on

    def take(self, following: Callable[[], dict[str, Any]], most: int) -> None:
        """Take so many updates, or as many as there are until the end."""
        for _ in range(most):
            if self.is_whole:
                return
            update = following()
            topic = update["topic"]
            self.seen[topic] = max(self.seen[topic], update["seq"])
            self.told[topic] += kept([update])
            if is_end(update):
                self._going_on.discard(topic)
