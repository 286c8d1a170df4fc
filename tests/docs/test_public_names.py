from __future__ import annotations

import subprocess
import sys

import pytest

import hotplate

PUBLIC = [
    *("Hotplate", "Namespace", "Method", "Job", "Live", "Run", "Progress", "File", "Caller"),
    *("Chart", "Table", "Image", "Markdown", "LongText"),
    *("current_run", "progress", "asgi"),
    *("HotplateError", "DeclarationError", "ConfigError", "EngineError"),
    *("Error", "Stopped", "Cancelled", "TimedOut"),
]


def test_the_front_door_has_exactly_these_names() -> None:
    assert sorted(hotplate.__all__) == sorted(PUBLIC)
    assert dir(hotplate) == hotplate.__all__


@pytest.mark.parametrize("name", PUBLIC)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(hotplate, name) is not None


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Hotpot'"):
        _ = hotplate.Hotpot


def test_the_client_imports_no_flask() -> None:
    code = "import sys, hotplate.client; sys.exit(any(name in sys.modules for name in ('flask', 'werkzeug', 'celery')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
