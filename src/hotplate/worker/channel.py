"""What a node and a worker say to each other: frames of MessagePack on a pair of sockets, never pickle."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator, Sequence

import msgspec
from msgspec import Struct

from ..config import Place
from ..options import Known
from ..schedule import Schedule


class Hello(Struct, tag=True):
    """The worker has loaded the application: its jobs and schedules, where its record lies, what a node is to keep to.

    grace, keep: seconds; concurrency, log_format: as in `Settings`. always: the live values that are looked at also
    while nobody is subscribed, by name.
    """

    app: str
    jobs: list[Known]
    place: Place
    concurrency: int
    grace: float
    keep: float
    log_format: str = "text"
    schedules: list[Schedule] = []
    always: list[str] = []


class Failed(Struct, tag=True):
    """The worker could not load the application."""

    message: str
    traceback: str


class Work(Struct, tag=True):
    """Execute this attempt of a run; `memory` is the limit in bytes above what the worker needs itself."""

    id: str
    attempt: int
    job: str
    params: bytes
    caller: str
    saved: bytes | None = None
    log_bytes: int = 0
    memory: int | None = None
    trace: str | None = None


class Said(Struct, tag=True):
    """Progress, log lines and partial results of the run that is going on."""

    id: str
    attempt: int
    progress: bytes | None
    events: list[tuple[str, float, bytes]]


class Save(Struct, tag=True):
    """Keep this checkpoint, and say `Saved` when it is kept."""

    id: str
    attempt: int
    value: bytes


class Done(Struct, tag=True):
    """An attempt has ended. `how` is `returned`, `raised` (may be retried), `refused` (an answer: not retried),
    or `stopped` (it ended because it was asked to). `knew`: its code was told to stop, whatever it made of that.
    Times are Unix timestamps."""

    id: str
    attempt: int
    how: str
    begun_at: float
    ended_at: float
    result: bytes | None = None
    result_file: str | None = None
    error: bytes | None = None
    traceback: str | None = None
    progress: bytes | None = None
    knew: bool = False


class Lend(Struct, tag=True):
    """The run waits for the runs `awaited` and lends its slot meanwhile; if there are none, it takes it back."""

    awaited: list[str]


class Returned(Struct, tag=True):
    """These attempts were not begun and are given back."""

    ids: list[tuple[str, int]]


class StopRun(Struct, tag=True):
    """Ask the attempt to stop; `reason` is `cancel` or `timeout`."""

    id: str
    attempt: int
    reason: str


class Saved(Struct, tag=True):
    """The checkpoint is kept."""

    id: str
    attempt: int


class Recall(Struct, tag=True):
    """Give back what is not begun yet."""


FromWorker = Hello | Failed | Said | Save | Done | Lend | Returned
ToWorker = Work | StopRun | Saved | Recall

_encode = msgspec.msgpack.Encoder().encode
_from_worker = msgspec.msgpack.Decoder(FromWorker).decode
_to_worker = msgspec.msgpack.Decoder(ToWorker).decode
_length = struct.Struct("<I")


def frames(messages: Sequence[Struct]) -> bytes:
    """The bytes of some messages, each behind its length."""
    parts: list[bytes] = []
    for message in messages:
        body = _encode(message)
        parts += (_length.pack(len(body)), body)
    return b"".join(parts)


class Buffer:
    """Puts the messages together again from the pieces that a socket gives."""

    def __init__(self) -> None:
        self._data = bytearray()

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The bodies that are whole now."""
        data = self._data
        data += piece
        at = 0
        while len(data) - at >= 4:
            end = at + 4 + _length.unpack_from(data, at)[0]
            if len(data) < end:
                break
            yield bytes(data[at + 4 : end])
            at = end
        del data[:at]


def from_worker(body: bytes) -> FromWorker:
    return _from_worker(body)  # type: ignore[no-any-return]


def to_worker(body: bytes) -> ToWorker:
    return _to_worker(body)  # type: ignore[no-any-return]


def pair() -> tuple[socket.socket, socket.socket]:
    """A connected pair of sockets, with room for a good deal of work in each direction."""
    ends = socket.socketpair()
    for end in ends:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
    return ends
