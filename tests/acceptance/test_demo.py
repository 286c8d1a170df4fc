"""`hotplate demo` as somebody sees it who has just installed Hotplate."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from hotplate.client import Client
from tests.processes import Processes, free_port, until


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
    argv = ("hotplate", "dev", "hotplate.demo.app:app", "--no-reload", "--port")
    first = processes.start(*argv, str(free_port()))
    until(lambda: "jobs: " in processes.output(first), "the first node")
    second = processes.start(*argv, str(free_port()))
    until(lambda: "runs are done by the other worker node, none here" in processes.output(second), "the warning")


def test_dev_says_that_no_runs_are_done(processes: Processes, data_folder: Path) -> None:
    data_folder.write_text("no folder")
    dev = processes.start("hotplate", "dev", "hotplate.demo.app:app", "--no-reload", "--port", str(free_port()))
    until(lambda: "runs wait, none will be done here" in processes.output(dev), "the warning")
    assert f"worker error: data folder {data_folder} cannot be" in processes.output(dev)
