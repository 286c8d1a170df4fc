"""The rules of the house that no other tool checks.

No file over 500 lines, no function over 60; nothing committed that names a package registry or a path of one machine.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

MAX_FILE, MAX_FUNCTION = 500, 60
CODE = {".py", ".sql", ".ts", ".tsx", ".css", ".js", ".html", ".sh"}
PLACES = ("src/", "tests/", "benchmarks/", "tools/", "examples/", "clients/", "console/")
PRIVATE = re.compile(
    r"(?:pypi|pythonhosted|npmjs)\.(?:org|com)\b"
    r"|--(?:extra-)?index-ur[l]|--find-link[s]"
    r"|(?<![\w.])/(?:root|home/\w|Users/\w|workspace/)"
)


def committed() -> list[Path]:
    """The files git knows that are still there."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True, text=True).stdout
    return [Path(name) for name in listed.split("\0") if name and Path(name).is_file()]


def too_long(path: Path, text: str) -> Iterator[str]:
    """What is too long in one file of code."""
    lines = text.count("\n")
    if lines > MAX_FILE:
        yield f"{path}: {lines} lines, at most {MAX_FILE}"
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _length(node) > MAX_FUNCTION:
                yield f"{path}:{node.lineno}: {node.name} has {_length(node)} lines, at most {MAX_FUNCTION}"


def _length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def too_private(path: Path, text: str) -> Iterator[str]:
    """What belongs to one machine or one network and not into the project."""
    for number, line in enumerate(text.splitlines(), 1):
        if match := PRIVATE.search(line):
            yield f"{path}:{number}: {match.group()!r} belongs to one machine or registry"


def complaints() -> Iterator[str]:
    for path in committed():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue
        yield from too_private(path, text)
        if path.suffix in CODE and str(path).startswith(PLACES):
            yield from too_long(path, text)


def main() -> int:
    found = list(complaints())
    print("\n".join(found) or "The house is in order.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
