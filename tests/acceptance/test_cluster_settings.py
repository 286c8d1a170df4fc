"""Settings alone choose the engine, wherever they come from; what cannot work is refused in one line."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.acceptance import app as jobs
from tests.acceptance.cluster import CLUSTERED, ClusterHome
from tests.acceptance.engines import clusters
from tests.acceptance.home import ROOT, lines
from tests.processes import Processes, until

pytestmark = pytest.mark.any_broker

NAMES = {"PYTHONPATH": str(ROOT)}
ALONE = {"HOTPLATE_BROKER_URL": "redis://127.0.0.1:1/0"} | NAMES


def application(folder: Path, **config: object) -> str:
    """A file with the application of these tests, which has this configuration of its own."""
    code = folder / "configured.py"
    code.write_text(f"from tests.acceptance.app import create_app\napp = create_app(**{config!r})\n")
    return str(code)


@clusters
@pytest.mark.parametrize("key", ["HOTPLATE_BROKER_URL", "CELERY", "CELERY_BROKER_URL"])
def test_the_broker_may_be_named_anywhere(cluster: ClusterHome, tmp_path: Path, where: Path, key: str) -> None:
    database, broker = cluster.ground.url, cluster.ground.broker_url
    config: dict[str, object] = {"HOTPLATE_DATABASE_URL": database}
    environ = {"HOTPLATE_DATABASE_URL": "", "HOTPLATE_BROKER_URL": ""}
    if key == "CELERY_BROKER_URL":
        environ[key] = broker
    else:
        config[key] = {"broker_url": broker} if key == "CELERY" else broker
    worker = cluster.node("--concurrency", "1", app=application(tmp_path, **config), **environ)
    assert b"celery" in Path(f"/proc/{worker.pid}/cmdline").read_bytes()
    assert jobs.note.start(str(where), "done").wait(20) == "done"


@clusters
def test_celery_serves_the_application_of_a_factory(cluster: ClusterHome, where: Path) -> None:
    cluster.celery_worker(app="hotplate.celery_app", HOTPLATE_APP="tests.acceptance.app:create_app")
    assert jobs.note.start(str(where), "done").wait(20) == "done"


@clusters
@pytest.mark.parametrize("pool", ["threads", "solo", "prefork"])
def test_any_pool_of_celery_will_do(cluster: ClusterHome, where: Path, pool: str) -> None:
    worker = cluster.celery_worker("--concurrency", "2", "-P", pool)
    cluster.celery.send_task(f"{CLUSTERED}.own", (str(where), "cooked"))
    for _ in range(5):
        jobs.count.start(upto=1).wait(20)
    until(lambda: lines(where), "the user's own task")
    until(lambda: cluster.messages("default") == 0, "no wake-up to be left")
    worker.terminate()
    assert worker.wait(20) == 0


def refused(command: list[str], processes: Processes, **environ: str) -> str:
    """What a command says in its last line, which ends with a code that is not 0."""
    process = processes.start(*command, environ=NAMES | environ)
    assert process.wait(30) != 0
    return processes.output(process).strip()


@pytest.mark.parametrize("command", ["hotplate worker", "hotplate describe", "celery -A hotplate.celery_app worker"])
def test_a_broker_without_a_database_is_refused_in_one_line(command: str, processes: Processes) -> None:
    app = [] if command.startswith("celery") else [CLUSTERED]
    said = refused([*command.split(), *app], processes, **ALONE, HOTPLATE_APP=CLUSTERED)
    assert "HOTPLATE_BROKER_URL is set, but not HOTPLATE_DATABASE_URL" in said
    assert said.count("\n") == 0


def without(folder: Path, package: str) -> dict[str, str]:
    """The environment of a Python that has not this package."""
    (folder / "sitecustomize.py").write_text(f"import sys\nsys.modules[{package!r}] = None\n")
    return {"PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])}


@pytest.mark.parametrize(("package", "extra"), [("celery", "hotplate[celery]"), ("psycopg", "hotplate[postgres]")])
def test_what_is_not_installed_is_named(processes: Processes, tmp_path: Path, package: str, extra: str) -> None:
    lacking = without(tmp_path, package) | {"HOTPLATE_DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    broker = ALONE["HOTPLATE_BROKER_URL"] if package == "celery" else ""
    said = refused(
        ["hotplate", "worker", "tests.acceptance.app:create_app"],
        processes,
        **lacking | {"HOTPLATE_BROKER_URL": broker},
    )
    assert f"pip install '{extra}'" in said
    assert "Traceback" not in said
    start = "from tests.acceptance import app as jobs\nwith jobs.create_app().app_context(): jobs.count.start(upto=1)"
    said = refused([sys.executable, "-c", start], processes, **lacking | {"HOTPLATE_BROKER_URL": broker})
    assert f"pip install '{extra}'" in said.splitlines()[-1]
