"""An update: what a subscriber receives on a topic, encoded once for all of them.

Topics are `run/<id>`, on which each update has the run's gapless seq, and *state* topics (`runs`, `workers`, ...), on
which it has the version of the object that has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

RUN = "run/"
"""Topics that begin so are of one run, and can be resumed after any seq."""

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode


class Update:
    """What has changed on `topic`: `data` is JSON, whose meaning `type` tells; docs/wire.md lists them.

    Its encodings are made when they are first asked for, and kept.
    """

    __slots__ = ("_encoded", "_event", "_notification", "data", "seq", "topic", "type")

    def __init__(self, topic: str, seq: int, type: str, data: bytes) -> None:
        self.topic, self.seq, self.type, self.data = topic, seq, type, data
        self._event: bytes | None = None
        self._notification: str | None = None
        self._encoded: dict[object, Any] = {}

    @property
    def json(self) -> bytes:
        """`{"topic", "seq", "type", "data"}`."""
        return b'{"topic":%b,"seq":%d,"type":"%b","data":%b}' % (
            _encode(self.topic),
            self.seq,
            self.type.encode(),
            self.data,
        )

    @property
    def event(self) -> bytes:
        """The lines of it in a stream of server-sent events, without an id (HTML standard, section 9.2)."""
        if self._event is None:
            self._event = b"data: %b\n\n" % self.json
        return self._event

    @property
    def notification(self) -> str:
        """The JSON-RPC notification `update`."""
        if self._notification is None:
            self._notification = f'{{"jsonrpc":"2.0","method":"update","params":{self.json.decode()}}}'
        return self._notification

    def encoded(self, encode: Callable[[Update], T]) -> T:
        """What `encode` makes of it, once for all who ask with the same one."""
        made: T | None = self._encoded.get(encode)
        if made is None:
            made = self._encoded[encode] = encode(self)
        return made


def write_seen(seen: Mapping[str, int]) -> str:
    """The last seq seen on each topic as one word, such as `run/8c4e=17,run/90ab=3`."""
    return ",".join(f"{topic}={seq}" for topic, seq in seen.items())


def read_seen(word: str) -> dict[str, int]:
    """What `write_seen` wrote. Raises `ValueError` if it did not."""
    pairs = (part.rpartition("=") for part in word.split(",") if part)
    return {topic: int(seq) for topic, _, seq in pairs}
