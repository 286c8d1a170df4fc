"""Full garbage collections of a server: with thousands of connections each of them takes up to a second."""

from __future__ import annotations

import gc
import time

LONG_S = 0.02
"""A full collection that takes longer is not done again over the same objects for a while, in seconds."""

AGAIN_S = 600.0
"""After so many seconds they are looked at again."""


class Collecting:
    """What a long collection found in use is left out of the next ones (`gc.freeze`), for ten minutes.

    Whatever becomes garbage meanwhile is freed as usual where nothing refers to it, and after that time otherwise.
    """

    def __init__(self) -> None:
        self._begun_at = self._frozen_at = 0.0
        self._is_frozen = False

    def start(self) -> None:
        """From now on, in this process."""
        gc.callbacks.append(self._called)

    def _called(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] < 2:
            return
        now = time.monotonic()
        if phase == "start":
            self._begun_at = now
            if self._is_frozen and now - self._frozen_at > AGAIN_S:
                gc.unfreeze()
                self._is_frozen = False
        elif now - self._begun_at > LONG_S:
            gc.freeze()
            self._frozen_at = self._frozen_at if self._is_frozen else now
            self._is_frozen = True
