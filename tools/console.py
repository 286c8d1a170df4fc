"""Builds the console's files into the package, unless they are built from the sources as they are.

    python tools/console.py             build it; fails where that cannot be done
    python tools/console.py --optional  the same, but where it cannot be done say so and go on
    python tools/console.py --check     check its types and the size of what is built, too

Any Python 3.11 runs this, as it is part of `pip install`, too: hatch_build.py.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
LEAST_NODE = (20, 19)
UNUSED = {"node_modules", "test", "dist", "coverage", ".vite"}
"""Folders of which nothing is built."""

NPM_CI = ("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline", "--fetch-retries=1")


class CannotBuild(Exception):
    """Why the console cannot be built, and what would help."""


class NoNode(CannotBuild):
    """What is missing here to build anything of Node's."""


class Console:
    """The console of a source tree.

    folder: what npm builds. static: what it is built to, with a `.sources` that tells what it was built from.
    """

    def __init__(self, root: Path) -> None:
        self.folder, self.static = root / "console", root / "src/hotplate/web/console/static"
        self._sources = (self.folder, root / "clients/javascript/src")
        self._stamp = self.static / ".sources"

    def is_built(self) -> bool:
        """Whether there is something to serve, however old."""
        return (self.static / "index.html").is_file()

    def is_current(self) -> bool:
        """Whether what is built is what the sources are; without sources it is as good as can be."""
        if not self.is_built() or not self.folder.is_dir():
            return self.is_built()
        return self._stamp.is_file() and self._stamp.read_text("utf-8") == self.digest()

    def build(self) -> None:
        """Build it. Raises `CannotBuild`."""
        digest = self.digest()
        self.install()
        self._stamp.unlink(missing_ok=True)
        self.npm("run", "--silent", "build")
        self._stamp.write_text(digest, "utf-8")

    def install(self) -> None:
        """Install the packages that the lock file names, unless they are. Raises `CannotBuild`."""
        need_node()
        done, lock = self.folder / "node_modules/.package-lock.json", self.folder / "package-lock.json"
        if not done.is_file() or done.stat().st_mtime < lock.stat().st_mtime:
            self._execute(*NPM_CI)
            done.touch()

    def npm(self, *argv: str) -> None:
        """Let npm do something in the console's folder. Raises `CannotBuild` if that fails."""
        self._execute("npm", *argv)

    def _execute(self, *argv: str) -> None:
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise CannotBuild(f"{' '.join(argv)}, in {self.folder}, failed:\n{done.stdout}{done.stderr}".rstrip())

    def digest(self) -> str:
        found = hashlib.sha256()
        for path in self._files():
            found.update(b"%b\0%d\0" % (os.fsencode(path.relative_to(self.folder.parent)), path.stat().st_size))
            found.update(path.read_bytes())
        return found.hexdigest()

    def _files(self) -> Iterator[Path]:
        for source in self._sources:
            for folder, folders, names in os.walk(source):
                folders[:] = sorted(set(folders) - UNUSED)
                yield from (Path(folder, name) for name in sorted(names))


def need_node() -> None:
    """Raises `NoNode` if nothing of Node's can be run here."""
    wanted = f"building it needs Node {'.'.join(map(str, LEAST_NODE))} or newer, with npm"
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise NoNode(f"{wanted}: sudo apt-get install nodejs npm (Debian 13, Ubuntu 25.10)")
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout.strip()
    if tuple(int(number) for number in re.findall(r"\d+", said)[:2]) < LEAST_NODE:
        raise NoNode(f"{wanted}; {node} is {said or 'none'}")


def provide(console: Console, is_optional: bool) -> None:
    """Have the console built from its sources as they are. Raises `CannotBuild` if it is not and has to be."""
    if console.is_current():
        return
    try:
        need_node()
        tell("Building the console")
        console.build()
    except CannotBuild as error:
        if console.is_built() and (is_optional or isinstance(error, NoNode)):
            tell(f"Going on with a console older than its sources: {error}")
        elif is_optional:
            tell(f"Going on without the console: {error}")
        else:
            raise CannotBuild(f"The console is not built: {error}") from None


def check(console: Console) -> None:
    """Have its types and sizes checked. Raises `CannotBuild` if something is amiss."""
    console.install()
    console.npm("run", "--silent", "check")
    if subprocess.run([sys.executable, str(ROOT / "tools/sizes.py"), str(console.static)], check=False).returncode:
        raise CannotBuild("what is built of the console is not as it should be")


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description="Build the console's files into the package.")
    parser.add_argument("--optional", action="store_true", help="go on where it cannot be built")
    parser.add_argument("--check", action="store_true", help="check its types and sizes, too")
    given = parser.parse_args()
    console = Console(ROOT)
    try:
        provide(console, given.optional)
        if given.check:
            check(console)
    except NoNode as error:
        if not given.optional:
            tell(str(error))
        return 0 if given.optional else 1
    except CannotBuild as error:
        tell(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
