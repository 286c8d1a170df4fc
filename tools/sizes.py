"""What of the console goes over the network, and whether it is as little as was promised, and nobody else's.

    python tools/sizes.py FOLDER

Sizes are those of files compressed with gzip, in kB of 1000 bytes.
"""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

EAGER, LAZY, ALL = 110.0, 35.0, 200.0
"""At most: what the page loads before it shows anything; any other file; all of them together."""

_LOADED = re.compile(r'<(?:script|link)\b[^>]*?\b(?:src|href)="\./([^"]+\.(?:js|css))"')
_HOST = r"(?:(?:https?|wss?):)?//[\w.-]+"
_FOREIGN = re.compile(
    rf"""\b(?:src\s*=|import\s*\(?|from|fetch\s*\(|sendBeacon\s*\(|(?:Worker|WebSocket|EventSource|Request)\s*\()"""
    rf"""\s*\\?["'`]{_HOST}"""
    rf"""|(?:\burl\s*\(|@import)\s*["']?{_HOST}"""
    rf"""|<(?:link|script|img|iframe)\b[^>]*\s(?:src|href)=["']{_HOST}""",
    re.IGNORECASE,
)
_MADE_CODE = re.compile(r"(?<![\w$.])eval\s*\(|(?<![\w$.])(?:new\s+)?Function\s*\(\s*[\"'`]")

Manifest = Mapping[str, Mapping[str, Any]]


def eager(page: str, manifest: Manifest) -> set[str]:
    """The files that are loaded with the page: those it names, and what these import."""
    named = set(_LOADED.findall(page))
    return named | imported(manifest, (key for key, chunk in manifest.items() if chunk["file"] in named))


def imported(manifest: Manifest, keys: Iterable[str]) -> set[str]:
    """The files of these entries of the manifest, and what they import."""
    found, ahead = set[str](), list(keys)
    while ahead:
        if (key := ahead.pop()) not in found:
            found.add(key)
            ahead += manifest[key].get("imports", [])
    return {manifest[key]["file"] for key in found}


def weigh(folder: Path, names: Iterable[str]) -> dict[str, float]:
    """How heavy each of these files is."""
    return {name: len(gzip.compress((folder / name).read_bytes(), mtime=0)) / 1000 for name in sorted(names)}


def complaints(folder: Path) -> Iterator[str]:
    """What is heavier than was promised, or not to be in a page; prints the sizes."""
    page = (folder / "index.html").read_text("utf-8")
    manifest = json.loads((folder / ".vite/manifest.json").read_text("utf-8"))
    every = weigh(
        folder, (str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix in {".js", ".css"})
    )
    first = eager(page, manifest)
    loaded, lazy = {name: every[name] for name in first}, {name: every[name] for name in set(every) - first}
    heaviest = max(lazy, key=lazy.__getitem__, default=None)
    print(
        f"The console: {sum(loaded.values()):.1f} kB at once ({len(loaded)} files), {sum(every.values()):.1f} kB in all"
    )
    for key, chunk in manifest.items():
        if chunk.get("isEntry") and chunk["file"] not in first:
            weight = sum(every[name] for name in imported(manifest, [key]))
            print(f"  {chunk['file']}: {weight:.1f} kB with what it imports")
    if heaviest:
        print(f"  the heaviest of {len(lazy)} files that are loaded later: {heaviest}, {lazy[heaviest]:.1f} kB")
    if sum(loaded.values()) > EAGER:
        yield f"loaded at once: {sum(loaded.values()):.1f} kB, at most {EAGER:g}: {loaded}"
    yield from (f"{name}: {size:.1f} kB, at most {LAZY:g}" for name, size in lazy.items() if size > LAZY)
    if sum(every.values()) > ALL:
        yield f"all files: {sum(every.values()):.1f} kB, at most {ALL:g}"
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".html", ".js", ".css", ".svg"}:
            yield from refused(path.name, path.read_text("utf-8"))


def refused(name: str, text: str) -> Iterator[str]:
    """What must not be in a file of a page: addresses of other hosts that it loads from, and text that becomes code."""
    yield from (f"{name} loads from another host: {match[0]}" for match in _FOREIGN.finditer(text))
    yield from (f"{name} makes code of text: {match[0]}" for match in _MADE_CODE.finditer(text))


def main() -> int:
    found = list(complaints(Path(sys.argv[1])))
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
