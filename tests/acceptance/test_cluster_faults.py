"""A broker that is killed, wiped, paused or fed with nonsense: no run is lost, and nobody waits for it."""

from __future__ import annotations

import pickle
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from hotplate import Run
from hotplate.engine import POLL_S
from tests.acceptance import app as jobs
from tests.acceptance.cluster import CLUSTERED, ClusterHome
from tests.acceptance.engines import Cluster, Ground, NewGround, clusters
from tests.acceptance.home import final_moves, first_line, is_running, lines
from tests.acceptance.jobs import append
from tests.partition import Partition
from tests.processes import until
from tests.servers import RabbitMQ, Redis

pytestmark = clusters

ALIKE = "job, queue, priority, turn, caller, ready, max_attempts, lost_limit, created_at, due_at, params"
MULTIPLY = f"""
    with copied as (
        insert into runs (id, {ALIKE}) select id || n, {ALIKE} from runs, generate_series(1, ?) as n
        where state = 'queued' returning 1
    ) select count(*) from copied
"""


def started(n: int, where: Path) -> list[Run]:
    """Runs, each of which was started quickly."""
    runs = []
    for number in range(n):
        began = time.monotonic()
        runs.append(jobs.note.start(str(where), str(number)))
        assert time.monotonic() - began < 1
    return runs


def all_end(cluster: ClusterHome, runs: list[Run]) -> None:
    for run in runs:
        run.wait(30)
    final = final_moves(cluster)
    assert {len(final[run.id]) for run in runs} == {1}


def woken(cluster: ClusterHome) -> None:
    """Wait until runs are begun at once, which takes a broker: by itself the node looks once a second."""

    def at_once() -> bool:
        began = time.monotonic()
        for _ in range(8):
            jobs.count.start(upto=1).wait(20)
        return time.monotonic() - began < 4 * POLL_S

    until(at_once, "wake-ups", 60)


def test_a_broker_that_is_killed_and_wiped_loses_no_run(cluster: ClusterHome, gate: Path, where: Path) -> None:
    worker = cluster.node("--concurrency", "2")
    going = jobs.hold.start(str(gate), str(where))
    first_line(where)
    before = started(20, where)
    cluster.broker.kill()
    away = started(20, where)
    all_end(cluster, before + away)
    assert "the broker cannot be reached" in cluster.printed()
    assert cluster.printed().count("cannot be reached") == 1
    assert isinstance(cluster.broker, Redis | RabbitMQ)
    cluster.broker.wipe_and_start()
    until(lambda: "the broker can be reached again" in cluster.printed(), "the worker's word", 60)
    woken(cluster)
    gate.touch()
    all_end(cluster, [going, *started(20, where)])
    assert worker.poll() is None


def test_a_broker_that_hangs_stops_nobody(cluster: ClusterHome, gate: Path, where: Path) -> None:
    worker = cluster.node("--concurrency", "2")
    going = jobs.hold.start(str(gate), str(where))
    first_line(where)
    before = started(20, where)
    with cluster.paused():
        all_end(cluster, before + started(20, where))
    woken(cluster)
    gate.touch()
    all_end(cluster, [going, *started(20, where)])
    assert worker.poll() is None


def test_while_the_broker_hangs_a_worker_ends_as_ever(cluster: ClusterHome) -> None:
    worker = cluster.node("--concurrency", "1")
    with cluster.paused():
        worker.terminate()
        assert worker.wait(20) == 0


def test_a_worker_without_a_broker_executes_runs_and_says_so_once(cluster: ClusterHome, where: Path) -> None:
    cluster.broker.kill()
    worker = cluster.node("--concurrency", "2")
    all_end(cluster, started(5, where))
    assert cluster.printed().count("the broker cannot be reached") == 1
    worker.terminate()
    assert worker.wait(20) == 0
    cluster.broker.start()


class Bomb:
    def __init__(self, where: Path) -> None:
        self.where = str(where)

    def __reduce__(self) -> Any:
        return append, (self.where, "executed")


def test_whatever_lies_in_the_queue_is_thrown_away(cluster: ClusterHome, where: Path) -> None:
    worker = cluster.celery_worker("--concurrency", "1")
    with cluster.celery.connection_for_write() as connection:
        producer = connection.Producer()

        def forge(body: Any, **properties: Any) -> None:
            producer.publish(body, exchange="", routing_key=cluster.queue("default"), **properties)

        bomb = pickle.dumps(Bomb(where))
        forge(bomb, content_type="application/x-python-serialize", content_encoding="binary")
        forge(b"x" * 20_000_000, content_type="application/data", content_encoding="binary")
        forge(b"\xff", content_type="application/json", content_encoding="no-such-encoding")
        forge(b"{", content_type=1 if isinstance(cluster.broker, Redis) else "no/type", content_encoding="utf-8")
        forge(b"not compressed", content_type="text/plain", content_encoding="utf-8", headers={"compression": "zlib"})
        forge([[], {}, None], serializer="json", headers={"task": f"{CLUSTERED}.own", "id": "1", "lang": "py"})
        forge([[], {}, None], serializer="json", headers={"task": "no.such.task", "id": 7, "retries": "many"})
    until(lambda: cluster.messages("default") == 0, "an empty queue")
    woken(cluster)
    assert lines(where) == []
    assert worker.poll() is None
    assert "no.such.task" not in cluster.printed()
    assert "Traceback" not in cluster.printed()


def test_nobody_to_hear_of_them_wakeups_do_not_pile_up(cluster: ClusterHome) -> None:
    runs = [jobs.count.start(upto=0) for _ in range(2000)]
    assert cluster.messages("default") <= 1500
    cluster.node("--concurrency", "2")
    began = time.monotonic()
    runs[-1].wait(30)
    assert time.monotonic() - began < 20
    woken(cluster)
    until(lambda: cluster.messages("default") == 0, "an empty queue")


def test_over_an_honest_backlog_there_is_silence(tmp_path: Path, engine: NewGround, gate: Path) -> None:
    with ExitStack() as stack:

        def with_a_way(data: Path) -> Ground:
            ground = engine(data)
            assert isinstance(ground, Cluster)
            way = stack.enter_context(Partition(ground.broker.port))
            ground.broker_url = ground.broker_url.replace(str(ground.broker.port), str(way.port))
            ways.append(way)
            return ground

        ways: list[Partition] = []
        home = ClusterHome(tmp_path / "home", with_a_way)
        stack.callback(home.close)
        stack.enter_context(home.app.app_context())
        going = [jobs.hold.start(str(gate)) for _ in range(2)]
        for _ in range(2):
            home.node("--concurrency", "1", HOTPLATE_LEASE="3")
        until(lambda: all(map(is_running, going)), "both nodes to be full")
        jobs.count.start(upto=1)
        assert home.rows(MULTIPLY, 100_000) == [(100_000,)]
        before = ways[0].passed
        ((begun,),) = home.rows("select min(beat) from nodes")
        until(lambda: home.rows("select min(beat) from nodes")[0][0] > begun + 3, "the nodes to have looked")
        assert ways[0].passed - before < 50_000
