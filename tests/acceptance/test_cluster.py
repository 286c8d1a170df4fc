"""Runs and a user's own Celery tasks beside each other on one Celery worker."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from flask import Flask

from tests.acceptance import app as jobs
from tests.acceptance.cluster import CLUSTERED, ClusterHome
from tests.acceptance.engines import NewGround, clusters
from tests.acceptance.home import first_line, lines
from tests.processes import free_port, until

pytestmark = [clusters, pytest.mark.usefixtures("current")]

OWN = f"{CLUSTERED}.own"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory, engine: NewGround) -> Iterator[ClusterHome]:
    """A cluster with one worker, which has all queues, shared by the tests of this module."""
    home = ClusterHome(tmp_path_factory.mktemp("shared"), engine)
    yield home
    home.close()


@pytest.fixture(scope="module")
def worker(shared: ClusterHome) -> subprocess.Popen[bytes]:
    return shared.celery_worker("--concurrency", "2")


@pytest.fixture
def current(shared: ClusterHome, worker: subprocess.Popen[bytes]) -> Iterator[Flask]:
    """The shared cluster's application, as the current one."""
    with shared.app.app_context():
        yield shared.app


def test_a_run_started_in_another_process_ends(where: Path) -> None:
    assert jobs.note.start(str(where), "here").wait(20) == "here"
    assert lines(where) == ["here"]


def test_a_users_own_task_runs_beside_a_full_node_in_the_applications_context(
    shared: ClusterHome, gate: Path, where: Path
) -> None:
    runs = [jobs.hold.start(str(gate)) for _ in range(3)]
    until(lambda: sum(run.reload().state == "running" for run in runs) == 2, "a full node")
    shared.celery.send_task(OWN, (str(where), "cooked"))
    assert first_line(where) == f"cooked in {shared.app.name}"
    gate.touch()
    assert [run.wait(20) for run in runs] == ["opened"] * 3


def test_celery_tells_of_the_worker(shared: ClusterHome) -> None:
    def asked(*question: str) -> str:
        argv = ["celery", "-A", f"{CLUSTERED}:celery", "inspect", *question]
        process = shared.processes.start(*argv, environ=shared.environ)
        return shared.processes.output(process) if process.wait(30) == 0 else ""  # it answers within a second, or not

    assert "pong" in until(lambda: asked("ping"), "an answer")
    assert OWN in until(lambda: asked("registered"), "an answer")
    assert "celery" in until(lambda: asked("active_queues"), "an answer")


def test_flower_lists_the_worker(shared: ClusterHome, worker: subprocess.Popen[bytes]) -> None:
    port = free_port()
    argv = ["celery", "-A", f"{CLUSTERED}:celery", "flower", "--address=127.0.0.1", f"--port={port}"]
    shared.processes.start(*argv, environ=shared.environ | {"FLOWER_UNAUTHENTICATED_API": "true"})

    def listed() -> list[str]:
        with suppress(httpx.TransportError):
            answer = httpx.get(f"http://127.0.0.1:{port}/api/workers", params={"refresh": 1}, timeout=10)
            return [name for name, facts in answer.json().items() if OWN in facts.get("registered", ())]
        return []

    assert len(until(listed, "the worker in Flower's list")) == 1


def test_runs_that_follow_each_other_do_not_wait_for_the_nodes_own_look() -> None:
    jobs.count.start(upto=1).wait(20)
    began = time.monotonic()
    for _ in range(30):
        jobs.count.start(upto=1).wait(20)
    assert time.monotonic() - began < 10, "by looking once a second it would take 30 s"


def test_a_queue_that_nobody_has_named_before_is_served() -> None:
    assert jobs.count.options(queue="brand-new").start(upto=3).wait(20) == 3


def test_a_wakeup_is_not_worth_a_line_in_the_log(shared: ClusterHome, worker: subprocess.Popen[bytes]) -> None:
    jobs.count.start(upto=1).wait(20)
    before = shared.processes.output(worker).count("\n")
    for _ in range(10):
        jobs.count.start(upto=1).wait(20)
    said = shared.processes.output(worker).splitlines()[before:]
    assert [line for line in said if "count" not in line] == []


def test_wakeups_do_not_pile_up(shared: ClusterHome) -> None:
    for _ in range(100):
        jobs.count.start(upto=0)
    jobs.count.start(upto=0).wait(20)
    until(lambda: shared.messages("default") == 0, "an empty queue")


def test_celery_purge_harms_no_run(shared: ClusterHome, gate: Path) -> None:
    going = [jobs.hold.start(str(gate)) for _ in range(4)]
    argv = ["celery", "-A", f"{CLUSTERED}:celery", "purge", "-f"]
    assert shared.processes.start(*argv, environ=shared.environ).wait(30) == 0
    shared.celery.control.purge()
    gate.touch()
    assert [run.wait(20) for run in going] == ["opened"] * 4
