"""How long runs of a job take lately: the short ones may be handed out several at a time. And when there were any."""

from __future__ import annotations

import time
from collections.abc import Sequence

from ...engine import POLL_S, Want
from ...options import Known

QUICK_S = 0.005
"""Jobs whose recent mean is below this are quick, in seconds."""

DEPTH = 32
"""So many quick runs a worker may have in hand, the one that is going on included."""

STUCK_S = 0.05
"""A worker that is silent for so long while runs wait behind its present one gives those back, in seconds."""

MOST_LENT = 32
"""So many more workers there may be than slots, for runs that wait for other runs. With so many waiting, only what is
waited for begins."""

IDLE_S = 30.0
"""A node that had no run for so long looks for work by itself less often, in seconds."""

_WEIGHT = 0.2
_ENOUGH = 5


class Pace:
    """Recent means of the time that runs take, by job."""

    def __init__(self) -> None:
        self._means: dict[str, tuple[float, int]] = {}
        self._worked_at = time.monotonic()

    def took(self, job: str, seconds: float) -> None:
        self._worked_at = time.monotonic()
        mean, n = self._means.get(job, (seconds, 0))
        self._means[job] = (mean + _WEIGHT * (seconds - mean), n + 1)

    def quick(self, known: dict[str, Known]) -> frozenset[str]:
        """The jobs that may be taken ahead: quick ones without a memory limit, which may begin again if lost.

        For a run taken ahead the record does not say that it has begun.
        """
        return frozenset(
            job
            for job, (mean, n) in self._means.items()
            if mean < QUICK_S and n >= _ENOUGH and job in known and known[job].memory is None and known[job].rerun_lost
        )

    def poll_s(self, now: float, longest: float, *, busy: bool) -> float:
        """Seconds until the node is to look by itself, in case nobody told it of work: `longest` while it is idle."""
        return POLL_S if busy or now < self._worked_at + IDLE_S else longest


def wanted(
    node: str,
    known: dict[str, Known],
    queues: Sequence[str] | None,
    slots: int,
    quick: frozenset[str],
    spare: int,
    awaited: Sequence[str],
) -> Want:
    """What to ask of the ledger."""
    return Want(
        node=node,
        jobs=known.keys(),
        slots=slots,
        queues=queues,
        quick=quick,
        depth=DEPTH - 1 if quick else 0,
        spare=spare,
        durable=not all(job.rerun_lost for job in known.values()),
        first=awaited,
        only_first=len(awaited) >= MOST_LENT,
    )
