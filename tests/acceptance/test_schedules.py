"""Schedules, fired by real nodes that are killed and replaced."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance import scheduled
from tests.acceptance.engines import many_nodes, without_host
from tests.acceptance.home import Home, first_line, rpc
from tests.processes import DEADLINE_S, Server, until
from tests.streams import stream

pytestmark = pytest.mark.any_broker

FIRED = "select due_at, created_at, state from runs where key like 'schedule/{}/%' order by due_at"


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {scheduled.RULES: str(tmp_path / "rules"), "GATE": str(tmp_path / "gate")}


@pytest.fixture
def web(home: Home, environ: dict[str, str]) -> Server:
    return home.processes.flask(scheduled.APP, environ=home.environ | environ)


def node(home: Home, environ: dict[str, str]) -> Any:
    return home.node("-c", "1", app=scheduled.APP, **environ)


def fired(home: Home, name: str = "beat") -> list[Any]:
    return home.rows(FIRED.format(name))


def have_fired(home: Home, number: int, name: str = "beat") -> list[Any]:
    """What has fired, as soon as it is so many and they have ended."""
    return until(
        lambda: (
            found
            if len(found := fired(home, name)) >= number and all(state == "succeeded" for *_, state in found)
            else []
        ),
        f"{number} firings",
    )


def gaps(found: list[Any]) -> set[float]:
    """How many seconds there are from one due moment to the next."""
    moments = [due for due, *_ in found]
    return {after - before for before, after in pairwise(moments)}


def standing(web: Server, name: str) -> dict[str, Any]:
    (found,) = (one for one in rpc(web, "schedule.list")["result"] if one["name"] == name)
    return dict(found)


def test_a_schedule_fires_each_second_within_a_second(home: Home, environ: dict[str, str]) -> None:
    node(home, environ)
    found = have_fired(home, 5)
    assert gaps(found) == {1.0}
    late = [created - due for due, created, _ in found]
    assert min(late) >= 0
    assert max(late) < 1.0


def test_a_killed_node_leaves_no_moment_out_and_fires_none_twice(home: Home, environ: dict[str, str]) -> None:
    first = node(home, environ)
    have_fired(home, 3)
    home.kill(first)
    node(home, environ)
    found = have_fired(home, len(fired(home)) + 5)
    assert gaps(found) == {1.0}


@many_nodes
def test_of_several_nodes_one_fires_each_moment_and_those_that_are_left_go_on(
    home: Home, environ: dict[str, str]
) -> None:
    nodes = [node(home, environ) for _ in range(3)]
    have_fired(home, 4)
    home.kill(nodes.pop(0))
    before = len(fired(home))
    have_fired(home, before + 4)
    nodes[0].send_signal(signal.SIGTERM)
    found = have_fired(home, before + 8)
    assert gaps(found) == {1.0}
    late = [created - due for due, created, _ in found]
    assert max(late) < 2.0, late


@many_nodes
def test_connections_that_are_ended_leave_no_moment_out(home: Home, environ: dict[str, str]) -> None:
    for _ in range(2):
        node(home, environ)
    for n in range(1, 9):
        have_fired(home, n)
        home.ground.cut()
    assert gaps(have_fired(home, 10)) == {1.0}


def test_a_pause_lasts_over_restarts_until_it_is_resumed(home: Home, web: Server, environ: dict[str, str]) -> None:
    begun = node(home, environ)
    have_fired(home, 2)
    paused = rpc(web, "schedule.pause", name="beat")["result"]
    assert (paused["next_at"], paused["paused_at"] is not None) == (None, True)
    home.kill(begun)
    node(home, environ)
    have_fired(home, len(fired(home, "extra")) + 2, "extra")
    assert standing(web, "beat") | {"version": 0} == paused | {"version": 0}
    before = len(fired(home))
    resumed = rpc(web, "schedule.resume", name="beat")["result"]
    assert (paused["upcoming"], resumed["paused_at"]) == ([], None)
    assert len(resumed["upcoming"]) == 5
    assert resumed["upcoming"][0] == resumed["next_at"]
    found = have_fired(home, before + 2)
    assert len(gaps(found)) == 2, "what was due meanwhile was not caught up"
    assert found[before][0] == datetime.fromisoformat(resumed["next_at"]).timestamp()


def test_code_that_is_deployed_anew_takes_rules_away_and_changes_them(
    home: Home, web: Server, environ: dict[str, str]
) -> None:
    begun = node(home, environ)
    have_fired(home, 2, "extra")
    before = standing(web, "daily")
    Path(environ[scheduled.RULES]).touch()
    begun.send_signal(signal.SIGTERM)
    begun.wait(DEADLINE_S)
    was = len(fired(home, "extra"))
    node(home, environ)
    have_fired(home, len(fired(home)) + 3)
    assert len(fired(home, "extra")) == was
    new = home.processes.flask(scheduled.APP, environ=home.environ | environ)
    assert [one["name"] for one in rpc(new, "schedule.list")["result"]] == ["beat", "daily", "guarded"]
    after = standing(new, "daily")
    assert (before["cron"], after["cron"]) == ("30 2 * * *", "0 4 * * *")
    assert before["next_at"] != after["next_at"]


def test_it_is_fired_by_hand_one_run_at_a_time(home: Home, web: Server, environ: dict[str, str]) -> None:
    node(home, environ)
    until(lambda: standing(web, "guarded")["version"], "the schedule to be on record")
    before = standing(web, "guarded")
    run = rpc(web, "schedule.fire", name="guarded")["result"]
    assert first_line(Path(f"{environ['GATE']}.begun")) == run["id"]
    again = rpc(web, "schedule.fire", name="guarded")["error"]
    assert (again["code"], run["id"] in again["data"]) == (-32009, True)
    Path(environ["GATE"]).touch()
    assert rpc(web, "run.wait", id=run["id"])["result"]["result"] == "opened"
    after = standing(web, "guarded")
    assert (after["last_run"], after["next_at"], after["skipped"]) == (run["id"], before["next_at"], 0)
    assert rpc(web, "schedule.fire", name="guarded")["result"]["id"] != run["id"]


def test_without_a_node_it_is_said_that_it_waits(web: Server) -> None:
    found = standing(web, "beat")
    assert (found["version"], found["waiting_for"]) == (0, "no worker alive")
    assert found["next_at"] is not None
    assert rpc(web, "schedule.pause", name="beat")["result"]["version"] == 2


RACE = """
import sys
from hotplate.firing import begin, run_of
from hotplate.options import Known
from hotplate.schedule import Schedule
from tests.acceptance.app import create_app

raced, known = Schedule(name="raced", job="raced", every=60.0, overlap="allow"), Known(name="raced")
firings = create_app().extensions["hotplate"].engine().firings
firings.add(begin(raced, 0.0))
print("ready", flush=True)
sys.stdin.readline()
won = 0
while (plan := firings.read(["raced"])[1][0]).version <= 50:
    won += firings.fire(plan, run_of(raced, known, 60.0 * plan.version)) is not None
print(won)
"""


@without_host
def test_of_processes_that_race_for_firings_one_gets_each(home: Home) -> None:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    racing = [
        subprocess.Popen([sys.executable, "-c", RACE], env=os.environ | home.environ, **pipes)  # type: ignore[call-overload]
        for _ in range(5)
    ]
    try:
        assert {one.stdout.readline() for one in racing} == {"ready\n"}
        for one in racing:
            one.stdin.write("go\n")
            one.stdin.flush()
        won = [int(one.communicate(timeout=DEADLINE_S)[0]) for one in racing]
    finally:
        for one in racing:
            one.kill()
            one.wait()
    assert sum(won) == 50
    assert [due for due, *_ in fired(home, "raced")] == [60.0 * n for n in range(1, 51)]


def test_subscribers_are_told_how_schedules_stand_and_change(web: Server) -> None:
    with stream(web.url, "schedules") as updates:
        events = iter(updates)
        everything = next(events).update
        assert (everything["type"], everything["seq"]) == ("schedules", 0)
        names = [schedule["name"] for schedule in everything["data"]]
        assert names == [schedule["name"] for schedule in rpc(web, "schedule.list")["result"]]
        rpc(web, "schedule.pause", name="daily")
        # those that no node has put on record yet are planned from now on, again and again
        changed = next(event.update for event in events if event.update["data"]["name"] == "daily")
    assert changed["type"] == "schedule"
    assert changed["seq"] == changed["data"]["version"]
    assert changed["data"]["paused_at"] is not None
