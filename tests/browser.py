"""A real browser, which tests tell what to do: Debian's Chromium, by a program of Node's."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.node import install, leave_out
from tests.processes import DEADLINE_S

CLIENT = Path(__file__).parents[1] / "clients/javascript"


class Browser:
    """A browser without windows, as a context. Skips the test where there is none."""

    def __init__(self) -> None:
        install(CLIENT)
        if not shutil.which("chromium"):
            leave_out("chromium is not installed: sudo apt-get install chromium (see apt-packages.txt)")

    def __enter__(self) -> Self:
        self._program = subprocess.Popen(
            ["node", str(Path(__file__).with_name("browser.mjs"))],
            cwd=CLIENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._program.pid, signal.SIGKILL)
        self._program.communicate()

    def open(self, url: str, **options: Any) -> Page:
        """A page in a tab of the one window; with options, those of Playwright's `newPage`, in a window of its own.

        So it is with `init`, a script that runs before those of the page.
        """
        return Page(self, self.do("open", url=url, **options))

    def do(self, command: str, **options: Any) -> Any:
        """What a command of `browser.mjs` gives. Fails with what went wrong."""
        assert self._program.stdin
        assert self._program.stdout
        self._program.stdin.write(json.dumps({"command": command, **options}) + "\n")
        self._program.stdin.flush()
        answer = json.loads(self._program.stdout.readline() or '{"error": "the browser has ended"}')
        assert "error" not in answer, f"{command} {options}: {answer['error']}"
        return answer["result"]


@dataclass
class Page:
    """A page that is open."""

    browser: Browser
    number: int

    def evaluate(self, expression: str) -> Any:
        """The value of an expression in JavaScript."""
        return self._do("evaluate", expression=expression)

    def until(self, expression: str, timeout: float = DEADLINE_S) -> Any:
        """The same, once it is true, which it has to be within so many seconds."""
        return self._do("until", expression=expression, timeout=timeout)

    def click(self, selector: str) -> None:
        self._do("click", selector=selector)

    def close(self) -> None:
        self._do("close")

    def reload(self) -> None:
        self._do("reload")

    def picture(self, path: Path, *, full: bool = True) -> None:
        """Keep what it looks like: the whole of it, or what is in the window."""
        self._do("picture", path=str(path), fullPage=full)

    @property
    def problems(self) -> list[str]:
        """What its code has raised, and nobody caught; what its Content-Security-Policy has refused."""
        found: list[str] = self._do("problems")
        return found

    @property
    def requested(self) -> list[str]:
        """The addresses that it has asked for."""
        found: list[str] = self._do("requested")
        return found

    def _do(self, command: str, **options: Any) -> Any:
        return self.browser.do(command, page=self.number, **options)
