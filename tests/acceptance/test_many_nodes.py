"""Several nodes on one record, of which some are killed, stopped or told to end."""

from __future__ import annotations

import signal
from pathlib import Path

import psycopg
import pytest

from tests.acceptance import app as jobs, trials
from tests.acceptance.engines import NewGround, PostgreSQL, many_nodes
from tests.acceptance.home import Home, final_moves, first_line, lines
from tests.acceptance.storm import ended
from tests.processes import until

pytestmark = many_nodes

STARTER = """
from tests.acceptance.app import count, create_app
with create_app().app_context():
    count.options(queue="unserved").start(1)
"""


def test_a_script_that_starts_a_run_and_ends_has_told_the_nodes(home: Home) -> None:
    assert isinstance(home.ground, PostgreSQL)
    with (
        PostgreSQL.ear(home.ground, home.app.name, "unserved") as by_database,
        home.ground.ear(home.app.name, "unserved") as hears,
    ):
        script = home.processes.python("-c", STARTER, environ=home.environ)
        assert script.wait(30) == 0
        assert by_database(1) or hears(10)
    assert home.processes.output(script).splitlines()[1:] == [], "besides that no worker is alive it says nothing"


def test_a_run_of_a_killed_node_begins_again_on_another_one_soon(home: Home) -> None:
    figures = trials.killed_nodes_among_others(home, times=2)
    assert figures["s until another node begins the run of a killed one again, p50"] <= 3


@pytest.mark.any_broker
def test_connections_that_are_ended_again_and_again_do_no_harm(home: Home) -> None:
    trials.cut_connections(home, runs=500, cuts=15)


@pytest.mark.any_broker
def test_the_next_node_knows_of_a_killed_one_though_nodes_of_other_records_have_come(
    home: Home, engine: NewGround, tmp_path: Path, where: Path
) -> None:
    other = Home(tmp_path / "other", engine)
    try:
        node = home.node("--concurrency", "1")
        run = jobs.stand.start(str(where))
        first_line(where)
        home.kill(node)
        other.node("--concurrency", "1")
        home.node("--concurrency", "1")
        until(lambda: len(lines(where)) == 2, "the run to begin again", timeout=5)
        run.cancel()
    finally:
        other.close()


def test_runs_are_spread_over_all_nodes(home: Home, gate: Path, tmp_path: Path) -> None:
    nodes = [home.node("--concurrency", "1") for _ in range(3)]
    runs = [jobs.hold.start(str(gate), str(tmp_path / f"where-{n}")) for n in range(3)]
    workers = {int(first_line(tmp_path / f"where-{n}")) for n in range(3)}
    assert [len(workers.intersection(home.workers(node))) for node in nodes] == [1, 1, 1]
    gate.touch()
    assert [run.wait(20) for run in runs] == ["opened"] * 3


def test_a_cancel_reaches_the_node_that_has_the_run(home: Home, gate: Path, where: Path) -> None:
    for _ in range(2):
        home.node("--concurrency", "1")
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    run.cancel()
    until(lambda: run.reload().state == "cancelled", "the run to be cancelled", timeout=5)
    assert home.moves(run) == ["claim", "cancel"]


def test_nodes_that_come_and_go_leave_no_run_undone(home: Home, where: Path) -> None:
    nodes = [home.node("--concurrency", "1") for _ in range(2)]
    runs = [jobs.step.start(str(where), n, 0.005) for n in range(600)]
    for n in range(4):
        until(lambda: ended(home) > 100 * n, "some runs to end")  # noqa: B023
        nodes[0].send_signal(signal.SIGTERM)
        nodes.append(home.node("--concurrency", "1"))
        assert nodes.pop(0).wait(20) == 0
    until(lambda: ended(home) == len(runs), "the end of all")
    assert set(map(tuple, final_moves(home).values())) == {("succeed",)}
    assert len(lines(where)) == 2 * len(runs), "no run was begun twice"


@pytest.mark.any_broker
def test_a_node_whose_connections_are_ended_while_it_begins_serves_nevertheless(home: Home) -> None:
    with psycopg.connect(home.environ["HOTPLATE_DATABASE_URL"]) as other:
        other.execute("lock table hotplate.meta in share mode")  # where a node puts itself down as the sweeper
        node = home.start_node("--concurrency", "1")
        waiting = "select count(*) from pg_locks where not granted and relation = 'hotplate.meta'::regclass"
        until(lambda: home.rows(waiting) == [(1,)], "the node to wait for the lock")
        home.ground.cut()
    home.ready(node)
    assert jobs.count.start(upto=1).wait(20) == 1
