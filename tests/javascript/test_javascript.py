"""The JavaScript client: its own tests against real servers, and the file that pages import from this server."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.processes import Processes

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients/javascript"
APP = "tests.javascript.app:app"
MOST_BYTES = {"index": 6144, "react": 2048}
"""What the client, and what its hooks for React besides, may weigh when compressed."""

Node = Callable[..., str]


@pytest.fixture(scope="session")
def node() -> Node:
    """Runs a program of the client's development environment, which is installed as its lock file has it."""
    lacking = missing()
    if lacking:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(lacking)
    stamp, lock = CLIENT / "node_modules/.package-lock.json", CLIENT / "package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        execute("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
        stamp.touch()
    return execute


def missing() -> str | None:
    """Why the tests cannot run here, if so."""
    found = shutil.which("node"), shutil.which("npm")
    version = subprocess.check_output(["node", "--version"], text=True) if all(found) else ""
    if version and int(re.findall(r"\d+", version)[0]) >= 20:
        return None
    return f"Node 20 or newer with npm is not installed ({version.strip() or 'none is'}); see apt-packages.txt"


def execute(*argv: str, **environ: str) -> str:
    """What a program prints. Fails if it does."""
    ran = subprocess.run(
        argv,
        check=False,
        cwd=CLIENT,
        env=os.environ | {"NO_COLOR": "1"} | environ,
        capture_output=True,
        text=True,
        timeout=110,
    )
    assert ran.returncode == 0, f"{argv} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}"
    return ran.stdout


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Where servers of the application of these tests are, as environment variables; a node takes its runs."""
    folder = tmp_path_factory.mktemp("javascript")
    processes = Processes(folder)
    environ = {"HOTPLATE_DATA": str(folder / "data"), "HOTPLATE_ACCESS": "open", "GATES": str(folder)}
    environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    try:
        wsgi = processes.flask(APP, environ=environ)
        processes.node(APP, environ=environ)
        asgi = processes.hotplate_serve(APP, environ=environ)
        yield {"HOTPLATE_URL": wsgi.url, "HOTPLATE_ASGI_URL": asgi.url}
    finally:
        processes.end_all()


def test_types_fit(node: Node) -> None:
    node("npx", "tsc", "--noEmit")


def test_it_works_with_real_servers(node: Node, addresses: dict[str, str]) -> None:
    printed = node("npx", "vitest", "run", "--exclude", "test/browser.test.ts", **addresses)
    assert "skipped" not in printed, printed


def test_the_file_that_pages_import_is_what_the_client_is_built_to(node: Node, tmp_path: Path) -> None:
    committed = (ROOT / "src/hotplate/web/console/client.js").read_bytes()
    node("node", "build.mjs", str(tmp_path))
    assert (tmp_path / "client.js").read_bytes() == committed, "`make javascript` builds it anew"


def test_it_is_small(node: Node, tmp_path: Path) -> None:
    node("node", "build.mjs", str(tmp_path))
    for name, most in MOST_BYTES.items():
        size = len(gzip.compress((tmp_path / f"{name}.js").read_bytes()))
        assert size <= most, f"{name}.js: {size} bytes compressed, at most {most}"
