"""What the benchmarks measured, as sections of benchmarks/RESULTS.md, each with the machine it was measured on."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLE = """# Results

Written by `make bench`. The peers are measured in turns with Hotplate in one go: on a shared machine absolute figures
move by up to two times from one day to the next, the ratios hardly.
"""
ALWAYS = ("hotplate", "flask", "msgspec")


def section(title: str, lines: Iterable[str]) -> None:
    """Replace the section `title` of RESULTS.md by these lines, or add it at the end; print them too."""
    text = RESULTS.read_text("utf-8") if RESULTS.exists() else TITLE
    new = f"## {title}\n\n" + "\n".join(lines).strip() + "\n"
    print("\n" + new)
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: new + "\n", text)
    else:
        text = text.rstrip() + "\n\n" + new
    RESULTS.write_text(text.rstrip() + "\n", "utf-8")


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Markdown lines of a table: the first column to the left, figures to the right."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return ["| " + " | ".join(map(str, row)) + " |" for row in (head, rule, *rows)]


def machine(*packages: str) -> str:
    """One line that names the processor, the system, Python and the versions of what was measured."""
    versions = [f"{name} {_version(name)}" for name in (*ALWAYS, *packages) if _version(name)]
    parts = [
        datetime.now(UTC).date().isoformat(),
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores",
        _system(),
        f"{platform.python_implementation()} {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        *versions,
    ]
    return " · ".join(parts)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _processor() -> str:
    facts = Path("/proc/cpuinfo")
    if facts.exists() and (found := re.search(r"^model name\s*:\s*(.+)$", facts.read_text(), re.MULTILINE)):
        return found.group(1)
    return platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"
