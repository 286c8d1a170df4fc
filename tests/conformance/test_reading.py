"""How many rows PostgreSQL reads for a verb: as few before a long backlog, and beside many ended runs, as elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import psycopg
import pytest

from hotplate.engine import FURTHEST_PLACE, Ledger
from hotplate.engines.postgres.database import Database
from hotplate.engines.postgres.ledger import PRUNING, PostgresLedger
from hotplate.filter import Filter
from hotplate.options import Known
from tests.processes import until
from tests.servers import Postgres

from .test_ledger import NODE, claim, enlist, new, outcome, start

ROWS, TIMES, FEW = 20_000, 20, 50
FILL = """
    insert into hotplate.runs (id, job, queue, priority, turn, caller, state, ready, max_attempts, lost_limit,
        created_at, due_at, finished_at, params)
    select gen_random_uuid()::text, 'add', 'default', 0, n, 'anonymous', %s, %s = 'queued', 1, 3, n, n,
        case when %s = 'succeeded' then n end, '' from generate_series(1, %s) n
"""
DELAYED = "from hotplate.runs where state = 'queued' and not ready"
OPEN = "select 1 from pg_stat_activity where datname = current_database() and application_name = 'hotplate'"
READ = """
    select (select sum(idx_tup_read) from pg_stat_user_indexes where relname = 'runs') + seq_tup_read
    from pg_stat_user_tables where relname = 'runs'
"""


class Watched:
    """A record, and how many rows of its runs have been read."""

    def __init__(self, url: str) -> None:
        self._url = url
        with closing(self.ledger()):
            self.eye = psycopg.connect(url, autocommit=True)

    def ledger(self) -> Ledger:
        return PostgresLedger(Database(self._url))

    def fill(self, state: str) -> None:
        self.eye.execute("truncate hotplate.runs, hotplate.nodes, hotplate.turns cascade")
        self.eye.execute(FILL, (state, state, state, ROWS))
        self.eye.execute("vacuum analyze hotplate.runs")
        with closing(self.ledger()) as ledger:
            enlist(ledger)

    def read(self, act: Callable[[Ledger], object]) -> float:
        """Rows that are read on average when something is done many times, from a connection of its own."""

        def act_often(ledger: Ledger) -> None:
            for _ in range(TIMES):
                act(ledger)

        return self.read_once(act_often) / TIMES

    def read_once(self, act: Callable[[Ledger], object]) -> int:
        before = self._read()
        with closing(self.ledger()) as ledger:
            act(ledger)
        return self._read() - before

    def _read(self) -> int:
        # a connection has told all it has read when it has ended
        until(lambda: not self._rows(OPEN), "the end of the ledger's connections")
        return int(self._rows(READ)[0][0])

    def _rows(self, sql: str) -> list[Any]:
        return self.eye.execute(sql.encode()).fetchall()


@pytest.fixture(scope="module")
def watched(postgres: Postgres) -> Iterator[Watched]:
    watched = Watched(postgres.fresh())
    with closing(watched.eye):
        yield watched


def run_one(ledger: Ledger) -> None:
    start(ledger)
    assert ledger.settle([outcome(one, "succeed") for one in claim(ledger)], None)[0] == [True]


@pytest.mark.parametrize("state", ["queued", "succeeded"])
def test_a_run_comes_and_goes(watched: Watched, state: str) -> None:
    watched.fill(state)
    assert watched.read(run_one) < FEW


def test_a_run_comes_and_goes_in_a_record_that_was_new_just_now(postgres: Postgres) -> None:
    watched = Watched(postgres.fresh())

    def run_while_it_grows(ledger: Ledger) -> None:
        enlist(ledger)
        for _ in range(TIMES):
            run_one(ledger)
        watched.eye.execute(FILL, ("succeeded",) * 3 + (ROWS,))
        ledger.sweep()
        for _ in range(TIMES):
            run_one(ledger)

    with closing(watched.eye):
        assert watched.read_once(run_while_it_grows) < FEW * 2 * TIMES


def test_what_was_delayed_becomes_ready(watched: Watched) -> None:
    watched.fill("queued")
    with closing(watched.ledger()) as ledger:
        start(ledger, *(new(due_at=time.time() + 3600) for _ in range(TIMES)))

    def make_due_and_promote(ledger: Ledger) -> None:
        watched.eye.execute(f"update hotplate.runs set due_at = 1 where no = (select min(no) {DELAYED})".encode())
        assert ledger.promote()[0] == 1

    assert watched.read(make_due_and_promote) < FEW


def test_a_step_of_pruning_reads_what_it_removes(watched: Watched) -> None:
    watched.fill("succeeded")
    step = 100
    assert watched.read(lambda ledger: ledger.prune(1e9, step)) < FEW * step


def test_of_all_nodes_one_prunes_at_a_time(watched: Watched) -> None:
    watched.fill("succeeded")
    with closing(watched.ledger()) as ledger:
        with watched.eye.transaction():
            watched.eye.execute("select pg_advisory_xact_lock(%s)", (PRUNING,))
            assert ledger.prune(1e9, 10) == 0
        assert ledger.prune(1e9, 10) == 10


@pytest.mark.parametrize("which", [Filter(), Filter(job="add"), Filter(caller="anonymous"), Filter(states=["failed"])])
@pytest.mark.parametrize("state", ["queued", "succeeded"])
def test_a_page_is_read_by_itself(watched: Watched, state: str, which: Filter) -> None:
    watched.fill(state)
    assert watched.read(lambda ledger: ledger.page(which)) < FEW + which.limit


@pytest.mark.parametrize("job", ["add", "sub"])
def test_the_place_of_a_run_is_counted_up_to_a_limit(watched: Watched, job: str) -> None:
    watched.fill("queued")
    with closing(watched.ledger()) as ledger:
        enlist(ledger, NODE, Known(name="add"), Known(name="sub"))
        (last,) = start(ledger, new(job, priority=-1))
        assert ledger.place(last.id) == FURTHEST_PLACE
    assert watched.read(lambda ledger: ledger.place(last.id)) < FEW + FURTHEST_PLACE
