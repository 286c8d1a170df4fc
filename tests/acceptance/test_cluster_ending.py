"""How Celery workers and the nodes that they host end, and what is left of them."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from hotplate.engines.node.host import HOST_KEY, LOOK
from tests.acceptance import app as jobs
from tests.acceptance.cluster import ClusterHome
from tests.acceptance.engines import clusters
from tests.acceptance.home import APP, GRACE_S, Home, first_line, gone, is_alive, kill
from tests.processes import until

pytestmark = [clusters, pytest.mark.any_broker]
KINDS = ["hotplate", "celery"]


def start(cluster: ClusterHome, kind: str, **environ: str) -> subprocess.Popen[bytes]:
    if kind == "hotplate":
        return cluster.node("--concurrency", "1", **environ)
    return cluster.celery_worker("--concurrency", "1", **environ)


def family(worker: subprocess.Popen[bytes]) -> list[int]:
    return [child.pid for child in psutil.Process(worker.pid).children(recursive=True)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_ends_within_the_grace_is_waited_for(
    cluster: ClusterHome, kind: str, number: signal.Signals, gate: Path, where: Path
) -> None:
    worker = start(cluster, kind, HOTPLATE_GRACE="20")
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    below = family(worker)
    worker.send_signal(number)
    until(lambda: "waiting for 1 run" in cluster.printed(), "the node's word")
    gate.touch()
    assert run.wait(20) == "opened"
    code = worker.wait(20)
    assert code == 0 or (kind, number, code) == ("celery", signal.SIGINT, 1), "Celery's own code for Ctrl-C"
    assert gone(below)
    assert cluster.engine.ledger.nodes() == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_takes_longer_is_given_back_uncharged(
    cluster: ClusterHome, kind: str, gate: Path, where: Path
) -> None:
    worker = start(cluster, kind)
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    below, began = family(worker), time.monotonic()
    worker.send_signal(signal.SIGTERM)
    worker.wait(20)
    assert time.monotonic() - began > GRACE_S * 0.9
    assert gone(below)
    assert (run.reload().state, cluster.moves(run)) == ("queued", ["claim", "release"])


def test_told_twice_it_ends_at_once(cluster: ClusterHome, gate: Path, where: Path) -> None:
    worker = start(cluster, "hotplate", HOTPLATE_GRACE="60")
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    below = family(worker)
    worker.send_signal(signal.SIGINT)
    until(lambda: "waiting for 1 run" in cluster.printed(), "the node's word")
    worker.send_signal(signal.SIGINT)
    worker.wait(10)
    assert gone(below)
    assert (run.reload().state, cluster.moves(run)) == ("queued", ["claim", "release"])


def test_a_killed_node_is_followed_by_another_one(cluster: ClusterHome, gate: Path, where: Path) -> None:
    worker = start(cluster, "hotplate")
    killed = cluster.hosted(worker)
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    kill(killed)
    gate.touch()
    assert run.wait(20) == "opened"
    assert cluster.hosted(worker, other_than=killed)
    began = time.monotonic()
    for _ in range(10):
        jobs.count.start(upto=1).wait(20)
    assert time.monotonic() - began < 5, "the new node is woken, too"
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_node_of_a_killed_host_ends_after_its_grace(
    cluster: ClusterHome, kind: str, gate: Path, where: Path
) -> None:
    worker = start(cluster, kind, HOTPLATE_GRACE="20")
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    below, node = family(worker), cluster.hosted(worker)
    kill(worker.pid)
    until(lambda: "waiting for 1 run" in cluster.printed(), "the node's word")
    assert is_alive(node)
    gate.touch()
    assert run.wait(20) == "opened"
    until(lambda: gone(below), "the end of all")


def test_a_host_killed_before_it_has_read_all_costs_no_run(home: Home, gate: Path, where: Path) -> None:
    ours, theirs = socket.socketpair()
    host = {HOST_KEY: f"{theirs.fileno()},{os.getpid()}", "HOTPLATE_GRACE": "20"}
    node = home.processes.node(APP, "-c", "1", environ=home.environ | host, pass_fds=[theirs.fileno()])
    home.ready(node)
    theirs.close()
    ours.send(LOOK)
    until(lambda: select.select([ours], [], [], 0)[0], "the node's answer, which is not read")
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    ours.close()
    until(lambda: "waiting for 1 run" in home.processes.output(node), "the node's word")
    gate.touch()
    assert run.wait(20) == "opened"
    assert node.wait(20) == 0
