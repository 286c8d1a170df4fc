"""The life of a node: one a data folder, its end by Ctrl-C, code loaded anew, jobs it does not know."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hotplate import errors
from tests.acceptance import app as jobs
from tests.acceptance.engines import embedded_only, without_host
from tests.acceptance.home import APP, Home, first_line, gone, is_running, kill, lines, waits_for
from tests.processes import until

pytestmark = pytest.mark.any_broker


def ended(node: subprocess.Popen[bytes], timeout: float = 20) -> int:
    return node.wait(timeout)


@embedded_only
def test_a_second_node_on_the_same_folder_says_who_has_it(home: Home, node: subprocess.Popen[bytes]) -> None:
    second = home.start_node()
    assert ended(second) == 1
    said = home.processes.output(second)
    assert f"process {node.pid}" in said
    assert str(home.data) in said
    assert "Traceback" not in said
    assert jobs.count.start(upto=1).wait(20) == 1


def test_without_a_node_a_run_waits_and_says_so(home: Home) -> None:
    run = jobs.count.start(upto=1)
    waits_for(run, "no worker alive")
    home.node()
    assert run.wait(20) == 1


def test_a_run_of_a_job_that_no_worker_knows_waits_for_one_that_does(home: Home, tmp_path: Path, where: Path) -> None:
    older = tmp_path / "older.py"
    older.write_text(
        "from flask import Flask\nfrom hotplate import Hotplate\napp = Flask(__name__)\nhp = Hotplate(app)\n"
    )
    old = home.node(app=str(older))
    run = jobs.note.start(str(where), "known at last")
    waits_for(run, "job unknown to every worker")
    old.send_signal(signal.SIGTERM)
    assert ended(old) == 0
    home.node()
    assert run.wait(20) == "known at last"


def test_params_that_no_longer_fit_fail_and_say_which(home: Home) -> None:
    run = jobs.reshaped.start("large")
    fitting = jobs.reshaped.options(priority=1).start("7")
    home.node(NARROW="1")
    for one in (run, fitting):
        with pytest.raises(errors.ParamsOutdated, match="size"):
            one.wait(20)
    assert run.reload().attempt == 1


def test_ctrl_c_ends_a_node_after_the_runs_that_are_going_on(
    home: Home, node: subprocess.Popen[bytes], gate: Path, where: Path
) -> None:
    going, waiting = jobs.hold.start(str(gate), str(where)), jobs.count.start(upto=1)
    first_line(where)
    node.send_signal(signal.SIGINT)
    until(lambda: "waiting for 1 run to finish" in home.printed(), "the node's word")
    gate.touch()
    assert ended(node) == 0, home.printed()
    assert going.reload().state == "succeeded"
    waits_for(waiting, "no worker alive")
    assert "Traceback" not in home.printed()


def test_a_run_that_outlasts_the_grace_goes_back_uncharged_with_its_checkpoint(
    home: Home, node: subprocess.Popen[bytes], gate: Path, where: Path
) -> None:
    run = jobs.climb.start(str(where), str(gate), top=6)
    until(lambda: len(lines(where)) == 4, "half of the way")
    node.send_signal(signal.SIGTERM)
    assert ended(node) == 0, home.printed()
    back = run.reload()
    assert (back.state, back.attempt, back.max_attempts) == ("queued", 1, 3)
    assert gone([int(lines(where)[0].split()[-1])])
    gate.touch()
    home.node()
    assert run.wait(20) == [4, 2]
    assert home.moves(run) == ["claim", "release", "claim", "succeed"]


def test_a_second_ctrl_c_ends_a_node_at_once(home: Home, gate: Path, where: Path) -> None:
    patient = home.node(HOTPLATE_GRACE="600")
    run = jobs.hold.start(str(gate), str(where))
    worker = int(first_line(where))
    patient.send_signal(signal.SIGINT)
    until(lambda: "waiting for 1 run to finish" in home.printed(), "the node's word")
    patient.send_signal(signal.SIGINT)
    assert ended(patient, 5) == 0
    assert gone([worker])
    assert run.reload().state == "queued"


def test_a_job_that_must_not_be_repeated_is_not_when_its_node_ends(
    home: Home, node: subprocess.Popen[bytes], gate: Path, where: Path
) -> None:
    run = jobs.pay_slowly.start(str(where), str(gate))
    first_line(where)
    node.send_signal(signal.SIGINT)
    assert ended(node) == 0, home.printed()
    assert run.reload().state == "failed"
    home.node()
    with pytest.raises(errors.WorkerLost):
        run.wait(20)
    assert len(lines(where)) == 1


def test_runs_that_quickly_follow_each_other_are_not_repeated_either(home: Home, where: Path) -> None:
    node = home.node("--concurrency", "1")
    for _ in range(30):  # enough to be known as quick, and to be handed out several at a time
        jobs.pay_small.start(str(where), "")
    runs = [jobs.pay_small.start(str(where), "")]
    runs[0].wait(20)
    runs = [jobs.pay_small.start(str(where), str(n)) for n in range(300)]
    until(lambda: "20" in lines(where), "some to be done")
    home.processes.end(node)
    home.node("--concurrency", "1")
    until(lambda: all(run.reload().is_final for run in runs), "the end of all")
    paid = [line for line in lines(where) if line]
    assert len(paid) == len(set(paid)), "a side effect came twice"


def test_a_killed_node_leaves_no_worker_behind(home: Home, node: subprocess.Popen[bytes], where: Path) -> None:
    jobs.grinding.start(str(where))
    worker = int(first_line(where))
    home.kill(node)
    until(lambda: gone([worker]), "the end of the worker")


def test_what_jobs_of_a_killed_node_have_started_ends_with_the_next_node(
    home: Home, node: subprocess.Popen[bytes], gate: Path, where: Path
) -> None:
    run = jobs.family.start(str(where), str(gate), apart=True)
    child = int(first_line(where))
    home.kill(node)
    home.node()
    until(lambda: gone([child]), "the end of what the job had started")
    gate.touch()
    run.cancel()


def test_code_is_loaded_anew_while_a_run_goes_on(home: Home, gate: Path, where: Path) -> None:
    node = home.node("--concurrency", "2")
    going = jobs.hold.start(str(gate), str(where))
    worker = int(first_line(where))
    node.send_signal(signal.SIGHUP)
    another = jobs.worker_pid.start().wait(20)
    assert another != worker
    assert is_running(going)
    gate.touch()
    assert going.wait(20) == "opened"
    until(lambda: gone([worker]), "the end of the worker with the old code")


APP_WITH = """
import os, time
from pathlib import Path
from flask import Flask
from hotplate import Hotplate, current_run
app = Flask(__name__)
hp = Hotplate(app)
"""
REMOVED = """
@hp.job
def hold(gate: str, where: str = "") -> str:
    Path(where).write_text(str(os.getpid()))
    while not Path(gate).exists():
        time.sleep(0.01)
    return "old"
"""
ADDED = """
@hp.job
def count(upto: int, pause: float = 0) -> int:
    return -upto
"""


def test_a_run_ends_well_though_its_job_is_gone_from_the_code(
    home: Home, gate: Path, where: Path, tmp_path: Path
) -> None:
    code = tmp_path / "changing.py"
    code.write_text(APP_WITH + REMOVED)
    node = home.node("--concurrency", "2", app=str(code))
    going, unknown = jobs.hold.start(str(gate), str(where)), jobs.count.start(upto=5)
    first_line(where)
    waits_for(unknown, "job unknown to every worker")
    code.write_text(APP_WITH + ADDED)
    node.send_signal(signal.SIGHUP)
    assert unknown.wait(20) == -5
    gate.touch()
    assert going.wait(20) == "old"
    assert node.poll() is None


def test_a_killed_worker_whose_job_is_gone_harms_nothing(home: Home, gate: Path, where: Path, tmp_path: Path) -> None:
    code = tmp_path / "changing.py"
    code.write_text(APP_WITH + REMOVED)
    node = home.node("--concurrency", "2", app=str(code))
    going, other = jobs.hold.start(str(gate), str(where)), jobs.count.start(upto=5)
    worker = int(first_line(where))
    code.write_text(APP_WITH + ADDED)
    node.send_signal(signal.SIGHUP)
    assert other.wait(20) == -5
    kill(worker)
    until(lambda: going.reload().state == "queued", "the run to be given back")
    waits_for(going, "job unknown to every worker")


def test_code_that_cannot_be_loaded_leaves_the_node_as_it_is_until_it_can(home: Home, tmp_path: Path) -> None:
    code = tmp_path / "changing.py"
    code.write_text(APP_WITH + ADDED)
    node = home.node("--concurrency", "2", app=str(code))
    code.write_text("this is no Python")
    node.send_signal(signal.SIGHUP)
    until(lambda: "could not be loaded" in home.printed(), "the node's word")
    assert "SyntaxError" in home.printed()
    run = jobs.count.start(upto=3)
    code.write_text(APP_WITH + ADDED)
    node.send_signal(signal.SIGHUP)
    assert run.wait(20) == -3
    assert node.poll() is None


def test_an_application_that_cannot_be_loaded_ends_the_node_with_one_line(home: Home, tmp_path: Path) -> None:
    code = tmp_path / "broken.py"
    code.write_text("import nothing_of_that_name")
    node = home.start_node(app=str(code))
    assert ended(node) == 1
    said = home.processes.output(node)
    assert "cannot load " in said
    assert "nothing_of_that_name" in said
    assert said.count("\n") == 1


@without_host
def test_an_application_that_ends_the_worker_is_tried_again_and_told_of(home: Home, tmp_path: Path) -> None:
    code = tmp_path / "hostile.py"
    code.write_text("import os; os._exit(5)")
    node = home.start_node(app=str(code))
    until(lambda: "(status 5) while it was loading" in home.processes.output(node), "the node's word")
    code.write_text(APP_WITH + ADDED)
    home.ready(node)


def test_a_node_whose_output_nobody_takes_goes_on(home: Home) -> None:
    command = f"{Path(sys.executable).parent}/hotplate worker {APP} 2>&1 | true"
    home.processes.start("sh", "-c", command, environ=home.environ)
    (before,) = until(home.engine.ledger.nodes, "the node")
    jobs.chatter.start(lines=5000).wait(20)
    with pytest.raises(errors.JobFailed):
        jobs.stumble.start("exception").wait(20)
    assert home.engine.ledger.nodes()[0].pid == before.pid


def test_a_node_takes_only_the_queues_it_is_told(home: Home, where: Path) -> None:
    home.node("--queues", "default,light")
    heavy, light = jobs.lift.start(str(where)), jobs.note.start(str(where), "light")
    assert light.wait(20) == "light"
    waits_for(heavy, "job unknown to every worker")
    moved = jobs.lift.options(queue="light").start(str(where))
    moved.wait(20)
    assert (moved.reload().queue, lines(where)) == ("light", ["light", "lifted"])


def test_a_delayed_run_begins_when_it_is_due(home: Home, node: subprocess.Popen[bytes], where: Path) -> None:
    jobs.count.start(upto=1).wait(20)
    began = time.time()
    runs = [jobs.flaky.options(delay=delay).start(str(where), good=1) for delay in (0.4, 0.7)]
    assert [run.waiting_for for run in runs] == ["delay", "delay"]
    for run in runs:
        run.wait(20)
    first, second = (float(line) - began for line in lines(where))
    assert 0.4 <= first < 0.7 <= second < 1


@embedded_only
def test_a_run_takes_back_its_slot_from_the_next_node_after_a_kill(
    home: Home, node: subprocess.Popen[bytes], gate: Path, where: Path
) -> None:
    run = jobs.hold.start(str(gate), str(where))
    first_line(where)
    home.kill(node)
    until(lambda: not home.engine.ledger.nodes(), "the node's end to be seen")
    assert run.reload().state == "running", "nobody has looked yet"
    gate.touch()
    home.node()
    assert run.wait(20) == "opened"
    assert home.moves(run) == ["claim", "lose", "claim", "succeed"]
