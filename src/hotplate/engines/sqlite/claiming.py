"""Which runs a node gets: priority first, then fair turns between callers, then age; never beyond a job's limit."""

from __future__ import annotations

import heapq
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping

from ...engine import Claim, Want
from ..moves import guard, moved
from .turns import come_to

Candidate = tuple[int, int, int, str]
"""What claims are ordered by: minus priority, turn, no; and the job."""


def claim(cx: sqlite3.Connection, want: Want, now: float) -> list[Claim]:
    """Take what is wanted, in the order in which it is to begin."""
    left = _left(cx)
    chosen = _choose(_candidates(cx, want, left), want, left)
    return [claim for ahead in (False, True) for claim in _take(cx, chosen[ahead], want, now, ahead)]


def _left(cx: sqlite3.Connection) -> dict[str, int]:
    """How many more runs of a job may go on, over all its lanes, where there is a limit."""
    rows = cx.execute("select job, max(max(cap) - sum(running), 0) from lanes where cap is not null group by job")
    return dict(rows.fetchall())


_READY = "select queue, job from runs where ready = 1 and"


def _lanes_ready(cx: sqlite3.Connection) -> Iterator[tuple[str, str]]:
    """The lanes in which a run is ready: one step in the index for each, however many runs wait in it."""
    queue, job = "", ""
    while True:
        # Two plain conditions: a comparison of pairs would go through all runs of the lane before.
        lane = cx.execute(f"{_READY} queue = ? and job > ? order by job limit 1", (queue, job)).fetchone()
        if lane is None:
            lane = cx.execute(f"{_READY} queue > ? order by queue, job limit 1", (queue,)).fetchone()
        if lane is None:
            return
        queue, job = lane
        yield queue, job


def _candidates(cx: sqlite3.Connection, want: Want, left: Mapping[str, int]) -> Iterator[Candidate]:
    """What may be claimed, best first: what others wait for, then by priority, by turn, by age."""
    yield from _awaited(cx, want)
    if want.only_first:
        return
    lanes = []
    most = want.slots * (1 + want.depth) + want.spare
    for queue, job in _lanes_ready(cx):
        if _is_wanted(want, queue, job):
            lanes.append(
                cx.execute(
                    "select -priority, turn, no, job from runs where ready = 1 and queue = ? and job = ? "
                    "order by priority desc, turn, no limit ?",
                    (queue, job, min(most, left.get(job, most))),
                ).fetchall()
            )
    yield from heapq.merge(*lanes)


def _awaited(cx: sqlite3.Connection, want: Want) -> Iterator[Candidate]:
    if not want.first:
        return
    marks = ", ".join("?" * len(want.first))
    ready = f"ready = 1 and id in ({marks}) order by priority desc, turn, no"
    rows = cx.execute(f"select queue, -priority, turn, no, job from runs where {ready}", [*want.first])
    for queue, *candidate in rows.fetchall():
        if _is_wanted(want, queue, candidate[3]):
            yield tuple(candidate)


def _is_wanted(want: Want, queue: str, job: str) -> bool:
    return job in want.jobs and (want.queues is None or queue in want.queues)


def _choose(candidates: Iterator[Candidate], want: Want, left: dict[str, int]) -> dict[bool, list[int]]:
    """The numbers of the runs to take, those that begin at once under False and those taken ahead under True."""
    chosen: dict[bool, list[int]] = {False: [], True: []}
    slots, spare = want.slots, want.spare
    for _, _, no, job in candidates:
        if left.get(job) == 0 or (want.first and no in chosen[False]):
            continue
        if slots:
            slots -= 1
            spare += want.depth if job in want.quick else 0
            chosen[False].append(no)
        elif spare and job in want.quick:
            spare -= 1
            chosen[True].append(no)
        else:
            continue
        if job in left:
            left[job] -= 1
        if not slots and not spare:
            break
    return chosen


_TAKEN = "id, attempt + 1, queue, job, params, max_attempts, lost, lost_limit, saved, caller, log_bytes, trace"


def _take(cx: sqlite3.Connection, nos: list[int], want: Want, now: float, ahead: bool) -> list[Claim]:
    if not nos:
        return []
    # Read, then written, in one transaction: RETURNING would build a table in memory for every statement.
    these = f"no in ({','.join(map(str, nos))}) and {guard('claim')}"
    rows = cx.execute(f"select no, turn, {_TAKEN} from runs where {these}").fetchall()
    cx.execute(
        "update runs set state = 'running', ready = 0, node = ?, started_at = ?, attempt = attempt + 1, "
        f"{moved('claim', attempt='(attempt + 1)')} where {these}",
        (want.node, None if ahead else now, now),
    )
    order = {no: at for at, no in enumerate(nos)}
    rows.sort(key=lambda row: order[row[0]])
    claims = [Claim(*row[2:], ahead) for row in rows]  # type: ignore[call-arg]  # counts the star as all of them
    for (queue, job), n in Counter((claim.queue, claim.job) for claim in claims).items():
        _fill_lane(cx, queue, job, n)
    by_turn = sorted((row[1], row[4]) for row in rows)
    come_to(cx, {queue: turn for turn, queue in by_turn})
    return claims


def _fill_lane(cx: sqlite3.Connection, queue: str, job: str, n: int) -> None:
    lane = cx.execute("update lanes set running = running + ? where queue = ? and job = ?", (n, queue, job))
    if not lane.rowcount:
        # The queue was named at the start of a run: its lane has the limit that the job has elsewhere.
        limit = "select ?, ?, max(cap), ? from lanes where job = ?"
        cx.execute(f"insert into lanes (queue, job, cap, running) {limit}", (queue, job, n, job))


def open_lane(cx: sqlite3.Connection, queue: str, job: str) -> None:
    """Make the lane of a queue and a job, if there is none yet."""
    cx.execute("insert into lanes (queue, job) values (?, ?) on conflict do nothing", (queue, job))
