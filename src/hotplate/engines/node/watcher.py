"""The watcher of a node: the process that looks at those live values which are looked at always, kept going."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Sequence
from selectors import EVENT_READ, BaseSelector

from ...run import new_id
from .child import NODE_MARK, Child
from .crew import LONGEST_PAUSE_S, environment

STEADY_S = 60.0
"""A watcher that ends sooner after its start has not come up: pauses before the next one grow."""

log = logging.getLogger("hotplate.node")


class Watcher:
    """There is one while the application declares such live values; `command` starts it, and it loads the application.

    Of the watchers of all nodes, the record's lease lets one look.
    """

    def __init__(self, command: Sequence[str], node_id: str, selector: BaseSelector) -> None:
        self._command, self._selector = command, selector
        self._environment = environment(1) | {NODE_MARK: node_id}
        self._children: list[Child] = []
        self._names: Sequence[str] = ()
        self._id = new_id()
        self._failures, self._began, self._not_before = 0, 0.0, 0.0

    @property
    def is_gone(self) -> bool:
        return not self._children

    def learn(self, names: Collection[str]) -> None:
        """These live values are looked at always, as the code is now."""
        if not names:
            self.retire()
        self._names = sorted(names)

    def retire(self) -> None:
        """Let it end after the look that is going on, for good or until the code is learned anew."""
        self._names, self._failures, self._not_before = (), 0, 0.0
        self._id = new_id()  # so that the next one waits for this one's leases, while one that died is replaced at once
        for child in self._children:
            child.retire()

    def keep(self, now: float) -> None:
        """Start one if there is to be one."""
        if self._names and now >= self._not_before and all(child.retiring for child in self._children):
            child = Child([*self._command, self._id], self._environment)
            self._children.append(child)
            self._began = now
            if child.exit_fd is not None:
                self._selector.register(child.exit_fd, EVENT_READ, lambda: self._bury(child))
            log.debug("process %d looks at %s", child.pid, ", ".join(self._names))

    def kill(self) -> None:
        """End it at once."""
        for child in self._children:
            child.kill()

    def close(self) -> None:
        """End it at once, and wait for that."""
        self.kill()
        for child in list(self._children):
            self._bury(child)

    def memory(self) -> int:
        """What it uses, in bytes."""
        return sum(child.rss() for child in self._children)

    def _bury(self, child: Child) -> None:
        self._children.remove(child)
        if child.exit_fd is not None:
            self._selector.unregister(child.exit_fd)
        status = child.bury()
        if child.retiring:
            return
        now = time.monotonic()
        self._failures = 1 if now - self._began > STEADY_S else self._failures + 1
        pause = min(0.5 * 2 ** (self._failures - 1), LONGEST_PAUSE_S)
        self._not_before = now + pause
        log.warning(
            "the process that looks at live values ended (status %d); another one begins in %g s", status, pause
        )
