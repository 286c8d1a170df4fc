"""What every record of links to runs does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from hotplate.engine import Ledger, Outcome, Want
from hotplate.run import NewRun
from hotplate.share import MOST, Shares, hashed, new_token

from .conftest import Implementation


@pytest.fixture
def shares(engine: Implementation) -> Shares:
    return engine.shares()


def started(ledger: Ledger, *ids: str) -> None:
    ledger.start([NewRun(id=id_, job="job", params=b"{}") for id_ in ids])


def ended(ledger: Ledger, id_: str, at: float) -> None:
    (claim,) = ledger.settle([], Want(node="n", jobs=["job"], slots=1))[1]
    assert claim.id == id_
    ledger.settle([Outcome(id=id_, attempt=1, move="succeed", at=at, queue="default", job="job", result=b"1")], None)


def test_a_link_leads_to_its_run(engine: Implementation, ledger: Ledger, shares: Shares) -> None:
    started(ledger, "a", "b")
    assert [shares.add(*link) for link in (("1", "a", "ada"), ("2", "a", "bob"), ("3", "b", "ada"))] == [True] * 3
    assert shares.find(["1", "2", "3", "4"]) == {"1": "a", "2": "a", "3": "b"}
    assert shares.find(["4"]) == shares.find([]) == {}
    assert engine.shares().find(["3"]) == {"3": "b"}
    rows = engine.rows("select hash, run_id, caller, created_at from shares order by hash")
    assert [tuple(row) for row in rows][:2] == [
        ("1", "a", "ada", engine.clock.now),
        ("2", "a", "bob", engine.clock.now),
    ]


def test_there_is_none_to_a_run_that_there_is_not(shares: Shares) -> None:
    assert not shares.add("1", "nobody", "ada")
    assert shares.find(["1"]) == {}


def test_all_links_to_a_run_are_taken_back_at_once(ledger: Ledger, shares: Shares) -> None:
    started(ledger, "a", "b")
    for link in (("1", "a", "ada"), ("2", "a", "bob"), ("3", "b", "ada")):
        shares.add(*link)
    shares.remove("a")
    shares.remove("a")
    assert shares.find(["1", "2", "3"]) == {"3": "b"}


def test_they_are_deleted_with_their_run(engine: Implementation, ledger: Ledger, shares: Shares) -> None:
    started(ledger, "a")
    ended(ledger, "a", engine.clock.now)
    shares.add("1", "a", "ada")
    engine.clock.now += 100
    started(ledger, "b")
    shares.add("2", "b", "ada")
    assert ledger.prune(engine.clock.now, 10) == 1
    assert shares.find(["1", "2"]) == {"2": "b"}
    assert [tuple(row) for row in engine.rows("select hash from shares")] == [("2",)]


def test_there_are_only_so_many_to_a_run(ledger: Ledger, shares: Shares) -> None:
    started(ledger, "a", "b")
    assert all(shares.add(f"a{n}", "a", "ada") for n in range(MOST))
    assert not shares.add("more", "a", "ada")
    assert shares.add("other", "b", "ada")


def test_many_share_a_run_at_once(engine: Implementation, ledger: Ledger) -> None:
    started(ledger, "a")
    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(lambda n: engine.shares().add(f"{n}", "a", "ada"), range(24)))
    assert len(engine.shares().find([f"{n}" for n in range(24)])) == 24


def test_a_token_is_long_random_and_kept_as_its_hash() -> None:
    tokens = {new_token() for _ in range(1000)}
    assert len(tokens) == 1000
    assert {len(token) for token in tokens} == {32}
    assert hashed("token") == "3c469e9d6c5875d37a43f353d4f88e61fcf812c66eee3457465a40b0da4153e0"
