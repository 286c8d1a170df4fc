from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src/hotplate"
FILES = [path for path in SOURCE.rglob("*") if path.suffix in {".py", ".sql"} and path.name != "__init__.py"]
MODULES = sorted(str(path.relative_to(SOURCE)) for path in FILES)


@pytest.mark.parametrize("module", MODULES)
def test_architecture_explains_each_module(module: str) -> None:
    folder, _, name = module.rpartition("/")
    text = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    if folder:
        assert f"{folder}/" in text
    stem = name.removesuffix(".py")
    assert f" {stem} " in text or f" {name} " in text or f"`{stem}`" in text, f"ARCHITECTURE.md does not name {module}"
