"""Which node is woken: by queues, by what it has room for, by whose it is."""

from __future__ import annotations

import time
from pathlib import Path

from tests.acceptance import app as jobs
from tests.acceptance.app import create_app
from tests.acceptance.cluster import ClusterHome
from tests.acceptance.engines import NewGround, clusters
from tests.acceptance.home import is_running, lines
from tests.processes import until

pytestmark = clusters


def test_a_celery_worker_takes_the_queues_it_is_told(cluster: ClusterHome, where: Path) -> None:
    cluster.celery_worker("--concurrency", "1", "-Q", "heavy")
    heavy, light = jobs.lift.start(str(where)), jobs.note.start(str(where), "light")
    heavy.wait(20)
    assert light.reload().state == "queued"
    cluster.node("--concurrency", "1", "--queues", "default")
    assert light.wait(20) == "light"
    assert lines(where) == ["lifted", "light"]


def test_what_a_full_node_leaves_goes_to_another_one_soon(cluster: ClusterHome, gate: Path) -> None:
    full, free = cluster.node("--concurrency", "2"), cluster.node("--concurrency", "2")
    held = [jobs.hold.start(str(gate)) for _ in range(3)]  # one of the two has no room
    until(lambda: all(is_running(run) for run in held), "three runs to go on")
    began = time.monotonic()
    for _ in range(20):
        jobs.count.start(upto=1).wait(20)
    assert time.monotonic() - began < 10, "by looking once a second it would take 20 s"
    gate.touch()
    assert [run.wait(20) for run in held] == ["opened"] * 3
    assert [full.poll(), free.poll()] == [None, None]


def test_applications_with_databases_of_their_own_leave_each_other_their_wakeups(
    cluster: ClusterHome, engine: NewGround, tmp_path: Path
) -> None:
    """Two applications of the same name, on the same part of the broker."""
    cluster.node("--concurrency", "1")
    other = ClusterHome(tmp_path / "other", engine)
    try:
        elsewhere = other.ground.environ | {"HOTPLATE_BROKER_URL": cluster.ground.broker_url}
        with create_app(**elsewhere).app_context():
            waiting = jobs.count.start(upto=1)
        name = other.queue("default")
        for _ in range(3):
            jobs.count.start(upto=1).wait(20)
        until(lambda: cluster.ground.lying(name) == 1, "its wake-up to lie there")
        assert waiting.state == "queued"
    finally:
        other.close()
