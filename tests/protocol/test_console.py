"""The console as it goes over HTTP: the page, its files, and what other pages import."""

from __future__ import annotations

import asyncio
import gzip
import html
import re
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from flask import Flask
from flask.testing import FlaskClient

from hotplate import Hotplate, asgi
from tests.node import build_console
from tests.processes import DEADLINE_S
from tests.protocol.conftest import Answer, Send, sending_to

HTML = {"method": "GET", "Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
ANY = {"method": "GET", "Accept": "*/*"}
HTML_ONLY = {"Accept": "text/html"}


@pytest.fixture(scope="session")
def static() -> Path:
    """The folder to which the console is built."""
    return build_console()


@pytest.fixture
def script(static: Path) -> str:
    """The path of the page's script below the console."""
    (path,) = re.findall(r'src="\./(assets/[\w.-]+\.js)"', (static / "index.html").read_text("utf-8"))
    return str(path)


def make(name: str = "shop", **config: Any) -> Flask:
    app = Flask(name)
    app.config.update(config)
    Hotplate(app)
    return app


@pytest.fixture
def browser(static: Path) -> FlaskClient:
    return make(HOTPLATE_PREFIX="/tools", HOTPLATE_RPC_PATH="/api").test_client()


def attributes(page: str) -> dict[str, str]:
    """What the server has told the page."""
    return {name: html.unescape(value) for name, value in re.findall(r'\sdata-(\w+)="([^"]*)"', page)}


def test_the_page_knows_where_it_is(browser: FlaskClient) -> None:
    page = browser.get("/tools/console/").text
    assert attributes(page) == {"rpc": "/tools/api", "root": "/tools", "title": "shop"}
    mounted = browser.get("/tools/console/", base_url="http://localhost/below").text
    assert attributes(mounted) == {"rpc": "/below/tools/api", "root": "/below/tools", "title": "shop"}


def test_what_the_page_loads_is_there_wherever_it_is_mounted_and_shown(browser: FlaskClient) -> None:
    for place in ("", "runs/1", "functions/company.get/"):
        page = browser.get(f"/tools/console/{place}", base_url="http://localhost/below", headers=HTML_ONLY).text
        addresses = re.findall(r'(?:src|href)="(?!data:)([^"]+)"', page)
        assert len(addresses) >= 3
        for address in addresses:
            assert address.startswith("/below/tools/console/")
            assert browser.get(address.removeprefix("/below")).status_code == 200, address


def test_no_name_gets_out_of_its_place_in_the_page(static: Path) -> None:
    name = '"><script>alert(1)</script>{rpc}'
    page = make(name).test_client().get("/console/").text
    assert attributes(page)["title"] == name
    assert "<script>alert" not in page


def test_a_mount_that_looks_like_a_host_stays_a_path(browser: FlaskClient) -> None:
    odd = {"SCRIPT_NAME": '//evil.example/caf\xc3\xa9"'}
    page = browser.get("/tools/console/", environ_overrides=odd).text
    assert attributes(page)["root"] == "/evil.example/caf%C3%A9%22/tools"
    moved = browser.get("/tools/console", environ_overrides=odd)
    assert moved.headers["Location"] == "/evil.example/caf%C3%A9%22/tools/console/"


def test_the_page_is_served_with_a_strict_policy(send: Send, static: Path) -> None:
    answer = send(b"", path="/console/", **HTML)
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-cache"


def test_a_file_is_sent_compressed_and_kept_for_ever(send: Send, script: str, static: Path) -> None:
    answer = send(b"", path=f"/console/{script}", Accept_Encoding="gzip", **ANY)
    whole = (static / script).read_bytes()
    assert (answer.status, answer.headers["Content-Encoding"]) == (200, "gzip")
    body = answer.body if answer.body[:2] != b"\x1f\x8b" else gzip.decompress(answer.body)  # clients may have done so
    assert body == whole
    assert int(answer.headers["Content-Length"]) < len(whole) / 2
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in answer.headers["Vary"]
    head = send(b"", path=f"/console/{script}", method="HEAD", Accept_Encoding="gzip")
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", answer.headers["Content-Length"])


@pytest.mark.parametrize("path", ["", "client.js", "shared.js", "runs/1"])
def test_what_has_not_changed_is_not_sent_again(send: Send, path: str, static: Path) -> None:
    answer = send(b"", path=f"/console/{path}", **HTML)
    assert answer.headers["Cache-Control"] == "no-cache"
    again = send(b"", path=f"/console/{path}", If_None_Match=f'"other", {answer.headers["ETag"]}', **HTML)
    assert (again.status, again.body, again.headers["ETag"]) == (304, b"", answer.headers["ETag"])
    assert send(b"", path=f"/console/{path}", If_None_Match='"other"', **HTML).status == 200


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip, deflate, br, zstd", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=0, *", "gzip"),
        ("*;q=0.5", "br"),
        ("identity, gzip;q=0.5", None),
        ("br;q=0, gzip;q=0.000", None),
        ("deflate", None),
        ("br;q=2, gzip;q=high", None),
        ("identity;q=0", None),
        ("", None),
        (",;=,\x00 , gzip", "gzip"),
    ],
)
def test_it_is_sent_in_the_coding_that_is_liked_best(
    browser: FlaskClient, script: str, accepted: str, coding: str | None
) -> None:
    answer = browser.get(f"/tools/console/{script}", environ_overrides={"HTTP_ACCEPT_ENCODING": accepted})
    assert (answer.status_code, answer.headers.get("Content-Encoding")) == (200, coding)


def test_places_within_the_console_are_the_page(send: Send, static: Path) -> None:
    page = send(b"", path="/console/", **HTML).body
    for place in ("runs", "runs/0198-aa", "functions/Echo.uppercase", "functions/a%2Fb", "nowhere/", "index.html"):
        answer = send(b"", path=f"/console/{place}", **HTML)
        assert (answer.status, answer.body) == (200, page), place
    assert send(b"", path="/console/runs/0198-aa", **ANY).status == 200
    head = send(b"", path="/console/runs", **{**HTML, "method": "HEAD"})
    assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(page)))


@pytest.mark.parametrize("path", ["assets/absent.js", "assets/", "assets/../index.html", "assets/x/../../client.js"])
def test_a_file_that_is_not_there_is_not_the_page(send: Send, path: str, static: Path) -> None:
    answer = send(b"", path=f"/console/{path.replace('..', '%2e%2e')}", **HTML)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["absent.js", "__init__.py", "part.py", ".vite/manifest.json", ".sources"])
def test_nothing_else_is_served(send: Send, path: str, static: Path) -> None:
    assert send(b"", path=f"/console/{path}", **ANY).status == 404
    assert b"import" not in send(b"", path=f"/console/{path}", **HTML).body


@pytest.mark.parametrize(
    "path",
    [
        "%2e%2e/state.py",
        "runs/%2e%2e/%2e%2e/wsgi.py",
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2e%2e%5c%2e%2e%5cstate.py",
        "runs%5cx",
        "/etc/passwd",
        "%2fetc/passwd",
        "runs//x",
        "runs%00.js",
        "client.js%00",
        "%0d%0aSet-Cookie:x",
        "runs/%7f",
        "%2e",
        "%2e%2e",
    ],
)
def test_no_path_leads_out_of_it(send_here: Send, path: str, static: Path) -> None:
    for how in (HTML, ANY):
        assert send_here(b"", path=f"/console/{path}", **how).status == 404


def test_who_leaves_out_the_last_slash_is_led_on(send: Send) -> None:
    answer = send(b"", path="/console", **HTML)
    assert (answer.status, answer.headers["Location"].removeprefix("http://localhost")) == (308, "/console/")


def test_only_reading_is_answered(send_here: Send) -> None:
    answer = send_here(b"{}", path="/console/runs", method="POST")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, HEAD, OPTIONS")


def test_pages_of_other_origins_that_are_listed_may_import_what_is_for_them(static: Path, script: str) -> None:
    listed = sending_to(make(HOTPLATE_ORIGINS="https://app.example.org"))

    def ask(path: str, origin: str) -> Answer:
        foreign = {"Origin": origin, "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "cors"}
        return listed(b"", path=f"/console/{path}", **ANY, **foreign)

    for path in ("client.js", "shared.js", script):
        answer = ask(path, "https://app.example.org")
        assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (200, "https://app.example.org")
        assert "Origin" in answer.headers.getlist("Vary")  # type: ignore[attr-defined]
        assert ask(path, "https://evil.example").status == 403


def test_a_foreign_host_is_not_let_in(browser: FlaskClient) -> None:
    assert browser.get("/tools/console/", headers={"Host": "evil.example"}).status_code == 421


def test_a_browser_at_the_rpc_address_is_sent_to_the_page(browser: FlaskClient) -> None:
    answer = browser.get("/tools/api", headers=HTML_ONLY)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/tools/console/")


@pytest.mark.parametrize("own", ["/console/", "/console"])
def test_addresses_of_the_application_itself_are_its_own(own: str) -> None:
    app = Flask("own")
    app.add_url_rule(own, view_func=lambda: "mine")
    Hotplate(app)
    assert app.test_client().get(own).text == "mine"


def test_it_needs_no_thread_behind_an_asgi_server(static: Path) -> None:
    app, begun, ended = Flask("busy"), Event(), Event()
    app.config.update(HOTPLATE_THREADS=1, HOTPLATE_ACCESS="open")
    hp = Hotplate(app)

    @hp.method
    def wait() -> bool:
        begun.set()
        return ended.wait(DEADLINE_S)

    async def ask() -> tuple[int, dict[str, Any]]:
        transport = httpx.ASGITransport(asgi(app), client=("127.0.0.1", 1))
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            call = {"jsonrpc": "2.0", "id": 1, "method": "wait"}
            waiting = asyncio.create_task(client.post("/rpc", json=call))
            while not begun.is_set():
                await asyncio.sleep(0.01)
            try:
                page = await client.get("/console/runs/1", headers=HTML_ONLY)
            finally:
                ended.set()
            return page.status_code, (await waiting).json()

    assert asyncio.run(ask()) == (200, {"jsonrpc": "2.0", "id": 1, "result": True})
