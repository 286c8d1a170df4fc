"""Programs that Node runs, with packages that are installed as lock files have them."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tools.console import Console, NoNode

ROOT = Path(__file__).parents[1]


def leave_out(why: str) -> None:
    """Skip the test; CI has everything."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def missing() -> str | None:
    """Why nothing can be run here, if so."""
    found = shutil.which("node"), shutil.which("npm")
    version = subprocess.check_output(["node", "--version"], text=True) if all(found) else ""
    if version and int(re.findall(r"\d+", version)[0]) >= 20:
        return None
    return f"Node 20 or newer with npm is not installed ({version.strip() or 'none is'}); see apt-packages.txt"


def install(folder: Path) -> None:
    """Install the packages of a folder, unless they are. Skips the test where there is no Node."""
    if lacking := missing():
        leave_out(lacking)
    stamp, lock = folder / "node_modules/.package-lock.json", folder / "package-lock.json"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        execute("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", cwd=folder)
        stamp.touch()


def build_console() -> Path:
    """The folder of what the console is built to from its present sources. Skips the test where that cannot be had."""
    console = Console(ROOT)
    if not console.is_current():
        try:
            console.build()
        except NoNode as lacking:
            leave_out(str(lacking))
    return console.static


def execute(*argv: str, cwd: Path, timeout: float = 110, **environ: str) -> str:
    """What a program prints. Fails if it does, or takes longer than `timeout` seconds."""
    program = subprocess.Popen(
        argv,
        cwd=cwd,
        env=os.environ | {"NO_COLOR": "1"} | environ,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, errors = program.communicate(timeout=timeout)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, signal.SIGKILL)  # browsers and the like that it has left
    assert program.returncode == 0, f"{argv} ended with {program.returncode}:\n{printed}{errors}"
    return printed
