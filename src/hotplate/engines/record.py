"""The embedded engine as its node uses it: the record, the feed to ring, the bell to hear."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

from msgspec import Struct

from ..engine import Feed, Ledger
from ..worker.channel import Hello
from . import folder
from .child import end_leftovers
from .database import Database
from .doorbell import DoorbellFeed, node_socket
from .sqlite import SqliteLedger


class Record(Struct):
    """`bell` is where the node hears that there may be work; `grace` and `keep` are in seconds."""

    ledger: Ledger
    feed: Feed
    bell: socket.socket
    grace: float
    keep: float
    concurrency: int
    close: Callable[[], None]


def open_record(hello: Hello) -> Record:
    """Become the node of the data folder that a worker's hello names. Raises `EngineError` if there is one already."""
    place = folder.prepare(Path(hello.data))
    lock = folder.NodeLock(place)
    lock.take()
    settings = hello.settings
    ledger = SqliteLedger(Database(place / folder.DATABASE, synchronous=settings["synchronous"]), lock)
    for dead in ledger.nodes():
        end_leftovers(dead.id)
    sockets = folder.sockets(place)
    feed, bell = DoorbellFeed(sockets), node_socket(sockets)

    def close() -> None:
        feed.close()
        bell.close()
        ledger.close()
        lock.release()

    return Record(
        ledger=ledger,
        feed=feed,
        bell=bell,
        grace=float(settings["grace"]),
        keep=float(settings["keep"]),
        concurrency=int(settings["concurrency"]),
        close=close,
    )
