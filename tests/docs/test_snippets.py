"""Executes what the documentation shows: every application is served, every command and script is run."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.docs import snippets
from tests.processes import Processes

DATABASE, BROKER = "HOTPLATE_DATABASE_URL", "HOTPLATE_BROKER_URL"
ROOT = Path(__file__).parents[2]
PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "# app.py" in path.read_text("utf-8")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_page_does_what_it_shows(
    path: Path, tmp_path: Path, processes: Processes, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = snippets.read(path)
    (tmp_path / "app.py").write_text(page.files["app.py"])
    if DATABASE in page.files["app.py"]:
        url = request.getfixturevalue("postgres").fresh()
        monkeypatch.setenv(DATABASE, url.replace("postgresql:", "postgresql+psycopg:"))
    if BROKER in page.files["app.py"]:
        monkeypatch.setenv(BROKER, request.getfixturevalue("redis").fresh())
    server = processes.flask("app.py", cwd=tmp_path)
    if page.needs_node:
        processes.node("app.py", cwd=tmp_path)
    for name, text in page.files.items():
        (tmp_path / name).write_text(text.replace(snippets.ADDRESS, server.url))
    for step in page.steps:
        printed = execute(step.command.replace(snippets.ADDRESS, server.url), tmp_path, processes)
        assert step.output is None or snippets.fits(step.output, printed), f"{step.command}\nprinted: {printed}"


def execute(command: str, folder: Path, processes: Processes) -> str:
    """What a command of a page prints. Fails if it does."""
    process = processes.start(*shlex.split(command), cwd=folder)
    code = process.wait(60)
    printed = processes.output(process)
    assert code == 0, f"{command} ended with {code}:\n{printed}"
    return printed
