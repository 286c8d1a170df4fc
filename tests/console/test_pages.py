"""The console's pages in a real browser, against real servers: the files of console/test/browser, each by itself."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.node import build_console, execute, install, leave_out

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console"
FILES = sorted(path.name for path in (CONSOLE / "test/browser").glob("*.test.ts"))


LONGEST_S = 300.0
"""How long a file may take, in seconds: some look at each page in each form."""


@pytest.mark.timeout(LONGEST_S + 60)
@pytest.mark.parametrize("name", FILES)
def test_pages_do_what_they_are_to(name: str) -> None:
    install(CONSOLE)
    build_console()
    if not shutil.which("chromium"):
        leave_out("chromium is not installed: sudo apt-get install chromium (see apt-packages.txt)")
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    environ = {"HOTPLATE_PYTHON": sys.executable, "PYTHONPATH": path}
    argv = ("npx", "vitest", "run", "--config", "vitest.browser.ts", f"test/browser/{name}")
    printed = execute(*argv, cwd=CONSOLE, timeout=LONGEST_S, **environ)
    assert "skipped" not in printed, printed
