"""What the server pushes: topics watched over server-sent events, across cuts and restarts."""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import httpx
import msgspec
from msgspec import Struct

from ..errors import Unavailable
from ..update import RUN, read_seen, write_seen
from .answers import failure
from .run import Seen
from .transport import LONGEST_PAUSE_S, Transport, TransportError

SILENCE_S = 40.0
"""The server says something every 15 s at least: a stream that is silent for so long has been cut."""

STREAM = "text/event-stream"

log = logging.getLogger("hotplate.client")
"""Told, as information, when a watch has lost its server and when it has it again."""

TOPICS = "a run, 'run/<id>', 'runs', 'workers', 'schedules', 'live/<name>'"
"""What can be watched."""

Topic = str | Seen


class Update(Struct, frozen=True):
    """What has changed on a topic; docs/wire.md has the types and what `seq` and `data` are for each."""

    topic: str
    seq: int
    type: str
    data: Any


class Watch:
    """Reads the events of one stream after the other: what they carry, and where to go on.

    A live value is told whole at the beginning of each stream: it is passed over if it is the one told before the cut.

    seen: the seq seen last on topics of runs.
    """

    def __init__(self, topics: Sequence[Topic], after: int | Mapping[str, int]) -> None:
        self.topics = [_name_of(topic) for topic in topics]
        if not self.topics:
            raise ValueError(f"name a topic to watch: {TOPICS}")
        self._seen = dict(after) if isinstance(after, Mapping) else {topic: after for topic in self._of_runs() if after}
        self._open = set(self._of_runs())
        self._values: dict[str, Update] = {}
        self._data: list[str] = []
        self.retry_s = 0.0

    @property
    def is_over(self) -> bool:
        """Whether nothing can come any more: all topics are of runs that have ended."""
        return not self._open and len(self._of_runs()) == len(self.topics)

    def request(self) -> dict[str, Mapping[str, str]]:
        """The query and the headers with which to go on."""
        seen = {"Last-Event-ID": write_seen(self._seen)} if self._seen else {}
        return {"params": {"topics": ",".join(self.topics)}, "headers": {"Accept": STREAM, **seen}}

    def read(self, line: str) -> Update | None:
        """The update that ends with this line of the stream, if one does (HTML standard, section 9.2.6)."""
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "id":
            self._seen |= read_seen(value)
        elif field == "retry" and value.isdecimal():
            self.retry_s = int(value) / 1000
        elif not line and self._data:
            data, self._data = "\n".join(self._data), []
            return self._ended(msgspec.json.decode(data, type=Update))
        return None

    def cut(self) -> None:
        """The stream has ended, perhaps within an event."""
        self._data = []

    def _of_runs(self) -> list[str]:
        return [topic for topic in self.topics if topic.startswith(RUN)]

    def _ended(self, update: Update) -> Update | None:
        data = update.data
        if update.type == "value":
            before, self._values[update.topic] = self._values.get(update.topic), update
            return None if update == before else update
        if update.type == "gone" or (
            update.type == "run" and update.topic.startswith(RUN) and update.seq == data["seq"] and data["finished_at"]
        ):
            self._open.discard(update.topic)
        return update


def _name_of(topic: Any) -> str:
    if isinstance(topic, Seen):
        return f"{RUN}{topic.id}"
    if not isinstance(topic, str) or not topic:
        raise TypeError(f"{topic!r} is no topic; there are {TOPICS}, each an argument: watch('runs', 'workers')")
    return topic


class Patience:
    """How long to try again while the server is out of reach: `seconds`."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lost_at: float | None = None
        self._pause = 0.0

    def heard(self) -> None:
        """The server has said something."""
        if self._lost_at is not None:
            log.info("the server is back")
        self._lost_at, self._pause = None, 0.0

    def failed(self, error: TransportError | Unavailable) -> None:
        """It has not. Raises `error` if it is no use to try again."""
        is_new = self._lost_at is None
        self._lost_at = self._lost_at or time.monotonic()
        if not getattr(error, "is_passing", True) or time.monotonic() - self._lost_at > self._seconds:
            raise error
        if is_new:
            log.info("%s; trying again", error)
        self._pause = min(self._pause * 2 or 0.1, LONGEST_PAUSE_S)

    def pause(self, retry_s: float) -> float:
        """How long to wait before the next try, in seconds; `retry_s` as the server has said."""
        return max(self._pause, retry_s) * random.uniform(0.5, 1.0)


def watch(transport: Transport, watching: Watch, patience: Patience) -> Iterator[Update]:
    """The updates as they come.

    Raises what the server says of the topics, and `TransportError` if it is out of reach for too long.
    """
    while not watching.is_over:
        try:
            with transport.stream("/updates", timeout=SILENCE_S, **watching.request()) as answer:
                if not check_head(answer):
                    answer.read()
                    raise failure(answer)
                for line in answer.iter_lines():
                    patience.heard()
                    update = watching.read(line)
                    if update is not None:
                        yield update
                        if watching.is_over:
                            return
        except (TransportError, Unavailable) as error:
            patience.failed(error)
        watching.cut()
        time.sleep(patience.pause(watching.retry_s))


def check_head(answer: httpx.Response) -> bool:
    """Whether a stream begins."""
    return answer.status_code == httpx.codes.OK and answer.headers.get("content-type", "").startswith(STREAM)
