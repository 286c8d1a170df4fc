"""What the feed is told of runs, and when: of an end at once, of a beginning a moment later.

Most quick runs have ended by then, and who waits for them is woken once.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...engine import Claim, Feed, Outcome

BEGUN_S = 0.005


class Tidings:
    """`at`: when there is something to tell."""

    def __init__(self) -> None:
        self._begun: dict[str, None] = {}
        self.at = float("inf")

    def begun(self, claims: Sequence[Claim]) -> None:
        if claims:
            self._begun.update(dict.fromkeys(claim.id for claim in claims))
            self.at = min(self.at, time.monotonic() + BEGUN_S)

    def ended(self, feed: Feed, outcomes: Sequence[Outcome]) -> None:
        for outcome in outcomes:
            self._begun.pop(outcome.id, None)
        feed.ring([outcome.id for outcome in outcomes])

    def tell(self, feed: Feed, now: float) -> None:
        """Tell what is due."""
        if now >= self.at:
            self.at = float("inf")
            feed.ring(list(self._begun))
            self._begun = {}
