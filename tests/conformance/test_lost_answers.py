"""A connection to PostgreSQL is lost when the server has done what it was asked for: whoever asks again, as a node
does, is answered as if it had been heard at once."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import TypeVar
from urllib.parse import urlsplit

import pytest

from hotplate.engine import Claim, Note
from hotplate.engines.postgres.database import Database
from hotplate.engines.postgres.files import PostgresFiles
from hotplate.errors import Unavailable
from hotplate.run import new_id
from tests.partition import Partition
from tests.servers import Kept, Postgres

from .conftest import Cluster
from .test_ledger import NODE, claim, enlist, new, outcome, start

ANSWERS = range(12)
"""More than any verb waits for: each of them is lost once."""

T = TypeVar("T")


class Lossy:
    """A record behind a connection of which answers can be lost."""

    def __init__(self, url: str, way: Partition) -> None:
        self._way = way
        self.engine = Cluster(url.replace(f":{urlsplit(url).port}/", f":{way.port}/"))
        self.ledger, self.files = self.engine.ledger(), self.engine.files()
        enlist(self.ledger)

    def losing(self, at: int, step: Callable[[], T]) -> T:
        """What `step` gives, which is done again until it is heard of; its answer number `at` is lost."""
        self._way.lose(at)
        while True:
            try:
                found = step()
            except Unavailable:
                continue
            self._way.lose(None)
            return found

    def claimed(self) -> Claim:
        start(self.ledger)
        (one,) = claim(self.ledger)
        return one

    def history(self, run_id: str) -> list[str]:
        ((moves,),) = self.engine.rows(f"select moves from runs where id = '{run_id}'")
        return [move for _, move, _, _ in json.loads(f"[{moves.rstrip(',')}]")]


@pytest.fixture
def lossy(record: str) -> Iterator[Lossy]:
    with Partition(urlsplit(record).port or 0) as way:
        lossy = Lossy(record, way)
        yield lossy
        lossy.engine.close()


def test_a_start_makes_one_run(lossy: Lossy) -> None:
    for at in ANSWERS:
        one, keyed = new(), new(key=str(at))
        runs = lossy.losing(at, lambda: lossy.ledger.start([one, keyed]))  # noqa: B023
        assert [run.id for run in runs] == [one.id, keyed.id]
    assert lossy.engine.rows("select count(*) from runs") == [(2 * len(ANSWERS),)]


def test_a_claim_gives_the_run_to_whoever_asks_again_uncharged(lossy: Lossy) -> None:
    for at in ANSWERS:
        (run,) = start(lossy.ledger)
        (one,) = lossy.losing(at, lambda: claim(lossy.ledger))
        (now,) = lossy.ledger.get([run.id])
        assert (one.id, one.attempt, now.state) == (run.id, now.attempt, "running")
        assert now.max_attempts == now.attempt
        assert claim(lossy.ledger) == []
        assert lossy.losing(99, lambda one=one: lossy.ledger.settle([outcome(one, "fail")], None))[0] == [True]  # type: ignore[misc]


@pytest.mark.parametrize("move", ["succeed", "fail", "retry", "release"])
def test_an_outcome_is_accepted_once(lossy: Lossy, move: str) -> None:
    for at in ANSWERS:
        one = lossy.claimed()
        ended = outcome(one, move, at=lossy.engine.clock.now, due_at=lossy.engine.clock.now + 1e6)
        assert lossy.losing(at, lambda: lossy.ledger.settle([ended], None))[0] == [True]  # noqa: B023
        assert lossy.history(one.id) == ["claim", move]
        assert lossy.ledger.settle([ended], None)[0] == [False], "it was heard of by then"


def test_an_outcome_after_a_request_to_stop_is_accepted_once(lossy: Lossy) -> None:
    for at in ANSWERS:
        one = lossy.claimed()
        lossy.losing(at, lambda: lossy.ledger.stop(one.id))  # noqa: B023
        assert lossy.losing(at, lambda: lossy.ledger.settle([outcome(one, "succeed")], None))[0] == [True]  # noqa: B023
        assert lossy.history(one.id) == ["claim", "cancel"]


def test_what_a_run_says_comes_once(lossy: Lossy) -> None:
    for at in ANSWERS:
        one, now = lossy.claimed(), lossy.engine.clock.now
        notes = [
            Note(id=new_id(), attempt=1, events=[("log", now, b"nobody")]),
            Note(id=one.id, attempt=1, progress=b'{"done":1}', events=[("partial", now, b"1"), ("partial", now, b"2")]),
        ]
        more = [*notes, Note(id=one.id, attempt=1, events=[("partial", now, b"3")])]
        if at % 2:
            assert lossy.losing(at, lambda: lossy.ledger.note(notes))[0] is None  # noqa: B023
            lossy.ledger.note(more[2:])
        else:  # as a node that has heard more meanwhile
            attempts = iter([notes])
            seqs = lossy.losing(at, lambda: lossy.ledger.note(next(attempts, more)))  # noqa: B023
            if len(seqs) == len(notes):
                lossy.ledger.note(more[2:])
        events = lossy.ledger.events(one.id, 0, 99)
        assert [event.data for event in events] == [b"1", b"2", b"3"]
        assert len({event.seq for event in events}) == 3


def test_an_attempt_that_goes_on_is_not_given_back(lossy: Lossy) -> None:
    ledger, other = lossy.ledger, lossy.engine.ledger()
    for at in ANSWERS:
        first = lossy.claimed()
        assert other.settle([outcome(first, "lose", at=lossy.engine.clock.now)], None)[0] == [True]
        (second,) = claim(ledger)
        assert ledger.settle([outcome(first, "succeed")], None)[0] == [False], "late"
        (another,) = start(ledger)
        (third,) = lossy.losing(at, lambda: claim(ledger))
        assert third.id == another.id
        assert set(ledger.held(NODE)) >= {(second.id, second.attempt), (third.id, third.attempt)}
        assert ledger.settle([outcome(one, "fail") for one in (second, third)], None)[0] == [True, True]


def test_a_file_is_kept_whole(lossy: Lossy) -> None:
    for at in ANSWERS:
        chunks = [b"a" * 1000, b"b" * 1000]
        kept = lossy.losing(at, lambda: lossy.files.keep("name", "text/plain", chunks, caller="ada", run_id=None))  # noqa: B023
        assert kept.size == 2000
        assert lossy.losing(at, lambda: b"".join(lossy.files.read(kept.id))) == b"".join(chunks)  # noqa: B023
    assert lossy.engine.rows("select count(*) from files") == [(len(ANSWERS),)]


@pytest.mark.parametrize("is_begun_on_disk", [False, True])
def test_a_file_of_which_a_crash_has_taken_a_part_is_refused(
    needed: Callable[[type[Kept]], None], is_begun_on_disk: bool
) -> None:
    needed(Postgres)
    with Postgres() as server, closing(Database(server.fresh())) as database:
        files = PostgresFiles(database)

        def chunks() -> Iterator[bytes]:
            yield b"a" * 1000
            if is_begun_on_disk:
                files.keep("other", "text/plain", [b"o"], caller="ada", run_id=None)
            yield b"b" * 1000
            server.crash()
            server.start()
            yield b"c" * 1000

        with pytest.raises(Unavailable, match="again"):
            files.keep("name", "text/plain", chunks(), caller="ada", run_id=None)
        assert database.read("select count(*) from hotplate.files where name = 'name'") == [(0,)]
        kept = files.keep("name", "text/plain", [b"a", b"b"], caller="ada", run_id=None)
        assert b"".join(files.read(kept.id)) == b"ab"
