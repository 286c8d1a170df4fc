"""What a ledger is to do, in plain Python: the model that the real ones are compared with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from hotplate.engine import Claim, Note, Outcome
from hotplate.run import FINAL, MOVES, NewRun

LIMITS: dict[str, int | None] = {"free": None, "alone": 1, "pair": 2}
"""The jobs of the model, with their concurrency limits."""


@dataclass
class ModelRun:
    """A run as it is to stand. `begun`: the present attempt is charged if it is lost."""

    new: NewRun
    due_at: float
    ready: bool
    state: str = "queued"
    attempt: int = 0
    max_attempts: int = 1
    lost: int = 0
    seq: int = 0
    node: str | None = None
    begun: bool = False
    stop: str | None = None
    saved: bytes | None = None
    result: bytes | None = None
    events: list[tuple[int, bytes]] = field(default_factory=list)
    outcomes: int = 0

    @property
    def job(self) -> str:
        return self.new.job

    def move(self, name: str) -> None:
        assert self.state in MOVES[name].before
        self.state = MOVES[name].after
        self.seq += 1
        if self.state != "running":
            self.node = None
        if self.state in FINAL:
            self.outcomes += 1
            self.ready, self.saved = False, None


class Model:
    """The record of all runs, by id."""

    def __init__(self, now: float) -> None:
        self.now = now
        self.runs: dict[str, ModelRun] = {}

    def start(self, new: NewRun) -> str:
        """The id of the run that a start gives."""
        for id_, run in self.runs.items():
            if new.key is not None and (run.job, run.new.caller, run.new.key) == (new.job, new.caller, new.key):
                return id_
        due = max(new.due_at, self.now)
        self.runs[new.id] = ModelRun(new, due, due <= self.now, max_attempts=new.max_attempts)
        return new.id

    def room(self) -> dict[str, int]:
        """How many more runs of each job may begin."""
        running = Counter(run.job for run in self.runs.values() if run.state == "running")
        return {job: 10**9 if cap is None else cap - running[job] for job, cap in LIMITS.items()}

    def waiting(self) -> list[ModelRun]:
        return [run for run in self.runs.values() if run.state == "queued" and run.ready]

    def check_claims(self, claims: Sequence[Claim], slots: int, quick: Iterable[str], depth: int) -> None:
        """Whether a ledger may have given these: what may begin, as much as may begin, the urgent first."""
        room, waiting = self.room(), self.waiting()
        by_job = Counter(run.job for run in waiting)
        heads = [claim for claim in claims if not claim.ahead]
        taken = Counter(claim.job for claim in claims)
        assert len({claim.id for claim in claims}) == len(claims)
        assert all(taken[job] <= room[job] for job in taken), "more runs of a job than its limit"
        assert len(heads) == min(slots, sum(min(n, room[job]) for job, n in by_job.items()))
        assert all(claim.job in quick for claim in claims if claim.ahead)
        assert len(claims) - len(heads) <= depth * sum(claim.job in quick for claim in heads)
        ids = {claim.id for claim in claims}
        for run in waiting:
            if run.new.id not in ids and taken[run.job] < room[run.job]:
                assert all(self.runs[claim.id].new.priority >= run.new.priority for claim in heads)

    def claim(self, claim: Claim, node: str) -> None:
        run = self.runs[claim.id]
        assert run.state == "queued"
        assert run.ready, "claimed before it was due"
        run.move("claim")
        run.attempt += 1
        run.ready, run.node, run.begun = False, node, not claim.ahead
        assert claim.attempt == run.attempt <= run.max_attempts == claim.max_attempts
        assert (claim.lost, claim.saved) == (run.lost, run.saved)

    def settle(self, outcome: Outcome) -> bool:
        """Whether the outcome is to be accepted; if so, it is made."""
        run = self.runs.get(outcome.id)
        if run is None or run.state != "running" or run.attempt != outcome.attempt:
            return False
        if run.stop and outcome.move != "cancel":
            run.move("cancel")
            return True
        run.move(outcome.move)
        if outcome.move == "succeed":
            run.result = outcome.result
        if run.state == "queued":
            run.max_attempts += outcome.move != "retry"
            run.lost += outcome.move == "lose"
            run.due_at = outcome.at if outcome.due_at is None else outcome.due_at
            run.ready = run.due_at <= outcome.at
        return True

    def note(self, note: Note) -> int | None:
        run = self.runs.get(note.id)
        if run is None or run.state != "running" or run.attempt != note.attempt:
            return None
        run.seq += note.progress is not None
        for *_, data in note.events:
            run.seq += 1
            run.events.append((run.seq, data))
        run.saved = note.saved or run.saved
        return run.seq

    def stop(self, run_id: str) -> None:
        run = self.runs[run_id]
        if run.state == "queued":
            run.move("withdraw")
            run.stop = "cancel"
        elif run.state == "running" and run.stop is None:
            run.seq += 1
            run.stop = "cancel"

    def promote(self) -> tuple[int, float | None]:
        """How many delayed runs become ready, and the time at which the next one is due."""
        delayed = [run for run in self.runs.values() if run.state == "queued" and not run.ready]
        for run in delayed:
            run.ready = run.due_at <= self.now
        later = [run.due_at for run in delayed if not run.ready]
        return len(delayed) - len(later), min(later, default=None)

    def sweep(self, alive: str) -> set[str]:
        """The runs of dead nodes, which go back or fail."""
        swept = {id_ for id_, run in self.runs.items() if run.state == "running" and run.node != alive}
        for id_ in swept:
            run = self.runs[id_]
            lost = "lose" if run.lost + 1 < run.new.lost_limit else "fail"
            facts = {"at": self.now, "queue": run.new.queue, "job": run.job}
            self.settle(Outcome(id=id_, attempt=run.attempt, move=lost if run.begun else "release", **facts))  # type: ignore[arg-type]
        return swept

    def prune(self, ended: Sequence[str]) -> None:
        for id_ in ended:
            del self.runs[id_]
