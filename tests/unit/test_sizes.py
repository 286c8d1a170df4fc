"""What `make check` says about what is built of the console."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tools import sizes

PAGE = '<script type="module" crossorigin src="./assets/a.js"></script><link rel="stylesheet" href="./assets/a.css">'


def dense(kilobytes: float) -> str:
    """A text that cannot be compressed by much more than to so many kB."""
    source = random.Random(7)
    return "".join(chr(source.randrange(0x20, 0x7F)) for _ in range(int(kilobytes * 1000 / 0.84)))


def build(folder: Path, manifest: dict[str, Any], **files: str) -> list[str]:
    """What is said of these files, named with '_' for the dot."""
    (folder / "assets").mkdir()
    (folder / ".vite").mkdir()
    (folder / "index.html").write_text(PAGE)
    (folder / ".vite/manifest.json").write_text(json.dumps(manifest))
    for name, text in {"a_css": "", **files}.items():
        (folder / "assets" / name.replace("_", ".")).write_text(text)
    return list(sizes.complaints(folder))


def chunk(name: str, **more: Any) -> dict[str, Any]:
    return {"file": f"assets/{name}.js", **more}


MANIFEST = {"a": chunk("a", imports=["b"], dynamicImports=["c"]), "b": chunk("b"), "c": chunk("c"), "d": chunk("d")}


def test_what_the_page_imports_counts_as_loaded_at_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = build(tmp_path, MANIFEST, a_js=dense(60), b_js=dense(60), c_js="", d_js=dense(20))
    assert [complaint.partition(":")[0] for complaint in found] == ["loaded at once"]
    assert "(3 files)" in capsys.readouterr().out


def test_what_other_pages_import_is_told_with_what_it_imports(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    elements = {"e": {"file": "elements.js", "isEntry": True, "imports": ["b"]}}
    (tmp_path / "elements.js").write_text(dense(10))
    assert build(tmp_path, MANIFEST | elements, a_js="", b_js=dense(20), c_js="", d_js="") == []
    assert re.search(r"elements\.js: (29|30|31)\.\d kB", capsys.readouterr().out)


def test_a_heavy_file_that_is_loaded_later_is_named(tmp_path: Path) -> None:
    found = build(tmp_path, MANIFEST, a_js="", b_js="", c_js=dense(40), d_js="")
    assert [complaint.partition(":")[0] for complaint in found] == ["assets/c.js"]


def test_all_files_together_are_limited(tmp_path: Path) -> None:
    lazy = {f"c{number}": chunk(f"c{number}") for number in range(6)}
    manifest = {"a": chunk("a", dynamicImports=list(lazy)), **lazy}
    files = {f"c{number}_js": dense(20) for number in range(6)}
    found = build(tmp_path, manifest, a_js=dense(90), **files)
    assert [complaint.partition(":")[0] for complaint in found] == ["all files"]


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://cdn.example.org/x.js">',
        '<link rel="preload" href="//cdn.example.org/x.woff2">',
        'import"https://cdn.example.org/x.js"',
        'import{a}from "https://cdn.example.org/x.js"',
        "await import(`https://cdn.example.org/x.js`)",
        'fetch("https://api.example.org/")',
        'new WebSocket("wss://example.org")',
        "a{background:url(//cdn.example.org/a.png)}",
        '@import "https://fonts.example.org/css"',
        "img.src='http://tracker.example.org/'",
        'eval("1")',
        'new Function("return this")',
        "Function('a','b')()",
    ],
)
def test_what_must_not_be_in_a_page_is_named(text: str) -> None:
    assert list(sizes.refused("x.js", text))


@pytest.mark.parametrize(
    "text",
    [
        'throw Error("see https://react.dev/errors/418")',
        'n.createElementNS("http://www.w3.org/2000/svg","svg")',
        'e("a",{href:"https://example.org/docs"})',
        "import{a}from'./b.js';import('./c.js');fetch('/rpc')",
        "medieval(1);isFunction(a);x instanceof Function",
        "a{background:url(./icon.svg)}",
        "// from https://example.org",
    ],
)
def test_what_is_no_loading_is_not_named(text: str) -> None:
    assert list(sizes.refused("x.js", text)) == []
