"""Events as packets of Engine.IO, made once for all clients."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import cache, partial
from typing import Any

from engineio.packet import MESSAGE, Packet as Piece
from socketio.packet import EVENT, Packet

from ...registry import OWN_NAMESPACE
from ...update import Update


def packets(packet_class: Any, event: str, namespace: str, data: bytes) -> Sequence[Any]:
    """An event with JSON as its payload, as a server with this class of packets sends it."""
    if packet_class is Packet:  # as it would encode it, without decoding first
        where = "" if namespace == "/" else f"{namespace},"
        return (Piece(MESSAGE, f"{EVENT}{where}[{json.dumps(event)},{data.decode()}]"),)
    made = packet_class(EVENT, data=[event, json.loads(data)], namespace=namespace).encode()
    return tuple(Piece(MESSAGE, part) for part in (made if isinstance(made, list) else [made]))


@cache
def encoder(packet_class: Any) -> Callable[[Update], Sequence[Any]]:
    """What makes an event of an update."""
    return lambda update: packets(packet_class, "update", OWN_NAMESPACE, update.json)


@cache
def goodbye(packet_class: Any) -> Callable[[str], Sequence[Any]]:
    """What makes an event of the reason why there will be no more updates."""
    make = partial(packets, packet_class, "lost", OWN_NAMESPACE)
    return lambda reason: make(json.dumps({"reason": reason}).encode())
