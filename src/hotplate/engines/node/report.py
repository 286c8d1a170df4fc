"""What a node's log says of its runs: a line for each, or, when they come thick and fast, a line a second."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Sequence

from ...engine import Claim, Outcome
from ...errors import about

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

    def leave(self, outcomes: Sequence[Outcome]) -> None:
        """Tell of outcomes that could not be put on record before the node ends."""
        if outcomes:
            log.error("ending while the record is away; what is not on it begins again: %s", count(len(outcomes)))

    def begin(self, claims: Sequence[Claim]) -> None:
        """Tell of runs that begin now; those that wait behind another one in a worker begin untold."""
        if not log.isEnabledFor(logging.INFO):
            return
        self._look_at_the_clock()
        for claim in claims:
            self._begun += not claim.ahead
            if not claim.ahead and self._begun <= MOST_LINES:
                again = f", attempt {claim.attempt}" * (claim.attempt > 1)
                log.info("%s %s begins%s", claim.job, claim.id[:8], again, extra=_run(claim))

    def tell(self, outcomes: Sequence[Outcome]) -> None:
        if not log.isEnabledFor(logging.INFO):
            return
        self._look_at_the_clock()
        for outcome in outcomes:
            self._lines += 1
            if self._lines <= MOST_LINES:
                text = f"{_PAST[outcome.move]}{_took(outcome)}"
                log.info("%s %s %s", outcome.job, outcome.id[:8], text, extra=_run(outcome, move=outcome.move))
            else:
                self._untold[outcome.job, outcome.move] += 1

    def died(self, worker: int, status: int, claim: Claim) -> None:
        """Tell of a worker that ended in the middle of a run."""
        log.warning(
            "worker %d died (status %d) in run %s of %s", worker, status, claim.id, claim.job, extra=_run(claim)
        )

    def refuse(self, outcome: Outcome) -> None:
        """Tell of a late word of an attempt that is no longer the current one."""
        log.warning("late result of run %s, attempt %d, refused", outcome.id, outcome.attempt, extra=_run(outcome))

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


def _run(of: Claim | Outcome, **facts: object) -> dict[str, object]:
    return about(run=of.id, job=of.job, attempt=of.attempt, **facts)


def count(n: int) -> str:
    """A number of runs, in words."""
    return "1 run" if n == 1 else f"{n:,} runs"


def _took(outcome: Outcome) -> str:
    if outcome.due_at is not None:
        return f" {max(outcome.due_at - outcome.at, 0):.3g} s later"
    return f" after {outcome.at - outcome.begun_at:.3g} s" if outcome.begun_at else ""
