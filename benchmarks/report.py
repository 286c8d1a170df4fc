"""What was measured, as sections of benchmarks/RESULTS.md and SOAK.md, each with the machine it was measured on."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

RESULTS, SOAK = Path(__file__).with_name("RESULTS.md"), Path(__file__).with_name("SOAK.md")
RESULTS_TITLE = """# Results

Written by `make bench`. The peers are measured in turns with Hotplate in one go: on a shared machine absolute figures
move by up to two times from one day to the next, the ratios hardly.
"""
SOAK_TITLE = """# Soak

Written by `make soak`: whatever runs depend on is killed, stopped, cut off and wiped while they are started and
executed. A trial that breaks a guarantee fails and is not written down. A small form of each is part of `make test`.
"""
ALWAYS = ("hotplate", "flask", "msgspec")


def section(title: str, lines: Iterable[str], *, is_kept: bool = True) -> None:
    """Print these lines, and replace the section `title` of RESULTS.md by them, or add it at the end, if it is kept."""
    if is_kept:
        _put(RESULTS, RESULTS_TITLE, title, lines)
    else:
        print(f"\n## {title}\n\n" + "\n".join(lines))


def soak_section(title: str, lines: Iterable[str]) -> None:
    """As `section`, of SOAK.md."""
    _put(SOAK, SOAK_TITLE, title, lines)


def _put(path: Path, heading: str, title: str, lines: Iterable[str]) -> None:
    text = path.read_text("utf-8") if path.exists() else heading
    new = f"## {title}\n\n" + "\n".join(lines).strip() + "\n"
    print("\n" + new)
    old = re.compile(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    if old.search(text):
        text = old.sub(lambda _: new + "\n", text)
    else:
        text = text.rstrip() + "\n\n" + new
    path.write_text(text.rstrip() + "\n", "utf-8")


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
