"""The page for browsers, as far as HTTP tells."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotplate import Hotplate


@pytest.fixture
def browser() -> FlaskClient:
    app = Flask(__name__)
    app.config.update(HOTPLATE_PREFIX="/tools", HOTPLATE_RPC_PATH="/api")
    Hotplate(app)
    return app.test_client()


def test_the_page_knows_the_rpc_address(browser: FlaskClient) -> None:
    assert 'data-rpc="/tools/api"' in browser.get("/tools/console/").text
    assert 'data-rpc="/below/tools/api"' in browser.get("/tools/console/", base_url="http://localhost/below").text


@pytest.mark.parametrize(
    ("part", "media_type"),
    [
        ("", "text/html"),
        ("console.css", "text/css"),
        ("console.js", "text/javascript"),
        ("client.js", "text/javascript"),
        ("shared.js", "text/javascript"),
    ],
)
def test_its_parts_are_served_with_a_strict_policy(browser: FlaskClient, part: str, media_type: str) -> None:
    answer = browser.get(f"/tools/console/{part}")
    assert (answer.status_code, answer.mimetype) == (200, media_type)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


@pytest.mark.parametrize("part", ["absent.js", "__init__.py", "../console/__init__.py", "%2e%2e/state.py"])
def test_nothing_else_is_served(browser: FlaskClient, part: str) -> None:
    assert browser.get(f"/tools/console/{part}").status_code == 404


def test_a_foreign_host_is_not_let_in(browser: FlaskClient) -> None:
    assert browser.get("/tools/console/", headers={"Host": "evil.example"}).status_code == 421


def test_a_browser_at_the_rpc_address_is_sent_to_the_page(browser: FlaskClient) -> None:
    answer = browser.get("/tools/api", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tools/console/")
