"""Fair turns between callers, as in sqlite/turns.py, without a row on which all starts would wait for each other.

Whoever finds a caller's row locked leaves it: the turns that a process has handed out it also remembers by itself.
Where several processes start runs of one caller at the same moment, these may get the same turns, and come a little
sooner than is fair.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable, Sequence

REMEMBERED = 10_000

TURN = """
    greatest(
        n_turn,
        (select turn + 1 from hotplate.turns where queue = n_queue and caller = n_caller),
        (select turn from hotplate.turns where queue = n_queue and caller = '')
    ) + n_place
"""
"""The turn of a new run: after its caller's last one, and not before the turn that the queue has come to."""

KEEP = """
    kept as (
        insert into hotplate.turns
        select queue, caller, max(turn) from added group by queue, caller
        having not exists (select from hotplate.turns t where t.queue = added.queue and t.caller = added.caller)
        union all
        select distinct queue, '', 0 from added
        where not exists (select from hotplate.turns t where t.queue = added.queue and t.caller = '')
        on conflict do nothing
    ), raised as (
        update hotplate.turns t set turn = free.last
        from (
            select found.*, last
            from (select queue, caller, max(turn) as last from added group by queue, caller) as new,
            lateral (
                select queue, caller from hotplate.turns t
                where t.queue = new.queue and t.caller = new.caller and turn < last for update skip locked
            ) as found
        ) as free
        where t.queue = free.queue and t.caller = free.caller
    )
"""
"""Puts the last turns of the runs in `added` on record."""

KEEP_THESE = f"""
    with added as (select * from unnest(%s::text[], %s::text[], %s::bigint[]) as a (queue, caller, turn)), {KEEP}
    select
""".encode()
"""Puts turns on record that were handed out in a transaction of somebody else's, where no row is to be locked."""

COME_TO = """
    come_to as (
        update hotplate.turns t set turn = free.last
        from (
            select found.queue, last from (select queue, max(turn) as last from taken group by queue) as now,
            lateral (
                select queue from hotplate.turns t
                where t.queue = now.queue and t.caller = '' and turn < last for update skip locked
            ) as found
        ) as free
        where t.queue = free.queue and t.caller = ''
    )
"""
"""Notes to which turns the queues of the runs in `taken` have come."""


class Turns:
    """The last turns that this process has handed out, by queue and caller."""

    def __init__(self) -> None:
        self._last: OrderedDict[tuple[str, str], int] = OrderedDict()

    def places(self, whose: Sequence[tuple[str, str]]) -> tuple[list[int], list[int]]:
        """For each new run the least turn that its caller's first one may have, and its place after that one."""
        seen: Counter[tuple[str, str]] = Counter()
        places = []
        for one in whose:
            places.append(seen[one])
            seen[one] += 1
        return [self._last.get(one, -1) + 1 for one in whose], places

    def remember(self, given: Iterable[tuple[str, str, int]]) -> None:
        for queue, caller, turn in given:
            self._last[queue, caller] = max(turn, self._last.get((queue, caller), -1))
            self._last.move_to_end((queue, caller))
        while len(self._last) > REMEMBERED:
            self._last.popitem(last=False)
