"""README's first screen, taken at its word: the application is pasted into a file, served, and called."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

from tests.docs import snippets
from tests.processes import Processes, free_port

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
PAGE = snippets.read(README)
FIRST_SCREEN = "\n".join(README.read_text("utf-8").splitlines()[:50])


def test_the_first_screen_shows_the_two_commands_and_a_short_application() -> None:
    assert "make demo ONCE=1" in FIRST_SCREEN
    assert "make test" in FIRST_SCREEN
    lines = [line for line in PAGE.files["app.py"].splitlines() if line and not line.startswith("#")]
    assert len(lines) <= 12
    assert lines[-1] in FIRST_SCREEN


def test_the_commands_of_make_are_there() -> None:
    pages = README.read_text("utf-8") + (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)
    shown = re.findall(r"(?:^ +|`)make (\w+)", pages, re.MULTILINE)
    assert set(shown) <= set(targets)


def test_the_application_works_when_pasted(tmp_path: Path, processes: Processes) -> None:
    (tmp_path / "app.py").write_text(PAGE.files["app.py"])
    port = free_port()
    dev = processes.start("hotplate", "dev", "app.py", "--port", str(port), cwd=tmp_path)
    server = processes.serve(dev, port)
    assert [step.command.split()[1] for step in PAGE.steps] == ["call", "call"]
    for step in PAGE.steps:
        call = processes.start(*shlex.split(step.command.replace(snippets.ADDRESS, server.url)), cwd=tmp_path)
        assert call.wait(60) == 0, processes.output(call) + processes.output(dev)
        assert snippets.fits(step.output or "", processes.output(call)), processes.output(call)
