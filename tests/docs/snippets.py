"""What a page of the documentation shows, as files and steps that can be executed.

A Python block whose first line is a comment with a file name (`# app.py`) begins that file, or goes on with it, as the
Python blocks after it do. `app.py` is the application, which is served; other files are scripts that talk to it. A
`console` block holds commands after `$` and what they print; a `text` block after a script holds what the script
prints. In both, `…` stands for anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NAME = re.compile(r"# (\w+\.py)\n")
ADDRESS = "http://127.0.0.1:5000"


@dataclass
class Step:
    """A command line, or a script, with what it prints; None where the page does not say."""

    command: str
    output: str | None = None


@dataclass
class Page:
    """The files that a page makes, and the steps it takes, in order."""

    files: dict[str, str] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def needs_node(self) -> bool:
        return ".job" in self.files.get("app.py", "")


def read(path: Path) -> Page:
    """The page at `path`."""
    page, current = Page(), "app.py"
    for language, text in BLOCK.findall(path.read_text("utf-8")):
        if language == "python":
            if named := NAME.match(text):
                current = named[1]
                if current != "app.py":
                    page.steps.append(Step(f"python {current}"))
            page.files[current] = page.files.get(current, "") + text + "\n"
        elif language == "console":
            page.steps += console(text)
        elif language == "text" and page.steps:
            page.steps[-1].output = text
    return page


def console(text: str) -> list[Step]:
    """The commands of a console block, each with what it prints."""
    steps: list[Step] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            steps.append(Step(line[2:], ""))
        elif steps:
            steps[-1].output = f"{steps[-1].output}{line}\n"
    return steps


def fits(shown: str, printed: str) -> bool:
    """Whether what was printed is what the page shows."""
    pattern = ".*".join(re.escape(part) for part in shown.strip().split("…"))
    return re.fullmatch(pattern, printed.strip(), re.DOTALL) is not None
