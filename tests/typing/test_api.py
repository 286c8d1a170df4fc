from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_user_code_has_the_types_it_should_have() -> None:
    root = Path(__file__).parents[2]
    check = [sys.executable, "-m", "mypy", "tests/typing/api.py"]
    result = subprocess.run(check, cwd=root, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
