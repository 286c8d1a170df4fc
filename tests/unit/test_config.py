"""The settings: read from the Flask config, else the environment, and refused with what is allowed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from hotplate import ConfigError, Hotplate
from hotplate.config import KEYS, Settings, load

GOOD: list[tuple[str, Any, Any]] = [
    ("HOTPLATE_ACCESS", "open", "open"),
    ("HOTPLATE_PREFIX", "/tools", "/tools"),
    ("HOTPLATE_PREFIX", "/", ""),
    ("HOTPLATE_PREFIX", "", ""),
    ("HOTPLATE_RPC_PATH", "/api", "/api"),
    ("HOTPLATE_RPC_PATH", "/", "/"),
    ("HOTPLATE_HOSTS", "a.example, B.example", ("a.example", "b.example")),
    ("HOTPLATE_HOSTS", ["a.example"], ("a.example",)),
    ("HOTPLATE_HOSTS", "", ()),
    ("HOTPLATE_ORIGINS", "https://a.example,http://b.example:8080", ("https://a.example", "http://b.example:8080")),
    ("HOTPLATE_MAX_BODY", "1000", 1000),
    ("HOTPLATE_MAX_BATCH", 1, 1),
    ("HOTPLATE_DATA", "/data/x", Path("/data/x")),
    ("HOTPLATE_SYNCHRONOUS", "NORMAL", "NORMAL"),
    ("HOTPLATE_CONCURRENCY", 0, 0),
    ("HOTPLATE_GRACE", "0.5", 0.5),
    ("HOTPLATE_KEEP", 2, 2 * 86400.0),
]

BAD: list[tuple[str, Any]] = [
    ("HOTPLATE_ACCESS", "public"),
    ("HOTPLATE_ACCESS", True),
    ("HOTPLATE_PREFIX", "tools"),
    ("HOTPLATE_PREFIX", "/tools/"),
    ("HOTPLATE_RPC_PATH", "rpc"),
    ("HOTPLATE_RPC_PATH", "/rpc?x"),
    ("HOTPLATE_HOSTS", "*"),
    ("HOTPLATE_HOSTS", "*.example"),
    ("HOTPLATE_HOSTS", "a,,b"),
    ("HOTPLATE_HOSTS", 5),
    ("HOTPLATE_ORIGINS", "*"),
    ("HOTPLATE_ORIGINS", "null"),
    ("HOTPLATE_ORIGINS", "a.example"),
    ("HOTPLATE_ORIGINS", "https://a.example/"),
    ("HOTPLATE_ORIGINS", "https://*.example"),
    ("HOTPLATE_ORIGINS", "ftp://a.example"),
    ("HOTPLATE_MAX_BODY", 0),
    ("HOTPLATE_MAX_BODY", "4 MiB"),
    ("HOTPLATE_MAX_BODY", 1.5),
    ("HOTPLATE_MAX_BATCH", True),
    ("HOTPLATE_SYNCHRONOUS", "OFF"),
    ("HOTPLATE_CONCURRENCY", -1),
    ("HOTPLATE_GRACE", "nan"),
    ("HOTPLATE_GRACE", "inf"),
    ("HOTPLATE_GRACE", -1),
    ("HOTPLATE_KEEP", "a month"),
]


def field(settings: Settings, key: str) -> Any:
    return getattr(settings, KEYS[key].field)


@pytest.mark.parametrize(("key", "given", "read"), GOOD)
def test_a_value_is_read_from_the_flask_config(key: str, given: Any, read: Any) -> None:
    assert field(load({key: given}, {}), key) == read


@pytest.mark.parametrize(("key", "given", "read"), [row for row in GOOD if isinstance(row[1], str) and row[1]])
def test_a_value_is_read_from_the_environment(key: str, given: str, read: Any) -> None:
    assert field(load({}, {key: given}), key) == read


@pytest.mark.parametrize(("key", "given"), BAD)
def test_a_wrong_value_is_refused_with_key_value_and_what_is_allowed(key: str, given: Any) -> None:
    with pytest.raises(ConfigError) as refused:
        load({key: given}, {})
    assert key in str(refused.value)
    assert repr(given) in str(refused.value)
    assert KEYS[key].allowed in str(refused.value)


def test_the_flask_config_comes_before_the_environment() -> None:
    assert load({"HOTPLATE_ACCESS": "open"}, {"HOTPLATE_ACCESS": "accounts"}).access == "open"
    assert load({"HOTPLATE_ACCESS": None}, {"HOTPLATE_ACCESS": "open"}).access == "open"


def test_nothing_said_is_safe() -> None:
    assert load({}, {}) == Settings()
    assert load({}, {"HOTPLATE_ACCESS": ""}).access == "accounts"


def test_an_unknown_key_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="HOTPLATE_ACESS"):
        load({"HOTPLATE_ACESS": "open"}, {})


def test_init_app_refuses_a_wrong_setting() -> None:
    app = Flask("wrong")
    app.config["HOTPLATE_MAX_BODY"] = "much"
    with pytest.raises(ConfigError, match="HOTPLATE_MAX_BODY is 'much'"):
        Hotplate(app)
