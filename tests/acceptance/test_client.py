"""The Python client and `hotplate call` against a real server and a real worker node."""

from __future__ import annotations

import io
import json
import os
import pty
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hotplate import errors
from hotplate.client import Client, Run, TimeoutError
from tests.acceptance.engines import NewGround
from tests.processes import Processes, Server, until

pytestmark = pytest.mark.any_broker

APP = str(Path(__file__).with_name("kitchen.py"))


@pytest.fixture(scope="module")
def kitchen(
    tmp_path_factory: pytest.TempPathFactory, engine: NewGround
) -> Iterator[tuple[Processes, Server, dict[str, str]]]:
    folder = tmp_path_factory.mktemp("kitchen")
    ground, processes = engine(folder / "data"), Processes(folder)
    ground.node(processes, APP, "--concurrency", "2", environ=ground.environ)
    yield processes, processes.flask(APP, environ=ground.environ), ground.environ
    processes.end_all()
    ground.close()


@pytest.fixture
def server(kitchen: tuple[Processes, Server, dict[str, str]]) -> str:
    return kitchen[1].url


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    with Client(server) as client:
        yield client


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A run of `hold` goes on until this file is there."""
    gate = tmp_path / "gate"
    yield gate
    gate.touch()


def is_running(run: Run) -> bool:
    return run.reload().state == "running"


def test_methods_are_called_by_name_and_as_attributes(client: Client) -> None:
    assert client.reverse("abc") == "cba"
    assert client.reverse(text="Zürich →") == "→ hcirüZ"
    assert client.company.get(7) == client.call("company.get", id=7) == {"id": 7}


def test_errors_of_the_server_are_exceptions_with_code_message_and_data(client: Client) -> None:
    with pytest.raises(errors.MethodNotFound, match="revers"):
        client.revers("abc")
    with pytest.raises(errors.InvalidParams, match="text"):
        client.reverse(7)
    with pytest.raises(errors.Error) as caught:
        client.find("dodo")
    assert (caught.value.code, caught.value.message, caught.value.data) == (42, "No such bird", {"bird": "dodo"})


def test_what_a_function_raised_stays_on_the_server(client: Client) -> None:
    with pytest.raises(errors.InternalError) as caught:
        client.crash()
    assert set(caught.value.data) == {"error_id"}
    assert "1234" not in repr(caught.value)


def test_a_batch_gives_each_call_its_own_answer(client: Client) -> None:
    with client.batch() as batch:
        reversed_ = batch.reverse("abc")
        missing = batch.company.find(1)
        batch.notify("reverse", "unheard")
        run = batch.count.start(upto=3)
    assert reversed_.result() == "cba"
    with pytest.raises(errors.MethodNotFound):
        missing.result()
    assert run.result().wait(20) == 3


def test_a_notification_has_no_answer(client: Client) -> None:
    client.notify("crash")


def test_a_run_is_started_and_waited_for(client: Client) -> None:
    run = client.count.start(upto=5)
    assert (run.job, run.wait(20), run.state) == ("count", 5, "succeeded")


def test_a_job_that_is_called_gives_its_run(client: Client) -> None:
    with client.batch() as batch:
        answer, wire = batch.count(upto=3), batch.call("run.list", job="count")
    for run in (client.count(upto=3), client.call("count", 3), answer.result()):
        assert (run.job, run.result, run.error) == ("count", None, None)
        assert (run.wait(20), run.result) == (3, 3)
    assert isinstance(wire.result(), dict)
    assert client.call("run.get", id=run.id)["state"] == "succeeded"


def test_what_a_method_gives_is_no_run_but_of_a_job_of_its_own_address(client: Client, server: str) -> None:
    assert client.mimic(client.call("run.get", id=client.count(upto=1).id))["job"] == "count"
    with Client(f"{server}/short", root=server) as short:
        assert short.inner(2).wait(20) == 4


def test_a_run_tells_its_error(client: Client) -> None:
    run = client.fail(wanted=True)
    with pytest.raises(errors.Error):
        run.wait(20)
    assert run.error.code == 7


def test_progress_comes_in_order_and_ends_with_the_run(client: Client) -> None:
    seen = list(client.count.start(upto=40, pause=0.01).progress)
    assert [step.done for step in seen] == sorted({step.done for step in seen})
    assert len(seen) > 2
    assert (seen[-1].done, seen[-1].total, seen[-1].fraction, seen[-1].message) == (40, 40, 1, "counting")


def test_waiting_ends_in_time_and_the_run_goes_on(client: Client, gate: Path) -> None:
    run = client.hold.start(gate=str(gate))
    with pytest.raises(TimeoutError, match=f"run {run.id}"):
        run.wait(timeout=0.2)
    gate.touch()
    assert run.wait(20) == "opened"


def test_a_run_is_cancelled(client: Client, gate: Path) -> None:
    run = client.hold.start(gate=str(gate))
    until(lambda: is_running(run), "the run to begin")
    run.cancel()
    with pytest.raises(errors.RunCancelled):
        run.wait(20)
    assert run.state == "cancelled"


def test_a_delayed_run_is_cancelled_at_once(client: Client) -> None:
    run = client.start("count", {"upto": 1}, delay=3600, priority=3)
    assert (run.state, run.record.waiting_for, run.record.priority) == ("queued", "delay", 3)
    assert run.cancel().state == "cancelled"


def test_a_job_that_raises_fails_after_its_retries(client: Client) -> None:
    run = client.fail.start()
    with pytest.raises(errors.JobFailed) as caught:
        run.wait(20)
    assert set(caught.value.data) == {"error_id"}
    assert run.record.attempt == 2


def test_an_error_of_the_jobs_own_is_raised_where_it_is_waited_for(client: Client) -> None:
    with pytest.raises(errors.Error, match="As you wished") as caught:
        client.fail.start(wanted=True).wait(20)
    assert (caught.value.code, caught.value.data) == (7, 1)


def test_a_run_is_repeated_as_a_new_one(client: Client) -> None:
    first = client.count.start(upto=2)
    first.wait(20)
    second = first.retry()
    assert second.id != first.id
    assert second.record.retry_of == first.id
    assert second.wait(20) == 2


def test_what_a_run_prints_and_logs_is_read_from_its_first_line(client: Client) -> None:
    lines = list(client.talk.start().log)
    assert [(line.level, line.logger, line.text) for line in lines] == [
        ("INFO", None, "printed"),
        ("WARNING", "kitchen", "logged"),
    ]


def test_partial_results_come_in_order_and_make_the_result(client: Client) -> None:
    run = client.squares.start(upto=5)
    assert list(run.partials) == [0, 1, 4, 9, 16]
    assert run.wait(20) == [0, 1, 4, 9, 16]


def test_a_run_is_found_by_its_id_and_in_the_list(client: Client) -> None:
    run = client.repeat.start("a", 2)
    run.wait(20)
    assert client.run(run.id).record.params == ["a", 2]
    assert run.id in [listed.id for listed in client.runs(job="repeat", state="succeeded")]
    assert client.call("run.count", text=run.id)["succeeded"] == 1
    with pytest.raises(errors.NotFound):
        client.run("nobody")


@pytest.mark.parametrize("sort", [None, "created", "-duration"])
def test_all_runs_that_fit_are_listed_page_by_page(client: Client, sort: str | None) -> None:
    key = f"page-{sort}"
    started = [client.start("repeat", ["a", 1], key=f"{key}-{n}") for n in range(51)]
    for run in started:
        run.wait(20)
    first = client.run(started[0].id).record.created_at
    found = [run.id for run in client.runs(state=["succeeded", "failed"], text=key, since=first, sort=sort)]
    assert len(found) == 51
    assert set(found) == {run.id for run in started}


def test_a_key_gives_one_run(client: Client) -> None:
    first = client.start("repeat", {"text": "a", "times": 1}, key="november")
    assert client.start("repeat", ["a", 1], key="november").id == first.id
    assert client.start("repeat", ["a", 1], key="december").id != first.id


def test_a_large_result_comes_like_any_other(client: Client) -> None:
    run = client.repeat.start("0123456789", 300_000)
    assert run.wait(20) == "0123456789" * 300_000
    assert run.record.result_file is not None


def test_files_go_in_and_out(client: Client, tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("hello")
    letter = client.upload(tmp_path / "letter.txt")
    assert (letter.name, letter.media_type, letter.size) == ("letter.txt", "text/plain", 5)
    answer = client.shout.start(letter=letter).wait(20)
    loud = io.BytesIO()
    client.download(answer, loud)
    assert (answer["name"], loud.getvalue()) == ("loud-letter.txt", b"HELLO")


def test_a_missing_file_is_not_found(client: Client, tmp_path: Path) -> None:
    with pytest.raises(errors.NotFound):
        client.download("nothing", tmp_path / "nothing")


def test_a_run_is_followed_over_a_restart_of_the_server(
    kitchen: tuple[Processes, Server, dict[str, str]], gate: Path
) -> None:
    processes, _, environ = kitchen
    first = processes.flask(APP, environ=environ)
    port = first.url.rpartition(":")[2]
    results: list[Any] = []
    with Client(first.url, timeout=30) as client:
        run = client.hold.start(gate=str(gate))
        until(lambda: is_running(run), "the run to begin")
        waiting = threading.Thread(target=lambda: results.append(run.wait(60)))
        waiting.start()
        processes.end(first.process)
        gate.touch()
        argv = ("-m", "flask", "--app", APP, "run", "--no-reload", "--port", port)
        processes.serve(processes.python(*argv, environ=environ), int(port))
        waiting.join(60)
    assert results == ["opened"]


def hotplate(*argv: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hotplate", *argv], capture_output=True, text=True, check=False, timeout=60
    )


def test_a_method_is_called_from_the_command_line(server: str) -> None:
    ended = hotplate("call", server, "reverse", "text=abc")
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, '"cba"\n', "")


def test_an_error_is_one_line_and_exit_code_1(server: str) -> None:
    ended = hotplate("call", server, "find", "dodo")
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == 'hotplate: No such bird: {"bird": "dodo"} (code 42)\n'


def test_whose_log_has_the_traceback_is_told(server: str) -> None:
    assert "the server's log has the traceback" in hotplate("call", server, "crash").stderr
    assert "the worker's log has the traceback" in hotplate("call", server, "fail").stderr


def test_a_job_is_followed_in_plain_lines_where_there_is_no_terminal(server: str) -> None:
    ended = hotplate("call", server, "count", "upto=30", "pause=0.01")
    assert (ended.returncode, ended.stdout) == (0, "30\n")
    lines = ended.stderr.splitlines()
    assert lines[-1].startswith("count  succeeded after 0.")
    assert any(" %  " in line and "counting" in line for line in lines)
    assert "\x1b" not in ended.stderr


def test_partial_results_are_shown_as_they_come(server: str) -> None:
    ended = hotplate("call", server, "squares", "upto=4")
    assert (ended.returncode, ended.stdout) == (0, "[0, 1, 4, 9]\n")
    assert [line.strip() for line in ended.stderr.splitlines() if line.strip().isdigit()] == ["0", "1", "4", "9"]
    assert ended.stderr.splitlines()[-1].startswith("squares  succeeded")


def test_a_failed_run_is_exit_code_1(server: str) -> None:
    ended = hotplate("call", server, "fail", "wanted=true")
    assert ended.returncode == 1
    assert ended.stderr.splitlines()[-1] == "hotplate: As you wished: 1 (code 7)"


def test_the_log_of_a_run_is_shown_if_it_is_asked_for(server: str) -> None:
    assert "printed" in hotplate("call", server, "talk", "--log").stderr
    assert "printed" not in hotplate("call", server, "talk").stderr


def test_a_job_can_be_left_to_itself_and_seen_again(server: str) -> None:
    run_id = hotplate("call", server, "count", "upto=2", "--no-wait").stdout.strip()
    ended = hotplate("call", server, "run.wait", run_id)
    assert (ended.returncode, ended.stdout) == (0, "2\n")
    assert json.loads(hotplate("call", server, "run.get", run_id).stdout)["state"] == "succeeded"


def test_options_of_the_start_are_given_on_the_command_line(server: str) -> None:
    first = hotplate("call", server, "count", "upto=1", "--key=once", "--delay=3600", "--no-wait").stdout
    assert hotplate("call", server, "count", "upto=1", "--key=once", "--no-wait").stdout == first
    cancelled = json.loads(hotplate("call", server, "run.cancel", first.strip()).stdout)
    assert (cancelled["state"], cancelled["key"]) == ("cancelled", "once")


class AtTerminal:
    """`hotplate …` with a terminal of its own on standard error."""

    def __init__(self, *argv: str) -> None:
        self._terminal, end = pty.openpty()
        command = [sys.executable, "-m", "hotplate", *argv]
        self.process = subprocess.Popen(command, stdin=end, stdout=subprocess.PIPE, stderr=end, start_new_session=True)
        os.close(end)
        self.shown = ""
        threading.Thread(target=self._read, daemon=True).start()

    def ended(self) -> int:
        self.output = self.process.communicate(timeout=30)[0].decode()
        return self.process.returncode

    def _read(self) -> None:
        try:
            while data := os.read(self._terminal, 4096):
                self.shown += data.decode()
        except OSError:  # how Linux tells that the other end is closed
            os.close(self._terminal)


def test_a_terminal_shows_a_bar(server: str) -> None:
    command = AtTerminal("call", server, "count", "upto=50", "pause=0.01")
    assert (command.ended(), command.output) == (0, "50\n")
    until(lambda: "succeeded" in command.shown, "the last line")
    pictures = command.shown.split("\r\x1b[K")
    assert any(picture.startswith("count  [━") and "ETA 0:0" in picture for picture in pictures)
    assert pictures[-1].startswith("count  succeeded after ")


def test_ctrl_c_leaves_the_run_and_says_how_to_find_it(server: str, client: Client, gate: Path) -> None:
    command = AtTerminal("call", server, "hold", f"gate={gate}")
    until(lambda: "hold  " in command.shown, "the progress")
    command.process.send_signal(signal.SIGINT)
    assert (command.ended(), command.output) == (130, "")
    run_id = until(lambda: command.shown.partition("run.wait ")[2].split()[:1], "how to find it")[0]
    assert f"hotplate call {server} run.cancel {run_id}" in command.shown
    assert "Traceback" not in command.shown
    assert not client.run(run_id).is_final
    gate.touch()
    assert client.run(run_id).wait(20) == "opened"
