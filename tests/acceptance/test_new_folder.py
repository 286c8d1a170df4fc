"""A data folder that several processes use for the first time at the same moment, as web and node of `hotplate dev`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

OPEN = """
import sys
from pathlib import Path
from hotplate.engines.sqlite.database import Database
print("ready", flush=True)
sys.stdin.readline()
Database(Path(sys.argv[1]))
"""


def test_all_of_them_can_open_it(tmp_path: Path) -> None:
    for attempt in range(5):
        argv = [sys.executable, "-c", OPEN, str(tmp_path / f"{attempt}.db")]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        processes = [subprocess.Popen(argv, text=True, **pipes) for _ in range(4)]  # type: ignore[call-overload]
        for process in processes:
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            process.stdin.write("go\n")
            process.stdin.flush()
        said = [process.communicate(timeout=30)[1] for process in processes]
        assert [process.returncode for process in processes] == [0] * 4, said
