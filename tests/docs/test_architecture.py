from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/hotplate"
FILES = [path for path in SOURCE.rglob("*") if path.suffix in {".py", ".sql"} and path.name != "__init__.py"]
MODULES = sorted(str(path.relative_to(SOURCE)) for path in FILES)


@pytest.mark.parametrize("module", MODULES)
def test_architecture_explains_each_module(module: str) -> None:
    tree = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## The tree")[2].partition("\n## ")[0]
    name = re.escape(Path(module).name.removesuffix(".py"))
    assert re.search(rf"^ +(?:\w+  ?)*{name}\b", tree, re.MULTILINE), (
        f"the tree in ARCHITECTURE.md does not name {module}"
    )


def test_architecture_shows_the_import_direction_that_is_checked() -> None:
    block = (ROOT / "ARCHITECTURE.md").read_text("utf-8").partition("## Import direction\n\n")[2].partition("\n\n")[0]
    shown = [set(layer.split(" | ")) for layer in " ".join(block.split()).split(" > ")]
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    layers = settings["tool"]["importlinter"]["contracts"][0]["layers"]
    checked = [set(re.sub(r"[()]", "", layer).split(" | ")) for layer in layers]
    assert shown == [layer for layer in checked if layer != {"__main__"}]
