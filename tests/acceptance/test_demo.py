"""`hotplate demo` as somebody sees it who has just installed Hotplate; then on every engine, by settings alone."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import pytest

from hotplate import Job
from hotplate.client import Client
from hotplate.demo.app import estimate_pi
from hotplate.demo.finance import simulate_option
from hotplate.demo.pictures import mandelbrot
from hotplate.demo.queueing import simulate_queue
from hotplate.demo.text import statistics
from tests.acceptance.engines import Ground
from tests.acceptance.home import gone
from tests.processes import Processes, free_port, until

APP = "hotplate.demo.app:app"
JOBS: dict[str, tuple[Job[..., Any], dict[str, Any]]] = {
    "estimate_pi": (estimate_pi, {"samples": 100_000, "seed": 3}),
    "finance.simulate_option": (simulate_option, {"paths": 10_000, "seed": 3}),
    "pictures.mandelbrot": (mandelbrot, {"width": 48, "depth": 20}),
    "queueing.simulate_queue": (simulate_queue, {"customers": 10_000, "seed": 3}),
    "text.statistics": (statistics, {"content": "to be or not to be", "top": 2}),
}
"""The jobs of the demonstration, each with arguments that determine its result."""


def ended(processes: Processes, demo: subprocess.Popen[bytes]) -> str:
    """What the demonstration has printed once it has ended."""
    try:
        demo.wait(60)
    except subprocess.TimeoutExpired:
        pytest.fail(f"it goes on after 60 s:\n{processes.output(demo)}")
    return processes.output(demo)


def test_once_shows_one_run_from_its_start_to_its_result(processes: Processes) -> None:
    demo = processes.start("hotplate", "demo", "--once", "--port", str(free_port()))
    output = ended(processes, demo)
    assert demo.returncode == 0, output
    assert "no worker is alive" not in output
    assert "Echo.reverse('Hotplate') answers at once: etalptoH" in output
    assert re.search(r"^estimate_pi  +\d+ %  .*ETA 0:", output, re.MULTILINE)
    assert re.search(r"^estimate_pi  succeeded after ", output, re.MULTILINE)
    assert re.search(r"^    20,000,000  3\.14\d+  ± 0\.0003", output, re.MULTILINE)


def test_a_run_that_cannot_be_started_is_a_non_zero_exit_code(processes: Processes, data_folder: Path) -> None:
    data_folder.write_text("no folder")
    demo = processes.start("hotplate", "demo", "--once", "--port", str(free_port()))
    assert f"data folder {data_folder} cannot be made" in ended(processes, demo)
    assert demo.returncode == 1


def test_without_once_it_stays_up_until_ctrl_c(processes: Processes) -> None:
    port = free_port()
    demo = processes.start("hotplate", "demo", "--port", str(port))
    until(lambda: f"Open http://127.0.0.1:{port}/console/" in processes.output(demo), "the invitation")
    with Client(f"http://127.0.0.1:{port}") as client:
        assert client.finance.black_scholes()["call"] == pytest.approx(4.759, abs=0.001)
        assert client.text.statistics.start().wait(20)["longest_word"] == "redistributions"
        told = (update.data["value"] for update in client.watch("live/machine.load"))
        assert next(load for load in told if load)["cores"] == os.cpu_count()
        assert [schedule["name"] for schedule in client.schedule.list()] == ["half_hourly_pi"]
    demo.send_signal(signal.SIGINT)
    assert demo.wait(20) == 0
    assert "Traceback" not in processes.output(demo)


def test_where_its_port_is_taken_it_takes_the_next_free_one(processes: Processes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        demo = processes.start("hotplate", "demo", "--port", str(port))
        found = until(lambda: re.search(r"Open http://127\.0\.0\.1:(\d+)/", processes.output(demo)), "the invitation")
    assert int(found[1]) > port


def test_dev_says_that_another_node_does_the_runs(processes: Processes) -> None:
    argv = ("hotplate", "dev", APP, "--no-reload", "--port")
    first = processes.start(*argv, str(free_port()))
    until(lambda: "jobs: " in processes.output(first), "the first node")
    second = processes.start(*argv, str(free_port()))
    until(lambda: "runs are done by the other worker node, none here" in processes.output(second), "the warning")


def test_dev_says_that_no_runs_are_done(processes: Processes, data_folder: Path) -> None:
    data_folder.write_text("no folder")
    dev = processes.start("hotplate", "dev", APP, "--no-reload", "--port", str(free_port()))
    until(lambda: "runs wait, none will be done here" in processes.output(dev), "the warning")
    assert f"worker error: data folder {data_folder} cannot be" in processes.output(dev)


def started(way: str, processes: Processes, ground: Ground) -> tuple[str, list[subprocess.Popen[bytes]]]:
    """The demonstration with nothing but settings to say which engine: its address, and the processes to be ended."""
    if way == "flask run and hotplate worker":
        server = processes.flask(APP, environ=ground.environ)
        return server.url, [processes.node(APP, environ=ground.environ)]
    port = free_port()
    more = [APP, "--no-reload"] if way == "hotplate dev" else []
    process = processes.start(*way.split(), *more, "--port", str(port), environ=ground.environ)
    return processes.serve(process, port).url, [process]


def family(processes: list[subprocess.Popen[bytes]]) -> list[psutil.Process]:
    """These processes and all that they have started."""
    own = [psutil.Process(process.pid) for process in processes]
    return [*own, *(below for one in own for below in one.children(recursive=True))]


def through_the_api(client: Client, name: str, params: dict[str, Any]) -> Any:
    """What a run of the job gives: its result, or all that it yields."""
    run = reduce(getattr, name.split("."), client).start(**params)
    result = run.wait(30)
    return list(run.partials) or result


def plainly(job: Job[..., Any], params: dict[str, Any]) -> Any:
    """What the job gives as a plain function."""
    result = job(**params)
    return msgspec.to_builtins(list(result) if isinstance(result, Iterator) else result)


@pytest.mark.parametrize("way", ["hotplate demo", "hotplate dev", "flask run and hotplate worker"])
def test_settings_alone_choose_the_engine(way: str, ground: Ground, processes: Processes) -> None:
    url, told = started(way, processes, ground)
    until(lambda: httpx.get(f"{url}/health/ready").json()["nodes"] == 1, "the node")
    all_processes = family(told)
    assert any("celery" in one.cmdline() for one in all_processes) == ground.hosts
    with Client(url) as client:
        for name, (job, params) in JOBS.items():
            assert through_the_api(client, name, params) == plainly(job, params)
    done = {name for (name,) in ground.rows("select job from runs where state = 'succeeded'")}
    assert done >= JOBS.keys(), "they are in the record that the settings name"
    for process in told:
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 0
        assert "Traceback" not in processes.output(process)
    assert gone(one.pid for one in all_processes)
