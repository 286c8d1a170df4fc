"""How a node hears signals: as events of its loop, where nothing is half done."""

from __future__ import annotations

import signal
import socket
from collections import deque
from collections.abc import Callable
from selectors import EVENT_READ, BaseSelector


class Ear:
    """Only the main thread can have one. A signal ends the loop's waiting; what it asks for is done by `obey`."""

    def __init__(self, selector: BaseSelector) -> None:
        self._asked: deque[Callable[[], None]] = deque()
        self._ear, self._mouth = socket.socketpair()
        for end in (self._ear, self._mouth):
            end.setblocking(False)
        signal.set_wakeup_fd(self._mouth.fileno())
        selector.register(self._ear, EVENT_READ, lambda: self._ear.recv(64))

    def on(self, number: signal.Signals, act: Callable[[], None]) -> None:
        signal.signal(number, lambda *_: self._asked.append(act))

    def obey(self) -> None:
        """Do what was asked for."""
        while self._asked:
            self._asked.popleft()()

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        self._ear.close()
        self._mouth.close()
