"""A record that several processes use for the first time at the same moment, as web and node of `hotplate dev`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.engines import NewGround
from tests.acceptance.home import ROOT

pytestmark = pytest.mark.any_broker

OPEN = """
import sys
from tests.acceptance.app import create_app
app = create_app()
print("ready", flush=True)
sys.stdin.readline()
app.extensions["hotplate"].engine().close()
"""


def test_all_of_them_can_open_it(tmp_path: Path, engine: NewGround) -> None:
    for attempt in range(5):
        ground = engine(tmp_path / str(attempt))
        options = {"text": True, "cwd": ROOT, "env": os.environ | ground.environ}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes = [subprocess.Popen([sys.executable, "-c", OPEN], **options, **pipes) for _ in range(4)]  # type: ignore[call-overload]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=30)[1] for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, said
        ground.close()
