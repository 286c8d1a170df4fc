"""Lanes: how many runs of a job with a limit go on. They are always locked in the same order."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from psycopg import Connection

Cx = Connection[Any]

_LIMITS = b"""
    select job, cap, running from hotplate.lanes where cap is not null and job = any(%s) order by queue, job for update
"""
_RECOUNT = b"""
    update hotplate.lanes set running = counted.n
    from (
        select queue as c_queue, job as c_job, (
            select count(*) from hotplate.runs r
            where r.state = 'running' and r.queue = lane.queue and r.job = lane.job) as n
        from hotplate.lanes lane where cap is not null and job = any(%s)
    ) as counted
    where queue = c_queue and job = c_job and running <> counted.n
"""


def left(cx: Cx, jobs: set[str]) -> dict[str, int]:
    """How many more runs of jobs with a limit may go on, over all their lanes; until the commit nobody changes that."""
    if not jobs:
        return {}
    lanes: dict[str, list[tuple[int, int]]] = {}
    for job, cap, running in cx.execute(_LIMITS, (sorted(jobs),)):
        lanes.setdefault(job, []).append((cap, running))
    return {job: max(max(cap for cap, _ in of) - sum(n for _, n in of), 0) for job, of in lanes.items()}


def fill(cx: Cx, taken: Mapping[tuple[str, str], int]) -> None:
    """Count what more goes on in lanes of jobs with a limit."""
    for (queue, job), n in sorted(taken.items()):
        lane = cx.execute(
            b"update hotplate.lanes set running = running + %s where queue = %s and job = %s", (n, queue, job)
        )
        if not lane.rowcount:
            # The queue was named at the start of a run: its lane has the limit that the job has elsewhere.
            cx.execute(
                b"insert into hotplate.lanes (queue, job, cap, running) "
                b"select %s, %s, max(cap), %s from hotplate.lanes where job = %s",
                (queue, job, n, job),
            )


LEAVE = """
    left_ as (
        update hotplate.lanes l set running = greatest(running - n, 0)
        from (
            select lane.queue, lane.job, n
            from (select queue, job, count(*)::int as n from made group by queue, job) as ended
            join hotplate.lanes lane on lane.queue = ended.queue and lane.job = ended.job
            where cap is not null order by lane.queue, lane.job for update of lane
        ) as locked
        where l.queue = locked.queue and l.job = locked.job
    )
"""
"""Counts the runs in `made`, which no longer go on, out of their lanes."""


def recount(cx: Cx, jobs: Collection[str]) -> None:
    """Count anew what is running of jobs with a limit, while nobody claims or leaves."""
    cx.execute(_LIMITS, (sorted(jobs),))
    cx.execute(_RECOUNT, (sorted(jobs),))
