"""The engine as a node uses it: the record, the feed to ring, the bell to hear."""

from __future__ import annotations

import socket
from collections.abc import Callable

from msgspec import Struct

from ...engine import POLL_S, Feed, Ledger
from ...firing import Firings


class Record(Struct, kw_only=True):
    """`bell` is where the node hears that there may be work. Every `sweep_s` seconds it looks for dead nodes, every
    `beat_s` it says that it is alive itself, every `idle_poll_s` it looks for work where it had none for a while.
    `apart`: outcomes and claims are transactions of their own there. `wake` tells the other nodes
    that there may be work."""

    ledger: Ledger
    firings: Firings
    feed: Feed
    bell: socket.socket
    close: Callable[[], None]
    sweep_s: float = 60.0
    beat_s: float = 5.0
    idle_poll_s: float = POLL_S
    apart: bool = False
    wake: Callable[[], None] = lambda: None
