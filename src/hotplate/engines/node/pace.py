"""How long runs of a job take lately: the short ones may be handed out several at a time."""

from __future__ import annotations

from collections.abc import Sequence

from ...engine import Want
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

_WEIGHT = 0.2
_ENOUGH = 5


class Pace:
    """Recent means of the time that runs take, by job."""

    def __init__(self) -> None:
        self._means: dict[str, tuple[float, int]] = {}

    def took(self, job: str, seconds: float) -> None:
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
