from __future__ import annotations

import re
from pathlib import Path

from hotplate.config import APP_KEY, KEYS, Settings

PAGE = Path(__file__).parents[2] / "docs/reference/settings.md"


def shown(value: object) -> str:
    if value is None or value in ("", ()):
        return ""
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def test_every_setting_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `(HOTPLATE_\w+)` \| (.*?) ?\| (.*) \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    unit = {"HOTPLATE_KEEP": 86400}
    defaults = {name: getattr(Settings(), key.field) for name, key in KEYS.items()}
    defaults |= {name: defaults[name] / seconds for name, seconds in unit.items()}
    assert rows == [(name, shown(defaults[name]), key.allowed, key.meaning) for name, key in KEYS.items()]


def test_the_key_that_names_the_application_is_documented() -> None:
    assert f"`{APP_KEY}`" in PAGE.read_text("utf-8")
