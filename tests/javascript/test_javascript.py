"""The JavaScript client: its own tests against real servers, and the file that pages import from this server."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.docs import snippets
from tests.node import execute, install, leave_out
from tests.processes import Processes, Server, free_port

ROOT = Path(__file__).parents[2]
CLIENT = ROOT / "clients/javascript"
PAGE = ROOT / "docs/guide/javascript.md"
APP = "tests.javascript.app:app"
MOST_BYTES = {"index": 6144, "react": 2048, "shared": 2048}
"""What the client, and besides its hooks for React and its stream for all tabs, may weigh when compressed."""

Node = Callable[..., str]


@pytest.fixture(scope="session")
def node() -> Node:
    """Runs a program of the client's development environment, which is installed as its lock file has it."""
    install(CLIENT)
    return partial(execute, cwd=CLIENT)


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
    printed = node("npx", "vitest", "run", "--exclude", "test/browser/**", **addresses)
    assert "skipped" not in printed, printed


@pytest.fixture
def browsing(node: Node) -> Node:
    """Runs one of the files with tests that need a browser."""
    if not shutil.which("chromium"):
        leave_out("chromium is not installed: sudo apt-get install chromium (see apt-packages.txt)")

    def browse(name: str, **environ: str) -> str:
        printed = node("npx", "vitest", "run", f"test/browser/{name}.test.ts", **environ)
        assert "skipped" not in printed, printed
        return printed

    return browse


def test_it_works_in_a_browser(browsing: Node, addresses: dict[str, str], guide: Server) -> None:
    browsing("page", **addresses, HOTPLATE_GUIDE_URL=guide.url)


def test_tabs_share_one_stream(browsing: Node, addresses: dict[str, str]) -> None:
    browsing("tabs", **addresses)


def test_runs_go_on_in_pages_whatever_happens_to_pages_and_servers(browsing: Node) -> None:
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environ = {"HOTPLATE_ACCESS": "open", "HOTPLATE_PORT": str(free_port()), "PYTHONPATH": path}
    browsing("demo", HOTPLATE_PYTHON=sys.executable, **environ)


def test_the_files_that_pages_import_are_what_the_client_is_built_to(node: Node, tmp_path: Path) -> None:
    node("node", "build.mjs", str(tmp_path))
    for name in ("client.js", "shared.js"):
        committed = (ROOT / "src/hotplate/web/console" / name).read_bytes()
        assert (tmp_path / name).read_bytes() == committed, "`make javascript` builds it anew"


def test_it_is_small(node: Node, tmp_path: Path) -> None:
    node("node", "build.mjs", str(tmp_path))
    for name, most in MOST_BYTES.items():
        size = len(gzip.compress((tmp_path / f"{name}.js").read_bytes()))
        assert size <= most, f"{name}.js: {size} bytes compressed, at most {most}"


def test_what_an_application_declares_can_be_had_as_types(node: Node, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(snippets.read(PAGE).files["app.py"])
    apps = {"demo": "hotplate.demo.app", "kinds": "tests.javascript.kinds", "functions": str(tmp_path / "app.py")}
    for name, app in apps.items():
        types = subprocess.check_output(
            [sys.executable, "-m", "hotplate", "describe", app, "--typescript"], cwd=ROOT, text=True
        )
        (tmp_path / f"{name}.ts").write_text(types)
    shutil.copy(Path(__file__).parent / "typed.ts", tmp_path)
    write_guide(tmp_path)
    (tmp_path / "tsconfig.json").write_text(json.dumps(typed_project()))
    node("npx", "tsc", "-p", str(tmp_path))


def write_guide(folder: Path) -> None:
    """The pieces of the guide that are compiled only."""
    for kind, name in (("tsx", "hooks.tsx"), ("typescript", "calls.ts")):
        (shown,) = re.findall(rf"```{kind}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
        (folder / name).write_text(shown)


def typed_project() -> dict[str, object]:
    options = {"strict": True, "noEmit": True, "target": "es2022", "lib": ["es2023", "dom"], "types": []}
    options |= {"module": "esnext", "moduleResolution": "bundler", "jsx": "react-jsx"}
    paths = {"@hotplate/client": [str(CLIENT / "src/index.ts")], "@hotplate/client/*": [str(CLIENT / "src/*")]}
    return {"compilerOptions": options | {"paths": paths | {"*": [str(CLIENT / "node_modules/@types/*")]}}}


@pytest.fixture
def guide(tmp_path: Path, processes: Processes) -> Server:
    """A server of the application that the guide shows, with its pages."""
    for name, shown in re.findall(r"```html\n<!-- (\w+\.html) -->\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL):
        (tmp_path / name).write_text(shown)
    (tmp_path / "app.py").write_text(snippets.read(PAGE).files["app.py"])
    processes.node("app.py", cwd=tmp_path)
    return processes.flask("app.py", cwd=tmp_path)


def test_the_guide_does_what_it_shows(node: Node, tmp_path: Path, guide: Server) -> None:
    text = PAGE.read_text("utf-8")
    package = tmp_path / "node_modules/@hotplate/client"
    node("node", "build.mjs", str(package / "dist"))
    shutil.copy(CLIENT / "package.json", package)
    shown = re.findall(r"```javascript\n// (\w+\.mjs)\n(.*?)```\n+```text\n(.*?)```", text, re.DOTALL)
    assert len(shown) == text.count("```javascript")
    for name, script, output in shown:
        (tmp_path / name).write_text(script.replace(snippets.ADDRESS, guide.url))
        assert snippets.fits(output, printed := node("node", name, cwd=tmp_path)), printed
