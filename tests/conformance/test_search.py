"""How runs are found, sorted, counted and placed in their queue."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import permutations
from typing import Any

import pytest

from hotplate.engine import FURTHEST_PLACE, Ledger
from hotplate.filter import Filter
from hotplate.options import Known
from hotplate.run import NewRun, new_id

from .conftest import Clock, Implementation
from .test_ledger import NODE, claim, enlist, new, outcome, settle, start

SORTS = ("created", "finished", "duration")


def found(ledger: Ledger, **which: Any) -> list[str]:
    return [run.id for run in ledger.page(Filter(**which))[0]]


@pytest.fixture
def of_each_state(ledger: Ledger, clock: Clock) -> dict[str, str]:
    """One run of each state, begun one after the other, of which `delayed` is one that is queued; 10 s apart."""
    enlist(ledger)
    ids = {}
    for move, state in (("succeed", "succeeded"), ("fail", "failed"), ("cancel", "cancelled"), (None, "running")):
        clock.now += 10
        (run,) = start(ledger)
        ids[state] = run.id
        (got,) = claim(ledger)
        if move:
            settle(ledger, outcome(got, move, at=clock.now + 1))
    clock.now += 10
    ids["queued"], ids["delayed"] = (run.id for run in start(ledger, new(), new(due_at=clock.now + 60)))
    return ids


def test_runs_are_found_by_one_state_or_several(ledger: Ledger, of_each_state: dict[str, str]) -> None:
    ids = of_each_state
    of = {state: {ids[state]} for state in ("running", "succeeded", "failed", "cancelled")}
    of["queued"] = {ids["queued"], ids["delayed"]}
    for state, those in of.items():
        assert set(found(ledger, states=[state])) == those
    for one, other in permutations(of, 2):
        both = [id_ for id_ in reversed(ids.values()) if id_ in of[one] | of[other]]
        assert found(ledger, states=[one, other]) == both
    assert found(ledger, states=[*of]) == [*reversed(ids.values())]


def test_runs_are_found_by_when_they_were_created(ledger: Ledger, clock: Clock, of_each_state: dict[str, str]) -> None:
    ids = [*of_each_state.values()]
    began = clock.now - 40
    assert found(ledger, since=began + 10, until=began + 30) == [ids[2], ids[1]], "from one moment, up to another one"
    assert found(ledger, since=clock.now) == [ids[5], ids[4]]
    assert found(ledger, until=began) == []


@pytest.fixture
def texts(ledger: Ledger) -> dict[str, str]:
    """Runs by what is special about them."""
    enlist(ledger, NODE, Known(name="add"), Known(name="Shop.weigh"))
    params = {
        "plain": b'{"customer": "Ada Lovelace"}',
        "percent": b'["100% of a_b"]',
        "quoted": rb'["say \"hi\" to C:\\temp"]',
        "umlaut": '["Äpfel"]'.encode(),
        "escaped": rb'["\u00c4pfel"]',
    }
    runs = {what: NewRun(id=new_id(), job="add", params=said) for what, said in params.items()}
    runs |= {"key": new(key="Invoice 7"), "job": new("Shop.weigh"), "failed": new("fail")}
    start(ledger, *runs.values())
    (got,) = claim(ledger, jobs=["fail"])
    settle(ledger, outcome(got, "fail", error=b'{"code":-32010,"message":"Out of coal","data":{"error_id":"0f3c"}}'))
    return {what: run.id for what, run in runs.items()}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("lovelace", ["plain"]),
        ("CUSTOMER", ["plain"]),
        ("0%", ["percent"]),
        ("100 of", []),
        ("%", ["percent"]),
        ("a_b", ["percent"]),
        ("o_e", []),
        ('"HI"', ["quoted"]),
        (r"c:\t", ["quoted"]),
        ("äpfel", ["umlaut", "escaped"]),
        ("Äpf", ["umlaut", "escaped"]),
        ("invoice", ["key"]),
        ("shop.", ["job"]),
        ("out of COAL", ["failed"]),
        ("0f3c", ["failed"]),
        ("message", []),
        ("", ["plain", "percent", "quoted", "umlaut", "escaped", "key", "job", "failed"]),
    ],
)
def test_runs_are_found_by_a_part_of_what_they_have(
    ledger: Ledger, texts: dict[str, str], text: str, what: Sequence[str]
) -> None:
    # ids are random, and some of them have the texts of digits in them
    names = {id_: name for name, id_ in texts.items()}
    assert sorted(names[id_] for id_ in found(ledger, text=text) if not text or text not in id_) == sorted(what)
    assert sum(ledger.count(Filter(text=text)).values()) == len(found(ledger, text=text))


def test_runs_are_found_by_a_part_of_their_id(ledger: Ledger, texts: dict[str, str]) -> None:
    wanted = texts["plain"]
    assert found(ledger, text=wanted[4:30].upper()) == [wanted]


@pytest.fixture
def timed(ledger: Ledger, clock: Clock) -> dict[str, str]:
    """Runs in the order in which they were created, by their sums: when they ended, and how many seconds they took."""
    enlist(ledger)
    ids = {}
    for ended, seconds in ((50, 9), (70, 30), (60, 1), (None, None), (60, 5)):
        (run,) = start(ledger)
        ids[f"{ended} {seconds}"] = run.id
        if ended is not None and seconds is not None:
            (got,) = claim(ledger)
            ended_at = clock.now + ended
            settle(ledger, outcome(got, "succeed", at=ended_at, begun_at=ended_at - seconds, result=b"1"))
        else:
            ledger.stop(run.id)  # it has ended now, and took no time since it was never begun
    return ids


ORDERS = {
    "created": ["50 9", "70 30", "60 1", "None None", "60 5"],
    "finished": ["None None", "50 9", "60 1", "60 5", "70 30"],
    "duration": ["60 1", "60 5", "50 9", "70 30", "None None"],
    "-duration": ["70 30", "50 9", "60 5", "60 1", "None None"],
}


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_runs_are_sorted(ledger: Ledger, timed: dict[str, str], sort: str) -> None:
    order = ORDERS.get(sort) or [*reversed(ORDERS[sort[1:]])]
    assert found(ledger, sort=sort) == [timed[name] for name in order]


@pytest.mark.parametrize("sort", ["finished", "-finished"])
def test_runs_that_have_not_ended_come_last(ledger: Ledger, timed: dict[str, str], sort: str) -> None:
    (waiting,) = start(ledger)
    assert found(ledger, sort=sort)[-1] == waiting.id


@pytest.mark.parametrize("sort", [*SORTS, *(f"-{sort}" for sort in SORTS)])
def test_pages_follow_each_other_by_skipping(ledger: Ledger, timed: dict[str, str], sort: str) -> None:
    pages = [found(ledger, sort=sort, skip=skip, limit=2) for skip in (0, 2, 4, 6)]
    assert [len(page) for page in pages] == [2, 2, 1, 0]
    assert [id_ for page in pages for id_ in page] == found(ledger, sort=sort)


def pages(ledger: Ledger, **which: Any) -> Iterator[list[str]]:
    before = None
    while True:
        runs, before = ledger.page(Filter(**which, before=before))
        yield [run.id for run in runs]
        if before is None:
            return


@pytest.mark.parametrize("sort", ["created", "-created"])
def test_pages_by_creation_follow_each_other_by_what_they_say(ledger: Ledger, sort: str) -> None:
    start(ledger, *[new() for _ in range(5)])
    assert [id_ for page in pages(ledger, sort=sort, limit=2) for id_ in page] == found(ledger, sort=sort)
    assert ledger.page(Filter(sort="-finished", limit=2))[1] is None
    assert ledger.page(Filter(sort=sort, skip=3, limit=2))[1] is None, "there is no page after the last"


def test_runs_are_counted_by_state(ledger: Ledger, of_each_state: dict[str, str]) -> None:
    each = {"queued": 2, "running": 1, "succeeded": 1, "failed": 1, "cancelled": 1}
    assert ledger.count(Filter()) == each
    assert ledger.count(Filter(caller="anonymous")) == each
    assert ledger.count(Filter(job="sub")) == {}
    assert ledger.count(Filter(text=of_each_state["failed"])) == {"failed": 1}
    assert ledger.count(Filter(limit=1, skip=3, before=1)) == each, "of a page nothing counts"


def test_an_empty_record_has_no_runs_in_any_state(ledger: Ledger) -> None:
    assert set(ledger.count(Filter()).values()) == {0}


class TestPlaces:
    def test_they_are_in_the_order_in_which_runs_are_claimed(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add"), Known(name="sub"))
        ids = [
            run.id
            for run in start(
                ledger,
                *(new(caller="ada") for _ in range(3)),
                new("sub", caller="bob"),
                new("sub", caller="bob", priority=5),
                new(caller="cyd", priority=-1),
            )
        ]
        places = {ledger.place(id_): id_ for id_ in ids}
        assert sorted(place for place in places if place) == [1, 2, 3, 4, 5, 6]
        claimed = [claim(ledger, jobs=["add", "sub"])[0].id for _ in ids]
        assert claimed == [places[place] for place in range(1, 7)]

    def test_runs_that_no_worker_could_take_have_none(self, ledger: Ledger, of_each_state: dict[str, str]) -> None:
        of = {state: ledger.place(id_) for state, id_ in of_each_state.items()}
        assert of == {**dict.fromkeys(of), "queued": 1}
        assert ledger.place(new_id()) is None

    def test_other_queues_do_not_count(self, ledger: Ledger) -> None:
        enlist(ledger)
        start(ledger, *(new(queue="heavy") for _ in range(3)))
        assert ledger.place(start(ledger)[0].id) == 1

    def test_jobs_that_cannot_begin_do_not_count(self, ledger: Ledger) -> None:
        enlist(ledger, NODE, Known(name="add"), Known(name="one", concurrency=1))
        start(ledger, *(new("one") for _ in range(3)), *(new("unknown") for _ in range(3)))
        (run,) = start(ledger)
        assert ledger.place(run.id) == 4
        claim(ledger, jobs=["one"])
        assert ledger.place(run.id) == 1
        (full,) = start(ledger, new("one"))
        assert ledger.place(full.id) == 4, "two of its own job, and the other one"

    def test_without_a_worker_all_wait_alike(self, ledger: Ledger) -> None:
        assert [ledger.place(run.id) for run in start(ledger, new(), new("sub"), new())] == [1, 2, 3]

    def test_they_are_counted_up_to_a_limit(self, engine: Implementation) -> None:
        with closing(engine.ledger()) as ledger:
            runs = start(ledger, *(new() for _ in range(FURTHEST_PLACE + 5)))
            places = [ledger.place(runs[at].id) for at in (FURTHEST_PLACE - 2, FURTHEST_PLACE - 1, FURTHEST_PLACE, -1)]
            assert places == [FURTHEST_PLACE - 1, FURTHEST_PLACE, FURTHEST_PLACE, FURTHEST_PLACE]


def test_the_traceback_of_a_failure_is_kept(ledger: Ledger) -> None:
    enlist(ledger)
    start(ledger)
    (got,) = claim(ledger)
    assert ledger.traceback(got.id) is None
    settle(
        ledger, outcome(got, "fail", error=b'{"code":-32010,"message":"The job failed"}', traceback="Traceback: why")
    )
    assert ledger.traceback(got.id) == "Traceback: why"
    assert found(ledger, text="BACK: w") == []
    assert found(ledger, text="BACK: w", in_tracebacks=True) == [got.id]
    assert ledger.traceback(new_id()) is None
