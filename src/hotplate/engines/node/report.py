"""What a node's log says of its runs: a line for each, or, when they come thick and fast, a line a second."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence

from ...engine import Claim, Outcome

MOST_LINES = 10
"""So many runs a second get a line of their own."""

_PAST = {
    "succeed": "succeeded",
    "fail": "failed",
    "cancel": "cancelled",
    "retry": "did not succeed, to be retried",
    "lose": "lost its worker, to begin again",
    "release": "given back",
}

log = logging.getLogger("hotplate.node")


class Report:
    """Tells in the log which runs begin, and how they end."""

    def __init__(self) -> None:
        self._second, self._begun, self._lines = 0, 0, 0
        self._untold: Counter[tuple[str, str]] = Counter()

    def begin(self, claims: Sequence[Claim]) -> None:
        """Tell of runs that begin now; those that wait behind another one in a worker begin untold."""
        if not log.isEnabledFor(logging.INFO):
            return
        self._look_at_the_clock()
        for claim in claims:
            self._begun += not claim.ahead
            if not claim.ahead and self._begun <= MOST_LINES:
                log.info("%s %s begins%s", claim.job, claim.id[:8], f", attempt {claim.attempt}" * (claim.attempt > 1))

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        self._look_at_the_clock()
        for outcome in outcomes:
            self._lines += 1
            if self._lines <= MOST_LINES:
                log.info("%s %s %s%s", outcome.job, outcome.id[:8], _PAST[outcome.move], _took(outcome))
            else:
                self._untold[outcome.job, outcome.move] += 1

    def summarise(self) -> None:
        """Tell of those that got no line."""
        for (job, move), n in self._untold.items():
            log.info("%s: %s more %s", job, count(n), _PAST[move])
        self._untold.clear()

    def _look_at_the_clock(self) -> None:
        second = int(time.monotonic())
        if second != self._second:
            self.summarise()
            self._second, self._begun, self._lines = second, 0, 0


def count(n: int) -> str:
    """A number of runs, in words."""
    return "1 run" if n == 1 else f"{n:,} runs"


def _took(outcome: Outcome) -> str:
    if outcome.due_at is not None:
        return f" {max(outcome.due_at - outcome.at, 0):.3g} s later"
    return f" after {outcome.at - outcome.begun_at:.3g} s" if outcome.begun_at else ""
