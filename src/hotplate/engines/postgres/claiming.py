"""Which runs a node gets: as in sqlite/claiming.py, but many nodes take at the same time.

First it is read, without locks, what would be best to take; then so many rows of each lane are taken as were chosen of
it, passing over those that others are taking (SKIP LOCKED). Whoever was outrun looks again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from ...engine import Claim, Want
from ..moves import guard, moved
from . import lanes
from .database import Database
from .turns import COME_TO

TRIES = 4
"""How often a node looks again, when others were quicker."""

_LANES = """
    with recursive lane as (
        (select queue, job from hotplate.runs where ready order by queue, job limit 1)
        union all
        select next.* from lane, lateral (
            select queue, job from hotplate.runs where ready and (queue, job) > (lane.queue, lane.job)
            order by queue, job limit 1) as next
    )
"""
_HAS_LIMIT = "exists (select from hotplate.lanes l where l.job = {0}.job and cap is not null)"
_CANDIDATES = (
    _LANES
    + f"""
    select false, best.*, {_HAS_LIMIT.format("lane")} from lane, lateral (
        select priority, turn, no, queue, job from hotplate.runs
        where ready and queue = lane.queue and job = lane.job order by priority desc, turn, no limit %(most)s
    ) as best
    where lane.job = any(%(jobs)s) and (%(queues)s::text[] is null or lane.queue = any(%(queues)s))
    order by priority desc, turn, no
"""
).encode()
_AWAITED = f"""
    select true, priority, turn, no, queue, job, {_HAS_LIMIT.format("runs")} from hotplate.runs
    where ready and id = any(%(first)s::text[]) and job = any(%(jobs)s)
        and (%(queues)s::text[] is null or queue = any(%(queues)s))
    order by priority desc, turn, no
""".encode()
# PostgreSQL does not know the limit, believes a tenth of the backlog to be chosen, and would read all of it in order to
# join that; `any(array(...))` it takes for a few.
_TAKE = f"""
    with chosen as materialized (
        select no,
            row_number() over (partition by l_queue, l_job order by priority desc, turn, no) > l_now as is_ahead
        from unnest(%(queue)s::text[], %(job)s::text[], %(n)s::int[], %(begun)s::int[])
            as l (l_queue, l_job, l_n, l_now),
        lateral (
            select no, priority, turn from hotplate.runs
            where ready and queue = l_queue and job = l_job and no <> all(%(nos)s::bigint[])
            order by priority desc, turn, no limit l_n for update skip locked
        ) as free
        union all
        select no, l_ahead
        from unnest(%(nos)s::bigint[], %(nos_ahead)s::boolean[]) as l (l_no, l_ahead),
        lateral (select no from hotplate.runs where no = l_no and ready for update skip locked) as free
    ), taken as (update hotplate.runs r set state = 'running', ready = false, node = %(node)s,
        started_at = case when is_ahead then null else %(now)s end, attempt = attempt + 1,
        {moved("claim", at="%(now)s", attempt="(attempt + 1)")}
    from chosen, (select set_config('synchronous_commit', %(flush)s, true) as is_set) as mode
    where r.no = any(array(select no from chosen)) and r.no = chosen.no and is_set is not null and {guard("claim")}
    returning is_ahead, priority, turn, r.no, r.id, r.attempt, queue, job, params, max_attempts, lost, lost_limit,
        saved, caller, log_bytes, trace
    ), {COME_TO}
    select * from taken
""".encode()

Candidate = tuple[bool, int, int, int, str, str, bool]
"""Whether others wait for it, priority, turn, no, queue, job, and whether the job has a limit."""


class Chosen:
    """What to take: of the awaited runs by number, of others so many of each lane; some to begin after another one."""

    def __init__(self) -> None:
        self.awaited: dict[int, bool] = {}
        self.lanes: dict[tuple[str, str], list[int]] = {}

    def add(self, candidate: Candidate, *, ahead: bool) -> None:
        is_awaited, _, _, no, queue, job, _ = candidate
        if is_awaited:
            self.awaited[no] = ahead
        else:
            self.lanes.setdefault((queue, job), [0, 0])[ahead] += 1

    @property
    def some(self) -> bool:
        return bool(self.lanes or self.awaited)

    def sorted(self, taken: Iterable[Any]) -> list[Any]:
        """What was taken, in the order in which it is to begin."""
        place = {no: at for at, no in enumerate(self.awaited)}
        return sorted(taken, key=lambda row: (row[0], place.get(row[3], len(place)), -row[1], row[2], row[3]))

    def missed(self, taken: Sequence[Any]) -> tuple[int, int]:
        """How many others took before us: of those to begin at once, and of those to be taken ahead."""
        begun = sum(lane[0] for lane in self.lanes.values()) + sum(not ahead for ahead in self.awaited.values())
        ahead = sum(lane[1] for lane in self.lanes.values()) + sum(self.awaited.values())
        got = sum(bool(row[0]) for row in taken)
        return begun - (len(taken) - got), ahead - got


def claim(database: Database, want: Want, now: float) -> list[Claim]:
    """Take what is wanted, in the order in which it is to begin."""
    claims: list[Claim] = []
    slots, spare = want.slots, want.spare
    for _ in range(TRIES):
        candidates = _candidates(database, want, slots * (1 + want.depth) + spare)
        limited = {candidate[5] for candidate in candidates if candidate[6]}
        if limited:
            with database.write(durable=want.durable) as cx:
                chosen, slots, spare = _choose(candidates, want, lanes.left(cx, limited), slots, spare)
                taken = cx.execute(_TAKE, _values(chosen, want, now)).fetchall() if chosen.some else []
                lanes.fill(cx, Counter((row[6], row[7]) for row in taken if row[7] in limited))
        else:
            chosen, slots, spare = _choose(candidates, want, {}, slots, spare)
            taken = database.run(_TAKE, _values(chosen, want, now)) if chosen.some else []
        claims += [Claim(*row[4:], row[0]) for row in chosen.sorted(taken)]  # type: ignore[call-arg]  # counts the star
        missed = chosen.missed(taken)
        if not any(missed):
            break
        slots, spare = slots + missed[0], spare + missed[1]
    claims.sort(key=lambda one: one.ahead)
    return claims


def _candidates(database: Database, want: Want, most: int) -> list[Candidate]:
    """What may be claimed, best first: what others wait for, then by priority, by turn, by age."""
    values = {
        "most": most,
        "jobs": list(want.jobs),
        "queues": None if want.queues is None else list(want.queues),
        "first": list(want.first),
    }
    rows: list[Any] = database.run(_AWAITED, values) if want.first else []
    if not want.only_first:
        seen = {row[3] for row in rows}
        rows += [row for row in database.run(_CANDIDATES, values) if row[3] not in seen]
    return rows


def _choose(
    candidates: Iterable[Candidate], want: Want, left: dict[str, int], slots: int, spare: int
) -> tuple[Chosen, int, int]:
    """What to take, and how many slots and spare places are left then."""
    chosen = Chosen()
    for candidate in candidates:
        job = candidate[5]
        if left.get(job) == 0:
            continue
        if slots:
            slots -= 1
            spare += want.depth if job in want.quick else 0
            chosen.add(candidate, ahead=False)
        elif spare and job in want.quick:
            spare -= 1
            chosen.add(candidate, ahead=True)
        else:
            continue
        if job in left:
            left[job] -= 1
        if not slots and not spare:
            break
    return chosen, slots, spare


def _values(chosen: Chosen, want: Want, now: float) -> dict[str, Any]:
    return {
        "node": want.node,
        "now": now,
        "flush": "on" if want.durable else "off",
        "queue": [queue for queue, _ in chosen.lanes],
        "job": [job for _, job in chosen.lanes],
        "n": [sum(lane) for lane in chosen.lanes.values()],
        "begun": [lane[0] for lane in chosen.lanes.values()],
        "nos": list(chosen.awaited),
        "nos_ahead": list(chosen.awaited.values()),
    }
