"""The workers of a node: started, watched, replaced and ended."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence

from ...worker.limits import thread_environment
from .child import NODE_MARK, Child, Given
from .pace import DEPTH, MOST_LENT, STUCK_S

MEMORY_LOOK_S = 0.2
NEAR_LIMIT = 0.8
LONGEST_PAUSE_S = 30.0
LINGER_S = 5.0


class Crew:
    """All children of a node. `concurrency` is how many runs may go on at once."""

    def __init__(self, command: Sequence[str], node_id: str, concurrency: int) -> None:
        self._command, self.concurrency = command, concurrency
        self._environment = environment(concurrency) | {NODE_MARK: node_id}
        self.children: list[Child] = []
        self._failures = 0
        self._not_before = 0.0
        self._memory_at = 0.0

    @property
    def lent(self) -> int:
        return sum(child.lent for child in self.children)

    def awaited(self) -> list[str]:
        """The runs for which others wait."""
        return [run_id for child in self.children for run_id in child.awaited]

    def busy(self) -> list[Child]:
        return [child for child in self.children if child.given]

    def idle(self) -> list[Child]:
        return [child for child in self.children if child.idle]

    def slots(self) -> int:
        """How many runs may begin now."""
        working = sum(1 for child in self.children if child.given and not child.lent)
        return max(0, min(len(self.idle()), self.concurrency - working))

    def spare(self, quick: frozenset[str]) -> int:
        """How many quick runs may be handed out behind others."""
        return sum(DEPTH - len(child.given) for child in self.takers(quick))

    def takers(self, quick: frozenset[str]) -> list[Child]:
        """The children that are busy with quick runs alone and have room for more."""
        return [
            child
            for child in self.children
            if child.given
            and len(child.given) <= DEPTH // 2
            and not (child.retiring or child.recalled or child.lent)
            and all(given.claim.job in quick for given in child.given)
        ]

    def hand_out(self, given: Sequence[Given], quick: frozenset[str]) -> list[Child]:
        """Give each idle child a run to begin at once, and to those with quick ones what is to follow; who got some."""
        heads = [one for one in given if not one.claim.ahead]
        shares = {child.pid: (child, [head]) for child, head in zip(self.idle(), heads, strict=False)}
        takers = [share for share in shares.values() if share[1][0].claim.job in quick]
        takers += [(child, []) for child in self.takers(quick)]
        for at, one in enumerate(one for one in given if one.claim.ahead):
            takers[at % len(takers)][1].append(one)
        some = [*shares.values(), *(taker for taker in takers if taker[0].pid not in shares and taker[1])]
        for child, share in some:
            child.give(share)
        return [child for child, _ in some]

    def missing(self, target: int | None = None) -> int:
        """How many children to start now."""
        if time.monotonic() < self._not_before:
            return 0
        wanted = (self.concurrency if target is None else target) + min(self.lent, MOST_LENT)
        return max(0, wanted - sum(1 for child in self.children if not child.retiring))

    def start(self) -> Child:
        child = Child(self._command, self._environment)
        self.children.append(child)
        return child

    def is_ready(self, child: Child) -> None:
        child.ready = True
        self._failures = 0

    def try_again(self) -> None:
        """Forget that children failed to start: the application has changed, or the record is there again."""
        self._failures, self._not_before = 0, 0.0

    def stop_asked(self, asked: Mapping[tuple[str, int], str], grace: float) -> None:
        """Stop what was asked to, by id and attempt with the reason; what waits behind others is asked back."""
        for child in self.busy() if asked else ():
            for at, given in enumerate(child.given):
                reason = asked.get((given.claim.id, given.claim.attempt))
                if reason and at == 0:
                    child.stop(reason, grace)
                elif reason and not child.recalled:
                    child.recall()

    def job_of(self, run_id: str) -> str:
        """The job of a run that is going on here; empty if there is none."""
        return next((g.claim.job for c in self.busy() for g in c.given if g.claim.id == run_id), "")

    def trim(self) -> None:
        """Let children go that were started for lent slots, when those came back some time ago."""
        alive = [child for child in self.children if not child.retiring]
        before = time.monotonic() - LINGER_S
        unused = [child for child in alive if child.idle and child.spoke_at < before]
        for child in unused[: max(0, len(alive) - self.concurrency - self.lent)]:
            child.retire()

    def retire_all(self) -> None:
        """Let all children end after what they have in hand."""
        for child in self.children:
            child.recall()
            child.retire()

    def bury(self, child: Child) -> int:
        """After the end of a child: its exit status."""
        self.children.remove(child)
        if not child.ready:
            self._failures += 1
            self._not_before = time.monotonic() + min(0.5 * 2**self._failures, LONGEST_PAUSE_S)
        return child.bury()

    def watch(self, now: float, grace: float) -> float:
        """Ask runs to stop that take too long or too much, and kill those that do not; when to look again.

        What waits behind a run that is not quick this time is asked back.
        """
        for child in self.busy():
            given = child.given[0]
            if len(child.given) > 1 and not child.recalled and now - child.spoke_at > STUCK_S:
                child.recall()
            if given.known.timeout is not None and now >= given.begun + given.known.timeout:
                child.stop("timeout", grace)
            if given.kill_at is not None and now >= given.kill_at:
                child.kill()
        if now >= self._memory_at:
            self._memory_at = now + MEMORY_LOOK_S
            self._watch_memory()
        return self._next_look()

    def died_of_memory(self, child: Child, given: Given) -> bool:
        """Whether a child that was killed by the system had used nearly all the memory its run may use."""
        return given.known.memory is not None and child.peak >= NEAR_LIMIT * given.known.memory

    def _watch_memory(self) -> None:
        for child in self.busy():
            given = child.given[0]
            if given.known.memory is None:
                continue
            used = child.rss() - child.baseline
            child.peak = max(child.peak, used)
            if used > given.known.memory:
                given.stopped_for = "memory"
                child.kill()

    def _next_look(self) -> float:
        times = [self._memory_at] if any(c.given and c.given[0].known.memory for c in self.children) else []
        for child in self.busy():
            given = child.given[0]
            if given.kill_at is not None:
                times.append(given.kill_at)
            elif given.known.timeout is not None and given.stopped_for is None:
                times.append(given.begun + given.known.timeout)
        return min(times, default=float("inf"))


def environment(share: int) -> dict[str, str]:
    """What processes of a node have in their environment that divide the cores between so many."""
    return {**os.environ, **thread_environment(share)}


def cores() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
