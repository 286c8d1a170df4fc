"""The engine as a node uses it: the record, the feed to ring, the bell to hear."""

from __future__ import annotations

import socket
from collections.abc import Callable

from msgspec import Struct

from ...engine import Feed, Ledger


class Record(Struct, kw_only=True):
    """`bell` is where the node hears that there may be work; `sweep_s` is how often it looks for dead nodes."""

    ledger: Ledger
    feed: Feed
    bell: socket.socket
    close: Callable[[], None]
    sweep_s: float = 60.0
