"""The package with the console in it: built from sources, from an sdist, and where there is no Node."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.node import leave_out, missing
from tools.console import Console

ROOT = Path(__file__).parents[2]
STATIC = "hotplate/web/console/static/"


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """A copy of what is or would be committed."""
    listed = subprocess.check_output(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, text=True)
    folder = tmp_path / "sources"
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    return folder


def make(kind: str, folder: Path, has_node: bool) -> subprocess.CompletedProcess[str]:
    """Let hatchling make an sdist, a wheel or an editable one of a folder's sources, into its `out`."""
    environ = os.environ if has_node else os.environ | {"PATH": str(folder)}
    argv = [sys.executable, "-c", f"from hatchling.build import build_{kind} as build; build('out')"]
    return subprocess.run(argv, cwd=folder, env=environ, capture_output=True, text=True, check=False, timeout=110)


def show(source: Path) -> tuple[str, str]:
    """Status and body of the console's page, as a package that lies in a folder or an archive serves it."""
    script = (
        "from flask import Flask; from hotplate import Hotplate; app = Flask('shop'); Hotplate(app)\n"
        "answer = app.test_client().get('/console/'); print(answer.status); print(answer.text)"
    )
    environ = os.environ | {"PYTHONPATH": str(source)}
    printed = subprocess.check_output([sys.executable, "-c", script], cwd=source, env=environ, text=True)
    status, _, body = printed.partition("\n")
    return status, body


def test_an_sdist_holds_the_console_so_that_a_wheel_of_it_needs_no_node(sources: Path, tmp_path: Path) -> None:
    if lacking := missing():
        leave_out(lacking)
    made = make("sdist", sources, has_node=True)
    assert made.returncode == 0, made.stderr
    (archive,) = (sources / "out").glob("*.tar.gz")
    subprocess.run(["tar", "--extract", "--file", str(archive), "--directory", str(tmp_path)], check=True)
    (unpacked,) = tmp_path.glob("hotplate-*")
    made = make("wheel", unpacked, has_node=False)
    assert (made.returncode, made.stderr) == (0, "")  # no word of sources that have changed
    (wheel,) = (unpacked / "out").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive_of_wheel:
        names = set(archive_of_wheel.namelist())
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        said = archive_of_wheel.read(metadata).decode()
        archive_of_wheel.extractall(tmp_path / "installed")
    built = {path.relative_to(sources / "src").as_posix() for path in (sources / "src" / STATIC).rglob("*.*")}
    assert {name for name in names if name.startswith(STATIC)} == {name for name in built if not name.endswith(".vite")}
    assert {Path(name).suffix for name in built} >= {".html", ".js", ".css", ".gz", ".br", ".md"}
    assert f"License-File: src/{STATIC}licenses.md" in said
    assert "Meta Platforms" in (tmp_path / "installed" / STATIC / "licenses.md").read_text("utf-8")
    status, page = show(tmp_path / "installed")
    assert status == "200 OK"
    assert '<script type="module" crossorigin src="/console/assets/' in page


def test_a_wheel_without_the_console_is_not_made(sources: Path) -> None:
    made = make("wheel", sources, has_node=False)
    assert made.returncode != 0
    assert "apt-get install nodejs npm" in made.stderr
    assert "Traceback" not in made.stderr
    assert not list((sources / "out").glob("*.whl"))


def test_an_editable_install_goes_on_without_it_and_the_page_says_how_to_get_it(sources: Path) -> None:
    made = make("editable", sources, has_node=False)
    assert made.returncode == 0, made.stderr
    (line,) = made.stderr.splitlines()
    assert "Going on without the console" in line
    status, page = show(sources / "src")
    assert status == "503 Service Unavailable"
    assert "make console" in page


def test_it_is_built_anew_when_its_sources_have_changed_and_only_then(sources: Path) -> None:
    console = Console(sources)
    assert not console.is_current()
    console.static.mkdir(parents=True)
    (console.static / "index.html").write_text("<p>")
    assert console.is_built()
    assert not console.is_current()
    (console.static / ".sources").write_text(console.digest())
    assert console.is_current()
    generated = sources / "console/node_modules/react/index.js"
    generated.parent.mkdir(parents=True)
    generated.write_text("")
    assert console.is_current()
    (sources / "clients/javascript/src/client.ts").write_text("")
    assert not console.is_current()
