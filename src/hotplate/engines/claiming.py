"""Which runs a node gets: priority first, then fair turns between callers, then age; never beyond a job's limit."""

from __future__ import annotations

import heapq
import sqlite3
from collections import Counter
from collections.abc import Iterator

from ..engine import Claim, Want
from .moves import guard

Candidate = tuple[int, int, int, str]
"""What claims are ordered by: minus priority, turn, no; and the job."""


def claim(cx: sqlite3.Connection, want: Want, now: float) -> list[Claim]:
    """Take what is wanted, in the order in which it is to begin."""
    chosen = _choose(_candidates(cx, want), want)
    claims = [claim for ahead in (False, True) for claim in _take(cx, chosen[ahead], want, now, ahead)]
    order = {no: at for at, no in enumerate(chosen[False] + chosen[True])}
    claims.sort(key=lambda pair: order[pair[0]])
    return [claim for _, claim in claims]


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


def _candidates(cx: sqlite3.Connection, want: Want) -> Iterator[Candidate]:
    """What may be claimed, best first: by priority, then by turn, then by age."""
    lanes = []
    most = want.slots * (1 + want.depth) + want.spare
    for queue, job in _lanes_ready(cx):
        if job in want.jobs and (want.queues is None or queue in want.queues):
            room = min(most, _room(cx, queue, job, most))
            lanes.append(
                cx.execute(
                    "select -priority, turn, no, job from runs where ready = 1 and queue = ? and job = ? "
                    "order by priority desc, turn, no limit ?",
                    (queue, job, room),
                ).fetchall()
            )
    return heapq.merge(*lanes)


def _room(cx: sqlite3.Connection, queue: str, job: str, most: int) -> int:
    row = cx.execute("select cap - running from lanes where queue = ? and job = ?", (queue, job)).fetchone()
    if row is None:
        # The queue was named at the start of a run: its lane has the limit that the job has elsewhere.
        open_lane(cx, queue, job)
        cx.execute(
            "update lanes set cap = (select max(l.cap) from lanes l where l.job = ?) where queue = ? and job = ?",
            (job, queue, job),
        )
        return _room(cx, queue, job, most)
    return most if row[0] is None else max(row[0], 0)


def _choose(candidates: Iterator[Candidate], want: Want) -> dict[bool, list[int]]:
    """The numbers of the runs to take, those that begin at once under False and those taken ahead under True."""
    chosen: dict[bool, list[int]] = {False: [], True: []}
    slots, spare = want.slots, want.spare
    for _, _, no, job in candidates:
        if slots:
            slots -= 1
            spare += want.depth if job in want.quick else 0
            chosen[False].append(no)
        elif spare and job in want.quick:
            spare -= 1
            chosen[True].append(no)
        if not slots and not spare:
            break
    return chosen


def _take(cx: sqlite3.Connection, nos: list[int], want: Want, now: float, ahead: bool) -> list[tuple[int, Claim]]:
    if not nos:
        return []
    rows = cx.execute(
        "update runs set state = 'running', ready = 0, node = ?, started_at = ?, attempt = attempt + 1, seq = seq + 1, "
        "moves = moves || '[' || (seq + 1) || ',\"claim\",' || ? || ',' || (attempt + 1) || '],' "
        f"where no in ({','.join(map(str, nos))}) and {guard('claim')} "
        "returning no, id, attempt, job, params, max_attempts, lost, lost_limit, saved, caller, log_bytes, queue, turn",
        (want.node, None if ahead else now, now),
    ).fetchall()
    for (queue, job), n in Counter((row[11], row[3]) for row in rows).items():
        cx.execute("update lanes set running = running + ? where queue = ? and job = ?", (n, queue, job))
    turns = {queue: max(row[12] for row in rows if row[11] == queue) for queue in {row[11] for row in rows}}
    for queue, turn in turns.items():
        cx.execute(
            "insert into queues values (?, ?) on conflict (queue) do update set turn = max(turn, excluded.turn)",
            (queue, turn),
        )
    return [(row[0], Claim(*row[1:11], ahead)) for row in rows]  # type: ignore[call-arg]  # counts the star as 11


def open_lane(cx: sqlite3.Connection, queue: str, job: str) -> None:
    """Make the lane of a queue and a job, if there is none yet."""
    cx.execute("insert into lanes (queue, job) values (?, ?) on conflict do nothing", (queue, job))
