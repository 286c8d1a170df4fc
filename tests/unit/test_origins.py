"""Who is let in: hosts, origins, CORS and the access rule, asked at the doors of an application, for WSGI and ASGI."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import pytest
from flask import Flask
from werkzeug.datastructures import Headers
from werkzeug.test import Client

import hotplate
from hotplate import Hotplate
from tests.asgi import Exchanged, scope
from tests.processes import Processes

CALL = {"jsonrpc": "2.0", "method": "secret", "id": 1}
PUBLIC = CALL | {"method": "hello"}
DEV = {"SERVER_SOFTWARE": "Werkzeug/3.1", "REMOTE_ADDR": "127.0.0.1"}


class Answer(NamedTuple):
    status: int
    headers: Any
    body: bytes

    @property
    def error(self) -> dict[str, Any]:
        error: dict[str, Any] = json.loads(self.body)["error"]
        return error


class Site:
    """An application with a function for everybody and one that is not. door: by which requests come in."""

    door = "wsgi"

    def __init__(self, **config: Any) -> None:
        app = Flask("site")
        app.config.update(config)
        hp = Hotplate(app)
        hp.method("secret")(lambda: "secret")
        hp.method("hello", allow="public")(lambda: "hello")
        self.app, self.client, self.asgi = app, Client(app), hotplate.asgi(app)

    def send(
        self,
        data: Any = CALL,
        *,
        host: str = "localhost",
        path: str = "/rpc",
        method: str = "POST",
        environ: dict[str, Any] | None = None,
        **headers: str,
    ) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        more = {"REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": host, **(environ or {})}
        if self.door == "asgi":
            return asyncio.run(self._ask(method, path, data, named, more))
        with self.client.open(path, method=method, json=data, headers=named, environ_overrides=more) as response:
            return Answer(response.status_code, response.headers, response.get_data())

    async def _ask(self, method: str, path: str, data: Any, headers: dict[str, str], environ: dict[str, Any]) -> Answer:
        if "SERVER_SOFTWARE" in environ or "wsgi.input" in environ:
            pytest.skip("is about WSGI")
        given = {"content-type": "application/json"} | {name.lower(): value for name, value in headers.items()}
        given |= {key[5:].replace("_", "-").lower(): environ[key] for key in environ if key.startswith("HTTP_")}
        asked = scope(method, path, list(given.items()))
        del asked["headers"][0]  # the host is among them
        asked["client"] = (environ["REMOTE_ADDR"], 1)
        asked["server"] = (environ.get("SERVER_NAME", "127.0.0.1"), 80)
        asked["scheme"] = environ.get("wsgi.url_scheme", "http")
        exchanged = Exchanged([json.dumps(data).encode()])
        await self.asgi(asked, exchanged.receive, exchanged.send)
        named = Headers([(name.decode("latin-1"), value.decode("latin-1")) for name, value in exchanged.headers])
        return Answer(exchanged.status, named, exchanged.body)


@pytest.fixture(autouse=True, params=["wsgi", "asgi"])
def _door(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Site, "door", request.param)


@pytest.fixture
def site() -> Site:
    return Site(HOTPLATE_ACCESS="open")


OWN_HOSTS = [
    "localhost",
    "localhost:5000",
    "LOCALHOST:1",
    "127.0.0.1",
    "127.0.0.1:8000",
    "127.8.9.1",
    "[::1]",
    "[::1]:80",
]
FOREIGN_HOSTS = [
    "evil.example",
    "evil.example:5000",
    "localhost.evil.example",
    "localhost.",
    "evil-localhost",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "localhost:80@evil.example",
    "localhost:evil",
    "localhost/evil",
    "0.0.0.0",
    "[::]",
    "[::1].evil.example",
    "2130706433",
    "",
    " ",
    "localhost, evil.example",
]


@pytest.mark.parametrize("host", OWN_HOSTS)
def test_loopback_names_are_its_own(host: str, site: Site) -> None:
    assert site.send(host=host).status == 200


@pytest.mark.parametrize("host", FOREIGN_HOSTS)
@pytest.mark.parametrize("path", ["/rpc", "/openrpc.json", "/console/", "/files/x"])
def test_a_foreign_host_is_refused_at_every_door(host: str, path: str, site: Site) -> None:
    answer = site.send(host=host, path=path, method="POST" if path == "/rpc" else "GET")
    assert answer.status == 421
    assert b"secret" not in answer.body
    again = site.send(host=host, path=path, environ={"SERVER_NAME": host, "HTTP_X_FORWARDED_HOST": "localhost"})
    assert again.status == 421


def test_hosts_can_be_listed() -> None:
    site = Site(HOTPLATE_ACCESS="open", HOTPLATE_HOSTS="lab.example.org, box:8000", SERVER_NAME="named.example.org")
    given = ["lab.example.org", "Lab.Example.org:8443", "box:8000", "named.example.org"]
    assert [site.send(host=host).status for host in given] == [200] * 4
    assert [site.send(host=host).status for host in ("box", "box:80", "x.lab.example.org", "example.org")] == [421] * 4


def test_the_address_it_is_bound_to_is_its_own(site: Site) -> None:
    assert site.send(host="192.0.2.7:8000", environ={"SERVER_NAME": "192.0.2.7"}).status == 200
    assert site.send(host="192.0.2.8:8000", environ={"SERVER_NAME": "192.0.2.7"}).status == 421


def test_health_is_for_everybody(site: Site) -> None:
    assert site.send(host="evil.example", path="/health", method="GET").status == 200


FOREIGN_ORIGINS = [
    "http://evil.example",
    "https://app.example.org.evil.example",
    "https://evilapp.example.org",
    "https://x.app.example.org",
    "http://app.example.org",
    "https://app.example.org:8443",
    "https://app.example.org/",
    "https://app.example.org, http://evil.example",
    "http://localhost:8001",
    "http://localhost",
    "http://127.0.0.1:5000",
    "https://localhost:5000",
    "null",
    "file://",
    "",
    "localhost:5000",
    "http://localhost:5000.evil.example",
    "http://localhost:5000@evil.example",
]


@pytest.mark.parametrize("origin", FOREIGN_ORIGINS)
@pytest.mark.parametrize("method", ["POST", "OPTIONS", "GET"])
def test_a_foreign_origin_is_refused(origin: str, method: str) -> None:
    site = Site(HOTPLATE_ACCESS="open", HOTPLATE_ORIGINS="https://app.example.org")
    answer = site.send(host="localhost:5000", method=method, Origin=origin, Cookie="session=x")
    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert b"secret" not in answer.body


def test_a_foreign_origin_is_refused_before_the_body_is_read(site: Site) -> None:
    class Untouchable:
        def read(self, size: int = -1) -> bytes:
            raise AssertionError("the body was read")

    assert site.send(Origin="http://evil.example", environ={"wsgi.input": Untouchable()}).status == 403


@pytest.mark.parametrize("origin", ["http://localhost:5000", "http://LOCALHOST:5000"])
def test_its_own_origin_is_let_in(origin: str, site: Site) -> None:
    answer = site.send(host="localhost:5000", Origin=origin, Sec_Fetch_Site="same-origin")
    assert answer.status == 200
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_default_ports_are_no_difference(site: Site) -> None:
    assert site.send(host="localhost", Origin="http://localhost:80").status == 200
    assert site.send(host="localhost:80", Origin="http://localhost").status == 200


def test_behind_a_proxy_that_ends_tls_the_browsers_own_word_counts() -> None:
    site = Site(HOTPLATE_ACCESS="open", HOTPLATE_HOSTS="lab.example.org")
    lab = {"host": "lab.example.org", "Origin": "https://lab.example.org"}
    assert site.send(**lab, Sec_Fetch_Site="same-origin").status == 200
    assert site.send(**lab).status == 403
    assert site.send(host="lab.example.org", Origin="https://evil.example", Sec_Fetch_Site="same-origin").status == 403


@pytest.mark.parametrize("listed", ["https://app.example.org", "HTTPS://App.Example.org"])
def test_a_listed_origin_is_told_that_it_may(listed: str) -> None:
    site = Site(HOTPLATE_ACCESS="open", HOTPLATE_ORIGINS=[listed, "http://localhost:3000"])
    answer = site.send(Origin="https://app.example.org", Sec_Fetch_Site="cross-site")
    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Vary"] == "Origin"


def test_with_listed_origins_every_answer_varies_by_origin() -> None:
    site = Site(HOTPLATE_ACCESS="open", HOTPLATE_ORIGINS="https://app.example.org")
    assert site.send().headers["Vary"] == "Origin"
    assert site.send(path="/openrpc.json", method="GET").headers["Vary"] == "Origin"


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/rpc", "POST, OPTIONS"), ("/files", "PUT, OPTIONS"), ("/updates", "GET, HEAD, OPTIONS")],
)
def test_a_preflight_is_answered(path: str, methods: str) -> None:
    site = Site(HOTPLATE_ORIGINS="https://app.example.org")
    answer = site.send(
        None,
        path=path,
        method="OPTIONS",
        Origin="https://app.example.org",
        Access_Control_Request_Method=methods.partition(",")[0],
        Access_Control_Request_Headers="content-type",
    )
    assert (answer.status, answer.body) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert answer.headers["Access-Control-Allow-Methods"] == methods
    allowed = {name.strip().lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
    assert allowed == {"content-type", "authorization", "last-event-id"}
    assert answer.headers["Access-Control-Max-Age"] == "86400"
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_a_page_of_another_site_may_not_call(method: str, site: Site) -> None:
    assert site.send(method=method, Sec_Fetch_Site="cross-site", Cookie="session=x").status == 403


def test_following_a_link_from_another_site_is_no_call(site: Site) -> None:
    linked = {"method": "GET", "Sec_Fetch_Site": "cross-site", "Sec_Fetch_Mode": "navigate"}
    assert site.send(None, path="/rpc", Accept="text/html", **linked).status == 303
    assert site.send(None, path="/console", Accept="text/html", **linked).status == 308
    assert site.send(Sec_Fetch_Site="cross-site", Sec_Fetch_Mode="navigate").status == 403


@pytest.mark.parametrize("site_of_caller", ["same-origin", "none"])
def test_the_browsers_own_requests_are_let_in(site_of_caller: str, site: Site) -> None:
    assert site.send(Sec_Fetch_Site=site_of_caller).status == 200


def test_the_developer_is_let_in_on_a_development_server() -> None:
    assert Site().send(environ=DEV).status == 200


FORWARDING = [
    "Forwarded",
    "Via",
    "X_Forwarded_For",
    "X_Forwarded_Host",
    "X_Forwarded_Proto",
    "X_Real_IP",
    "CF_Connecting_IP",
    "True_Client_IP",
]
STRANGERS: dict[str, dict[str, Any]] = {
    "another server": {"environ": DEV | {"SERVER_SOFTWARE": "gunicorn/27.0.1"}},
    "no server named": {"environ": {}},
    "a peer elsewhere": {"environ": DEV | {"REMOTE_ADDR": "192.0.2.1"}},
    "no peer": {"environ": DEV | {"REMOTE_ADDR": ""}},
    "a host elsewhere": {"environ": DEV | {"SERVER_NAME": "192.0.2.7"}, "host": "192.0.2.7"},
    **{name: {"environ": DEV, name: "127.0.0.1"} for name in FORWARDING},
}


@pytest.mark.parametrize("name", STRANGERS)
def test_nobody_else_is_let_in_without_accounts(name: str) -> None:
    answer = Site().send(**STRANGERS[name])
    assert answer.status == 401
    assert answer.error["code"] == -32001
    assert "HOTPLATE_ACCESS=open" in answer.error["data"]
    assert answer.headers.get("WWW-Authenticate") == "Bearer"


def test_everybody_may_call_what_is_public() -> None:
    answer = Site().send(PUBLIC)
    assert (answer.status, json.loads(answer.body)["result"]) == (200, "hello")


def test_a_batch_carries_out_what_is_public_only() -> None:
    answer = Site().send([CALL, PUBLIC, CALL | {"method": "unknown"}])
    assert answer.status == 200
    assert [one.get("result", one.get("error", {}).get("code")) for one in json.loads(answer.body)] == [
        -32001,
        "hello",
        -32601,
    ]
    assert Site().send([CALL, CALL]).status == 401


@pytest.mark.parametrize(
    ("access", "called", "said"),
    [
        ("open", "secrets", "secrets; did you mean secret?"),
        ("open", "hell", "hell; did you mean hello?"),
        ("open", "run.lst", "run.lst; did you mean run.list"),
        ("open", "x" * 1000, "x" * 1000),
        ("accounts", "secrets", "secrets"),
        ("accounts", "hell", "hell; did you mean hello?"),
    ],
)
def test_names_are_suggested_to_who_may_call_them(access: str, called: str, said: str) -> None:
    answer = Site(HOTPLATE_ACCESS=access).send(CALL | {"method": called})
    data = json.loads(answer.body)["error"]["data"]
    assert data.startswith(said)
    assert ("did you mean" in data) == ("did you mean" in said)


def test_a_stranger_without_an_id_is_not_answered_and_nothing_is_carried_out() -> None:
    calls: list[int] = []
    app = Flask("quiet")
    hp = Hotplate(app)
    hp.method("note")(lambda: calls.append(1))
    hp.method("hello", allow="public")(lambda: "hello")
    with Client(app).post("/rpc", json={"jsonrpc": "2.0", "method": "note"}) as response:
        assert (response.status_code, response.data) == (401, b"")
    assert calls == []


def test_where_nothing_is_public_a_stranger_is_refused_before_the_body_is_read() -> None:
    app = Flask("closed")
    hp = Hotplate(app)
    hp.method("secret")(lambda: "secret")
    with Client(app).post("/rpc", data=b"{", content_type="application/json") as response:
        assert response.status_code == 401
        assert response.json["error"]["code"] == -32001
    with Client(app).get("/openrpc.json") as response:
        assert response.status_code == 401


def test_the_log_says_once_what_to_set(caplog: pytest.LogCaptureFixture) -> None:
    site = Site()
    site.send()
    site.send()
    said = [r.getMessage() for r in caplog.records if r.name == "hotplate"]
    assert len(said) == 1
    assert "HOTPLATE_ACCESS=open" in said[0]


def test_what_is_refused_cannot_break_a_line(site: Site) -> None:
    answer = site.send(host="evil\x1b[2J")
    assert answer.status == 421
    assert b"\x1b" not in answer.body
    assert b"\\u001b" not in answer.body


APP = """
from flask import Flask
import hotplate
app = Flask(__name__)
hp = hotplate.Hotplate(app)
hp.method("secret")(lambda: "secret")
asgi = hotplate.asgi(app)
"""


@pytest.mark.parametrize(("server", "environ", "status"), [
    ("flask", {}, 200),
    ("gunicorn", {}, 401),
    ("gunicorn", {"HOTPLATE_ACCESS": "open"}, 200),
    ("gunicorn", {"HOTPLATE_DEV": "1"}, 200),
    ("granian", {}, 401),
    ("uvicorn", {}, 401),
    ("uvicorn", {"HOTPLATE_DEV": "1"}, 200),
])  # fmt: skip
def test_the_rule_holds_on_real_servers(
    server: str, environ: dict[str, str], status: int, processes: Processes, tmp_path: Any
) -> None:
    import httpx

    if (Site.door == "asgi") != (server == "uvicorn"):
        pytest.skip("is about the other door")
    (tmp_path / "page.py").write_text(APP)
    more = ("--no-control-socket",) if server == "gunicorn" else ()
    url = getattr(processes, server)(
        "page:asgi" if server == "uvicorn" else "page:app", *more, cwd=tmp_path, environ=environ
    ).url
    assert httpx.post(f"{url}/rpc", json=CALL).status_code == status
    assert httpx.post(f"{url}/rpc", json=CALL, headers={"Host": "evil.example"}).status_code == 421
