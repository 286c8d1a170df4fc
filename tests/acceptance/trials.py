"""What a home is put through, of a size to be chosen: small in the tests, large in `make soak`. Each trial gives its
figures, and fails if a guarantee was broken."""

from __future__ import annotations

import random
import statistics
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from hotplate import Run
from tests.acceptance import app as jobs
from tests.acceptance.home import Home, final_moves, kill, lines
from tests.acceptance.storm import Storm, Submitter, check, ended
from tests.processes import until

Figures = dict[str, float]

STARTER = """
import sys
from tests.acceptance.app import create_app, note
with create_app().app_context():
    for n in range(int(sys.argv[1])):
        print(note.options(key=f"key-{n}").start(sys.argv[2], str(n)).id)
"""


def kills_under_load(home: Home, runs: int, *, seconds: float, faults: int) -> Figures:
    """Workers, nodes, servers and everything are killed while runs of so many seconds are started and executed."""
    where, storm = home.folder / "steps", Storm(home, seed=1)
    submitter = Submitter(
        storm.url, "step", lambda n: {"where": str(where), "number": n, "seconds": seconds}, range(runs)
    )
    weights = {"kill_worker": 12, "kill_node": 3, "kill_web": 3, "kill_and_start_everything": 1}
    storm.rage(runs, faults, weights)
    calm = time.monotonic()
    submitter.join()
    until(lambda: ended(home) == runs, "the end of all")
    settled = time.monotonic() - calm
    figures: Figures = {f"kills of {what}": n for what, n in sorted(storm.faults.items())}
    return {**figures, **check(home, submitter.acknowledged, where), "s from the last kill to the last end": settled}


def kills_of_everything(home: Home, rounds: int) -> Figures:
    """All processes are killed at once, in the midst of starts, again and again."""
    where, storm, acknowledged = home.folder / "steps", Storm(home, seed=2), dict[int, str]()
    for round_ in range(rounds):
        numbers = range(round_ * 10_000, (round_ + 1) * 10_000)
        submitter = Submitter(storm.url, "step", lambda n: {"where": str(where), "number": n, "seconds": 0}, numbers)
        some = storm.random.randrange(20, 120)
        until(lambda: len(submitter.acknowledged) >= some, "some starts")  # noqa: B023
        storm.kill_everything()
        submitter.stop()
        acknowledged |= submitter.acknowledged
        assert home.is_whole()
        present = {run_id for (run_id,) in home.rows("select id from runs")}
        assert set(acknowledged.values()) <= present
        storm.start_everything()
    until(lambda: home.rows("select count(*) from runs where finished_at is null") == [(0,)], "the end of all")
    outcomes = final_moves(home)
    assert all(len(outcomes[run_id]) == 1 for run_id in acknowledged.values())
    return {"rounds": rounds, "acknowledged runs": len(acknowledged), "lost": 0, "damaged records": 0}


def killed_workers(home: Home, times: int) -> Figures:
    """A run's worker is killed: how long it takes until the run is there again."""
    node = home.node("--concurrency", "2")
    pauses = []
    for n in range(times):
        place = home.folder / f"stand-{n}"
        run = jobs.stand.start(str(place))
        pauses += [_pause(place, len_, lambda: kill(_last_pid(place))) for len_ in (1, 2)]  # noqa: B023
        run.wait(20)
    home.processes.end(node)
    return _quantiles("s until the run of a killed worker begins again", pauses)


def killed_nodes(home: Home, times: int) -> Figures:
    """A node is killed and another one started: how long it takes until a run is there again."""
    node, pauses = home.node("--concurrency", "1"), []
    for n in range(times):
        place = home.folder / f"stand-by-{n}"
        run = jobs.stand.start(str(place))
        for len_ in (1, 2):
            before = node

            def replace() -> None:
                nonlocal node
                home.kill(before)  # noqa: B023
                node = home.node("--concurrency", "1")

            pauses.append(_pause(place, len_, replace))
        run.wait(20)
    home.processes.end(node)
    return _quantiles("s until the run of a killed node begins again", pauses)


def killed_nodes_among_others(home: Home, times: int) -> Figures:
    """Of two nodes the one that has the run is killed: how long it takes until the other one has begun it again."""
    pauses, nodes = [], [home.node("--concurrency", "1") for _ in range(2)]
    for n in range(times):
        place = home.folder / f"stand-by-{n}"
        run = jobs.stand.start(str(place))
        for len_ in (1, 2):

            def strike() -> None:
                hit = next(node for node in nodes if _last_pid(place) in home.workers(node))  # noqa: B023
                home.kill(hit)
                nodes.remove(hit)

            pauses.append(_pause(place, len_, strike))
            nodes.append(home.node("--concurrency", "1"))
        run.wait(20)
    for node in nodes:
        home.processes.end(node)
    return _quantiles("s until another node begins the run of a killed one again", pauses)


def one_at_a_time(home: Home, runs: int, *, faults: int) -> Figures:
    """Runs of a job with a limit of one meet nobody, while workers and nodes are killed."""
    room, storm = home.folder, Storm(home, seed=4)
    for n in range(runs):
        jobs.solo.start(str(room), n)
    storm.rage(runs, faults, {"kill_worker": 4, "kill_node": 1})
    until(lambda: ended(home) == runs, "the end of all")
    assert lines(room / "met") == []
    assert {len(moves) for moves in final_moves(home).values()} == {1}
    return {"runs": runs, "met another": 0, "kills": sum(storm.faults.values())}


def cut_connections(home: Home, runs: int, cuts: int) -> Figures:
    """All connections to the record are ended again and again while runs are executed, and say and give much."""
    nodes, where = [home.node("--concurrency", "2") for _ in range(2)], home.folder / "steps"
    giving = [jobs.repeat.start(f"{n}", 2_000_000) for n in range(10, 20)]
    saying = [jobs.squares.start(10_000) for _ in range(4)]
    stepping = [jobs.step.start(str(where), n, 0.01) for n in range(runs)]
    n = len(stepping) + len(giving) + len(saying)
    for at in range(cuts):
        until(lambda: ended(home) >= n * at // (cuts + 1), "some runs to end")  # noqa: B023
        home.ground.cut()
    until(lambda: ended(home) == n, "the end of all")
    assert set(map(tuple, final_moves(home).values())) == {("succeed",)}
    assert len(lines(where)) == 2 * runs, "begun twice"
    assert [run.wait(5) for run in giving] == [f"{n}" * 2_000_000 for n in range(10, 20)]
    for run in saying:
        assert [int(event.data) for event in home.events(run, "partial")] == [n * n for n in range(10_000)]
    for node in nodes:
        assert "refused" not in home.processes.output(node)
        assert "discarding" not in home.processes.output(node)
    return {"runs": n, "cuts": cuts, "not exactly one outcome": 0, "begun twice": 0}


def cancels(home: Home, runs: int) -> Figures:
    """Four threads cancel all runs in any order while they begin and end."""
    home.node("--concurrency", "2")
    started, dice = [jobs.step.start(str(home.folder / "steps"), n, 0.01) for n in range(runs)], random.Random(3)

    def cancel(mine: Sequence[Run]) -> None:
        with home.app.app_context():
            for run in dice.sample(mine, len(mine)):
                run.cancel()

    threads = [threading.Thread(target=cancel, args=(started[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    until(lambda: ended(home) == runs, "the end of all")
    outcomes = final_moves(home)
    assert {len(moves) for moves in outcomes.values()} == {1}
    assert {moves[0] for moves in outcomes.values()} <= {"succeed", "cancel", "withdraw"}
    for run in started:
        assert (run.reload().state == "succeeded") == (outcomes[run.id] == ["succeed"])
    assert jobs.count.start(upto=1).wait(20) == 1
    return {"runs": runs, "not exactly one outcome": 0}


def timeouts(home: Home, runs: int, *, timeout: float = 30) -> Figures:
    """All runs go beyond their timeout; every fifth is ended by force."""
    home.node("--concurrency", "2")
    started = [jobs.overdue.start(str(home.folder / "steps"), n) for n in range(runs)]
    until(lambda: ended(home) == runs, "the end of all", timeout)
    assert set(map(tuple, final_moves(home).values())) == {("fail",)}
    for run in started:
        error = run.reload().error
        assert error is not None
        assert error.message == "Timed out"
    assert jobs.count.start(upto=1).wait(20) == 1
    return {"runs": runs, "not exactly one outcome": 0}


def racing_starts(home: Home, keys: int) -> Figures:
    """Five processes start runs with the same keys at the same time."""
    where = str(home.folder / "notes")
    starters = [home.processes.python("-c", STARTER, str(keys), where, environ=home.environ) for _ in range(5)]
    for starter in starters:
        assert starter.wait(120) == 0, home.processes.output(starter)
    answers = [home.processes.output(starter).split() for starter in starters]
    assert all(ids == answers[0] for ids in answers)
    assert home.rows("select count(*), count(distinct key) from runs") == [(keys, keys)]
    return {"keys": keys, "starts": 5 * keys, "runs": keys}


def _last_pid(place: Path) -> int:
    return int(lines(place)[-1].split()[1])


def _pause(place: Path, times: int, strike: object) -> float:
    until(lambda: len(lines(place)) >= times, "the run to be there")
    struck = time.time()
    strike()  # type: ignore[operator]
    until(lambda: len(lines(place)) > times, "the run to be there again")
    return float(lines(place)[-1].split()[0]) - struck


def _quantiles(what: str, pauses: Sequence[float]) -> Figures:
    return {"kills": len(pauses), f"{what}, p50": statistics.median(pauses), f"{what}, longest": max(pauses)}
