"""What has happened to runs after a seq: nothing is missing and nothing comes twice, however it is read."""

from __future__ import annotations

import json
from threading import Event as Flag, Thread

from hotplate.engine import Ledger, Note
from hotplate.run import Event, new_id

from .conftest import Implementation
from .test_ledger import claim, enlist, outcome, settle, start

SAID = [("log", 1.0, b'{"text":"a"}'), ("partial", 2.0, b"7")]


def told(ledger: Ledger, run_id: str, after: int = 0, limit: int = 100) -> list[Event]:
    """All that happened after a seq, read bit by bit."""
    events: list[Event] = []
    while True:
        (history,) = ledger.histories([(run_id, after)], limit)
        assert history is not None
        assert history.seq <= history.run.seq
        assert all(after < event.seq <= history.seq for event in history.events)
        events += history.events
        if history.seq == history.run.seq:
            return events
        after = history.seq


def run_twice(ledger: Ledger) -> str:
    """A run that says something, is tried again, and succeeds."""
    enlist(ledger)
    (run,) = start(ledger)
    (first,) = claim(ledger)
    ledger.note([Note(id=run.id, attempt=1, progress=b'{"done":1.0}', events=SAID)])
    settle(ledger, outcome(first, "retry"))
    (second,) = claim(ledger)
    ledger.note([Note(id=run.id, attempt=2, events=SAID)])
    settle(ledger, outcome(second, "succeed", result=b"3"))
    return run.id


class TestHistories:
    def test_moves_and_what_was_said_come_in_their_order(self, engine: Implementation) -> None:
        ledger = engine.ledger()
        run_id = run_twice(ledger)
        (history,) = ledger.histories([(run_id, 0)], 100)
        assert history is not None
        assert history.run == ledger.get([run_id])[0]
        assert [event.type for event in history.events] == [
            "move", "log", "partial", "move", "move", "log", "partial", "move",
        ]  # fmt: skip
        moves = [json.loads(event.data) for event in history.events if event.type == "move"]
        assert moves == [
            {"move": "claim", "state": "running", "attempt": 1},
            {"move": "retry", "state": "queued", "attempt": 1},
            {"move": "claim", "state": "running", "attempt": 2},
            {"move": "succeed", "state": "succeeded", "attempt": 2},
        ]
        seqs = [event.seq for event in history.events]
        assert seqs == [1, 3, 4, 5, 6, 7, 8, 9]  # 2 was progress
        assert history.seq == history.run.seq == 9

    def test_it_begins_after_any_seq_and_goes_on_in_any_steps(self, engine: Implementation) -> None:
        ledger = engine.ledger()
        run_id = run_twice(ledger)
        whole = told(ledger, run_id)
        for after in range(11):
            for limit in (1, 2, 3, 100):
                assert told(ledger, run_id, after, limit) == [event for event in whole if event.seq > after]

    def test_many_are_read_at_once_each_from_its_own_seq_and_one_twice(self, engine: Implementation) -> None:
        ledger = engine.ledger()
        first, second = run_twice(ledger), run_twice(ledger)
        seen = [(second, 5), (new_id(), 0), (first, 9), (second, 0)]
        some, none, nothing, whole = ledger.histories(seen, 100)
        assert none is None
        assert some is not None
        assert nothing is not None
        assert whole is not None
        assert (some.run.id, nothing.run.id, whole.run.id) == (second, first, second)
        assert some.events == whole.events[-4:]
        assert nothing.events == []
        assert ledger.histories([], 100) == []

    def test_whoever_reads_while_much_is_said_misses_nothing(self, engine: Implementation) -> None:
        ledger, reader = engine.ledger(), engine.ledger()
        enlist(ledger)
        (run,) = start(ledger)
        (claimed,) = claim(ledger)
        done = Flag()

        def say() -> None:
            said = engine.ledger()
            for n in range(100):
                events = [("log", float(n), b"%d" % (3 * n + k)) for k in range(3)]
                said.note([Note(id=run.id, attempt=1, progress=b'{"done":1.0}', events=events)])
            done.set()

        thread = Thread(target=say)
        thread.start()
        read: list[Event] = []
        while not done.is_set():
            read += told(reader, run.id, read[-1].seq if read else 0, 7)
        thread.join()
        read += told(reader, run.id, read[-1].seq if read else 0, 7)
        assert [event.data for event in read if event.type == "log"] == [b"%d" % n for n in range(300)]
        assert settle(ledger, outcome(claimed, "succeed")) == [True]
