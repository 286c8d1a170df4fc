"""The console: its own tests, and the whole of it in a browser, served as it is in production."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import Browser
from tests.node import build_console, execute, install
from tests.processes import Processes, Server, free_port

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "console"
APP = "tests.console.app:app"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    build_console()
    with Browser() as browser:
        yield browser


@pytest.fixture(params=["asgi", "wsgi", "below a prefix"])
def server(request: pytest.FixtureRequest, processes: Processes) -> Server:
    environ = {"HOTPLATE_ACCESS": "open"}
    if request.param == "wsgi":
        return processes.flask(APP, environ=environ)
    if request.param == "below a prefix":
        served = processes.hotplate_serve(APP, environ=environ | {"HOTPLATE_PREFIX": "/tools"})
        return Server(f"{served.url}/tools", served.process)
    return processes.hotplate_serve(APP, environ=environ)


def test_its_own_tests_pass() -> None:
    install(CONSOLE)
    printed = execute("npx", "vitest", "run", cwd=CONSOLE)
    assert "skipped" not in printed, printed


ASK = """Promise.all([
  fetch(document.body.dataset.rpc, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: '{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}',
  }).then((response) => response.status),
  new Promise((done) => {
    const socket = new WebSocket(`${document.body.dataset.root}/updates`);
    socket.onopen = socket.onerror = ({ type }) => (done(type), socket.close());
  }),
])"""

SCRIPT = "document.querySelector('script[type=module]').src.split('/').pop()"

TRESPASS = """new Promise((done) => {
  const refused = [];
  document.addEventListener("securitypolicyviolation", ({ effectiveDirective }) => {
    if (refused.push(effectiveDirective) === 3) done(refused.toSorted());
  });
  document.head.append(Object.assign(document.createElement("style"), { textContent: "p { color: red }" }));
  document.body.append(Object.assign(new Image(), { src: "http://127.0.0.1:9/pixel.png" }));
  try {
    document.body.innerHTML = "<p>";
  } catch {}
})"""


def test_its_policy_lets_it_call_and_be_told(server: Server, browser: Browser) -> None:
    page = browser.open(f"{server.url}/console/")
    page.until("document.querySelector('nav a[aria-current=page]')")
    has_sockets = "hotplate" in str(server.process.args)
    assert page.evaluate(ASK) == [200, "open" if has_sockets else "error"]
    assert all(address.startswith(("http://127.0.0.1:", "ws://127.0.0.1:")) for address in page.requested)
    assert page.problems == []


def test_its_policy_keeps_all_else_out(server: Server, browser: Browser) -> None:
    page = browser.open(f"{server.url}/console/")
    assert page.evaluate(TRESPASS) == ["img-src", "require-trusted-types-for", "style-src-elem"]


def test_a_place_within_it_can_be_opened_by_its_address(server: Server, browser: Browser) -> None:
    for place in ("functions", "runs", "live", "schedules", "workers"):
        page = browser.open(f"{server.url}/console/{place}")
        page.until(f"document.querySelector('nav a[aria-current=page]')?.getAttribute('href')?.endsWith('/{place}')")
        page.until("document.querySelector('main h1')")
        assert page.problems == []


def copy_of_the_package(folder: Path, version: str) -> Path:
    """A copy of the package, whose console's files have names that no other version has."""
    shutil.copytree(ROOT / "src/hotplate", folder / "hotplate", ignore=shutil.ignore_patterns("__pycache__"))
    static = folder / "hotplate/web/console/static"
    names = [path.name for path in (static / "assets").iterdir() if path.suffix in {".js", ".css"}]
    for path in [*static.rglob("*.br"), *static.rglob("*.gz")]:
        path.unlink()
    for path in [static / "index.html", *(static / "assets" / name for name in names)]:
        text = path.read_text("utf-8")
        for name in names:
            text = text.replace(name, f"{version}-{name}")
        path.write_text(text, "utf-8")
    for name in names:
        (static / "assets" / name).rename(static / "assets" / f"{version}-{name}")
    return folder


def test_a_page_goes_on_when_its_server_is_away_and_comes_back_as_a_new_version(
    browser: Browser, processes: Processes, tmp_path: Path
) -> None:
    port = free_port()

    def serve(version: str) -> Server:
        source = copy_of_the_package(tmp_path / version, version)
        environ = {"HOTPLATE_ACCESS": "open", "PYTHONPATH": os.pathsep.join([str(source), str(ROOT)])}
        return processes.flask(APP, port=port, environ=environ)

    old = serve("old")
    page = browser.open(f"{old.url}/console/functions")
    page.until("document.querySelector('main h1')")
    processes.end(old.process)
    page.click("nav a[href$='/live']")
    page.until("document.querySelector('nav a[aria-current=page]').pathname.endsWith('/live')")
    assert page.evaluate(SCRIPT).startswith("old-")
    serve("new")
    page.until(f"{SCRIPT}.startsWith('new-')")
    page.until("location.pathname.endsWith('/live') && document.querySelector('main h1')")
    assert page.problems == []


def test_pages_of_listed_origins_import_the_client_and_no_others(browser: Browser, processes: Processes) -> None:
    listed = processes.flask(APP)
    environ = {"HOTPLATE_ACCESS": "open", "HOTPLATE_ORIGINS": listed.url}
    server, other = processes.hotplate_serve(APP, environ=environ), processes.flask(APP)
    ask = f"import('{server.url}/console/client.js').then(({{ connect }}) => typeof connect, () => 'refused')"
    assert browser.open(f"{listed.url}/health").evaluate(ask) == "function"
    assert browser.open(f"{other.url}/health").evaluate(ask) == "refused"
