from __future__ import annotations

from pathlib import Path

import pytest

from tools import house


def test_a_long_file_and_a_long_function_are_named() -> None:
    body = "    x = 1\n" * house.MAX_FUNCTION
    found = list(house.too_long(Path("src/a.py"), f"def long():\n{body}" + "\n" * house.MAX_FILE))
    assert [line.split(":")[0] for line in found] == ["src/a.py", "src/a.py"]
    assert "long has 61 lines" in found[1]


def test_what_fits_is_not_named() -> None:
    assert list(house.too_long(Path("src/a.py"), "def short():\n    return 1\n")) == []


@pytest.mark.parametrize("path", ["/ro" + "ot/project", "/ho" + "me/me", "pypi." + "org", "--index-" + "url x"])
def test_what_belongs_to_one_machine_is_named(path: str) -> None:
    assert list(house.too_private(Path("notes.md"), f"first\nsee {path}"))


def test_addresses_of_the_application_are_no_private_paths() -> None:
    assert list(house.too_private(Path("docs.md"), "GET /rpc, /openrpc.json, https://example.org/homepage")) == []
