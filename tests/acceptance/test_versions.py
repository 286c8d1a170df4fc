"""Processes of an older and of a newer Hotplate on one record."""

from __future__ import annotations

import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from hotplate import EngineError
from hotplate.engines.sqlite.folder import DATABASE
from tests.acceptance import app as jobs, tomorrow
from tests.acceptance.app import create_app
from tests.acceptance.engines import embedded_only
from tests.acceptance.home import APP, ROOT, Home, first_line
from tests.acceptance.storm import Submitter, check, ended
from tests.acceptance.tomorrow import TODAYS, VERSION
from tests.processes import DEADLINE_S, Processes, Server, until

pytestmark = pytest.mark.any_broker

URL = "HOTPLATE_DATABASE_URL"
TODAY = ("-m", "hotplate")
OLDER = f"the record is older than this Hotplate ({TODAYS} < {VERSION}); run: hotplate db upgrade"
postgresql_only = pytest.mark.parametrize("engine", ["postgresql"], indirect=True, scope="session")


def of_tomorrow(home: Home) -> subprocess.Popen[bytes]:
    """A node of the newer Hotplate."""
    node = home.processes.python(*tomorrow.COMMAND, "worker", tomorrow.APP, "-c", "2", environ=home.environ)
    home.nodes.append(node)
    home.ready(node)
    return node


def hotplate(home: Home, *argv: str, command: tuple[str, ...] = TODAY, **environ: str) -> tuple[int, str]:
    """How a command ends, and what it prints."""
    ended = home.processes.python(*command, *argv, cwd=ROOT, environ=home.environ | environ)
    code = ended.wait(DEADLINE_S)
    return code, home.processes.output(ended)


def upgrade(home: Home, *more: str, **environ: str) -> tuple[int, str]:
    return hotplate(home, "db", "upgrade", tomorrow.APP, *more, command=tomorrow.COMMAND, **environ)


def status(home: Home) -> tuple[int, str]:
    return hotplate(home, "db", "status", APP)


def change(home: Home, statement: str) -> None:
    """Change the record behind everybody's back."""
    if url := home.environ.get(URL):
        with psycopg.connect(url, options="-c search_path=hotplate") as connection:
            connection.execute(statement.encode())
    else:
        with closing(sqlite3.connect(home.data / DATABASE)) as record, record:
            record.execute(statement)


def go_on(home: Home, submitter: Submitter) -> None:
    """Wait until a few more runs were started and have ended."""
    started, done = len(submitter.acknowledged) + 40, ended(home) + 40
    until(lambda: len(submitter.acknowledged) >= started and ended(home) >= done, "runs to be started and to end")


def steps(home: Home, server: Server, numbers: range) -> Submitter:
    where = str(home.folder / "steps")
    return Submitter(server.url, "step", lambda n: {"where": where, "number": n, "seconds": 0.001}, numbers)


def finish(home: Home, *submitters: Submitter) -> None:
    for submitter in submitters:
        submitter.stop()
    acknowledged = {n: run_id for submitter in submitters for n, run_id in submitter.acknowledged.items()}
    until(lambda: ended(home) == len(acknowledged), "the end of all")
    check(home, acknowledged, home.folder / "steps")


def test_an_older_node_serves_a_newer_web_process(home: Home) -> None:
    home.node("-c", "2")
    old = steps(home, home.server(), range(100_000))
    go_on(home, old)
    assert upgrade(home)[0] == 0
    go_on(home, old)
    new = steps(home, home.processes.flask(tomorrow.APP, environ=home.environ), range(100_000, 200_000))
    go_on(home, new)
    finish(home, old, new)
    colours = dict(home.rows("select colour, count(*) from runs group by colour"))
    assert colours == {"grey": len(old.acknowledged), "blue": len(new.acknowledged)}


def test_a_newer_node_serves_an_older_web_process(home: Home) -> None:
    node = home.node("-c", "2")
    old = steps(home, home.server(), range(100_000))
    go_on(home, old)
    assert upgrade(home)[0] == 0
    node.send_signal(signal.SIGTERM)
    node.wait(DEADLINE_S)
    of_tomorrow(home)
    go_on(home, old)
    finish(home, old)


def test_the_command_tells_what_it_does(home: Home) -> None:
    assert upgrade(home, "--check") == (1, f"version {VERSION} is missing: runs have a colour\n")
    code, said = hotplate(home, "db", "status", tomorrow.APP, command=tomorrow.COMMAND)
    assert code == 1
    assert OLDER in said
    code, said = upgrade(home)
    assert (code, said.splitlines()[0]) == (0, f"version {VERSION}: runs have a colour")
    assert said.splitlines()[1].endswith(f"version {VERSION}, compatible from 1: this Hotplate works with it")
    assert [upgrade(home, *more)[0] for more in ((), ("--check",))] == [0, 0]
    code, said = status(home)
    assert code == 0
    assert f"{VERSION}, compatible from 1: this Hotplate works with it" in said


@pytest.mark.parametrize(("compatible_from", "works"), [(1, True), (VERSION, False)])
def test_a_newer_record_is_used_if_it_is_compatible(home: Home, compatible_from: int, works: bool) -> None:
    change(home, f"update meta set value = '{VERSION}' where name = 'schema'")
    change(home, f"update meta set value = '{compatible_from}' where name = 'compatible_from'")
    other = create_app(**{name: value for name, value in home.environ.items() if name.startswith("HOTPLATE_")})
    if works:
        other.extensions["hotplate"].engine().close()
    else:
        with pytest.raises(EngineError, match=rf"is older than the record \({VERSION} > {TODAYS}\): upgrade it"):
            other.extensions["hotplate"].engine()
    assert status(home)[0] == (0 if works else 1)
    if not works:
        node = home.start_node()
        assert node.wait(DEADLINE_S) == 1
        assert "upgrade it" in home.printed()


@postgresql_only
def test_an_older_record_is_not_changed_by_itself(home: Home) -> None:
    node = home.processes.python(*tomorrow.COMMAND, "worker", tomorrow.APP, environ=home.environ)
    assert node.wait(DEADLINE_S) == 1
    assert OLDER in home.processes.output(node)


@embedded_only
def test_the_node_brings_the_data_folder_up_to_date(home: Home) -> None:
    node = of_tomorrow(home)
    assert f"version {VERSION}: runs have a colour" in home.processes.output(node)
    assert home.rows("select value from meta where name = 'schema'") == [(str(VERSION),)]


def test_a_step_that_breaks_others_waits_for_their_end(home: Home) -> None:
    node = home.node()
    code, said = upgrade(home, **{tomorrow.BREAKS: "1"})
    assert code == 1
    assert "a node is alive: end all nodes and web processes first" in said
    node.send_signal(signal.SIGTERM)
    node.wait(DEADLINE_S)
    assert upgrade(home, **{tomorrow.BREAKS: "1"})[0] == 0
    assert f"({VERSION} > {TODAYS}): upgrade it" in status(home)[1]


@postgresql_only
def test_an_upgrade_holds_up_nobody_for_long(home: Home) -> None:
    home.node()
    url = home.environ[URL]
    submitter = steps(home, home.server(), range(100_000))
    with closing(psycopg.connect(url)) as reader:
        reader.execute("select count(*) from hotplate.runs")  # which keeps the table from being changed
        upgrading = home.processes.python(*tomorrow.COMMAND, "db", "upgrade", tomorrow.APP, environ=home.environ)
        said: Callable[[], int] = lambda: home.processes.output(upgrading).count("is in use")  # noqa: E731
        until(lambda: said() >= 2, "two tries")
        go_on(home, submitter)
        assert upgrading.poll() is None
    assert upgrading.wait(DEADLINE_S) == 0, home.processes.output(upgrading)
    finish(home, submitter)


def test_status_tells_what_is_in_the_record(home: Home, gate: Path, where: Path) -> None:
    home.node("-c", "1", "-q", "default")
    running = jobs.hold.start(str(gate), str(where))
    first_line(where)
    waiting = jobs.hold.start(str(gate), str(where))
    jobs.hold.options(delay=1000).start(str(gate), str(where))
    change(home, f"update runs set due_at = due_at - 100 where id = '{waiting.id}'")
    until(lambda: "1 of 1 at work" in status(home)[1], "the node's word")
    code, said = status(home)
    told = dict(re.findall(r"^(\w+) +(.*)$", said, re.MULTILINE))
    assert code == 0
    assert told["version"] == f"{TODAYS}, compatible from 1: this Hotplate works with it"
    assert re.fullmatch(r"\d+\.\d MiB", told["size"])
    assert told["runs"] == "2 queued, 1 running, 0 succeeded, 0 failed, 0 cancelled"
    assert re.fullmatch(f"run {waiting.id} of hold waits for 1\\d\\d s", told["oldest"])
    assert told["nodes"] == "1 alive"
    assert said.rstrip().endswith(": 1 of 1 at work, default")
    gate.touch()
    assert (running.wait(20), waiting.wait(20)) == ("opened", "opened")


@postgresql_only
def test_the_password_is_never_told(home: Home) -> None:
    plain = home.environ[URL]
    for url in (plain.replace("postgres@", "postgres:secret@"), "postgresql://me:secret@127.0.0.1:1/none"):
        for command in ("status", "upgrade"):
            code, said = hotplate(home, "db", command, APP, **{URL: url})
            assert code == (0 if plain[-6:] in url else 1)
            assert "on 127.0.0.1, port" in said
            assert "secret" not in said


def test_without_a_record_there_is_nothing_wrong(processes: Processes, tmp_path: Path) -> None:
    environ = {"HOTPLATE_DATA": str(tmp_path / "nowhere")}
    for argv, code, what in (
        (("status",), 0, "no record yet; it is made at its first use"),
        (("upgrade", "--check"), 1, "there is no record yet; the tables would be made"),
        (("upgrade",), 0, "the tables are made"),
    ):
        command = processes.python(*TODAY, "db", argv[0], APP, *argv[1:], cwd=ROOT, environ=environ)
        assert (command.wait(DEADLINE_S), what in processes.output(command)) == (code, True)
        assert (tmp_path / "nowhere").exists() == (argv == ("upgrade",))
