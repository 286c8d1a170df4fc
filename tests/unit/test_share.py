"""Links to runs: who may share, what a browser remembers, and what is asked of the record for that."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from wsgiref.types import WSGIEnvironment

import msgspec
import pytest
from flask import Flask
from werkzeug.test import Client, EnvironBuilder

from hotplate import Caller, Hotplate
from hotplate.caller import ANONYMOUS, OPEN
from hotplate.config import Settings
from hotplate.errors import Conflict, NotFound, Unavailable
from hotplate.rpc.builtin import builtin_targets
from hotplate.share import hashed, new_token
from hotplate.web.links import COOKIE, MOST_OPENED, cookie, opened
from hotplate.web.origins import Guard

ADA, BOB = Caller("ada", authenticated=True), Caller("bob", authenticated=True)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = Flask("shop")
    app.config["HOTPLATE_DATA"] = str(tmp_path)
    app.config["HOTPLATE_PREFIX"] = "/api"
    app.config["HOTPLATE_SYNCHRONOUS"] = "NORMAL"  # the power stays on
    hp = Hotplate(app)

    @hp.job
    def work() -> int:
        return 1

    @hp.job(allow="public")
    def play() -> int:
        return 1

    yield app
    app.extensions["hotplate"].close()


def ask(app: Flask, method: str, caller: Caller, **params: Any) -> Any:
    targets = builtin_targets(app.extensions["hotplate"].starting, "/api")
    return msgspec.json.decode(targets[method].answer(msgspec.json.encode(params), caller))


def start(app: Flask, caller: Caller, job: str = "work") -> str:
    run_id: str = ask(app, "run.start", caller, job=job)["id"]
    return run_id


def with_link(app: Flask, run_id: str, caller: Caller, visitor: Caller = ANONYMOUS) -> Caller:
    """The visitor, who has opened a link to the run."""
    token = ask(app, "run.share", caller, id=run_id)["url"].rpartition("/")[2]
    return msgspec.structs.replace(visitor, shares=(*visitor.shares, hashed(token)))


def test_whose_run_it_is_and_operators_share_it(app: Flask) -> None:
    run_id = start(app, ADA)
    assert ask(app, "run.share", ADA, id=run_id)["url"].startswith("/api/console/shared/")
    for caller in (ADA, OPEN):
        visitor = with_link(app, run_id, caller)
        assert ask(app, "run.get", visitor, id=run_id)["id"] == run_id
        assert ask(app, "run.unshare", caller, id=run_id) is None
        with pytest.raises(NotFound):
            ask(app, "run.get", visitor, id=run_id)


def test_others_do_not_nor_does_who_has_a_link(app: Flask) -> None:
    run_id = start(app, ADA)
    visitor = with_link(app, run_id, ADA)
    also = with_link(app, run_id, ADA, BOB)
    for caller in (BOB, ANONYMOUS, visitor, also):
        for verb in ("share", "unshare", "cancel", "retry"):
            with pytest.raises(NotFound):
                ask(app, f"run.{verb}", caller, id=run_id)
    assert ask(app, "run.get", also, id=run_id)["caller"] == "ada"
    with pytest.raises(NotFound):
        ask(app, "run.share", ADA, id="nobody")


def test_a_link_to_a_run_of_nobody_in_particular_shows_no_other_one(app: Flask) -> None:
    shared, other, public = start(app, OPEN), start(app, OPEN), start(app, ANONYMOUS, "play")
    visitor = with_link(app, shared, OPEN)
    assert ask(app, "run.get", visitor, id=shared)["id"] == shared
    assert ask(app, "run.get", visitor, id=public)["id"] == public
    with pytest.raises(NotFound):
        ask(app, "run.get", visitor, id=other)


def test_a_run_has_only_so_many_links(app: Flask) -> None:
    run_id = start(app, ADA)
    for _ in range(100):
        ask(app, "run.share", ADA, id=run_id)
    with pytest.raises(Conflict) as told:
        ask(app, "run.share", ADA, id=run_id)
    assert told.value.data == f"100 links lead to run {run_id}; run.unshare takes them back"
    ask(app, "run.unshare", ADA, id=run_id)
    assert ask(app, "run.share", ADA, id=run_id)


def test_the_record_does_not_have_the_token(app: Flask, tmp_path: Path) -> None:
    token = ask(app, "run.share", ADA, id=start(app, ADA))["url"].rpartition("/")[2]
    app.extensions["hotplate"].close()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert hashed(token).encode() in kept
    assert token.encode() not in kept


def environ(path: str = "/", **more: str) -> WSGIEnvironment:
    return EnvironBuilder(path).get_environ() | more


def test_a_browser_remembers_the_links_it_has_opened_last() -> None:
    tokens, header = [new_token() for _ in range(MOST_OPENED + 2)], ""
    for token in tokens:
        header = cookie(environ(HTTP_COOKIE=f"a=b; {header.partition(';')[0]}; c=d"), token, "")
    kept = opened(environ(HTTP_COOKIE=header.partition(";")[0]))
    assert kept == tuple(hashed(token) for token in reversed(tokens[2:]))
    again = cookie(environ(HTTP_COOKIE=header.partition(";")[0]), tokens[-5], "")
    assert set(opened(environ(HTTP_COOKIE=again.partition(";")[0]))) == set(kept)


@pytest.mark.parametrize(
    ("root", "prefix", "path"),
    [("", "", "/"), ("", "/api", "/api"), ("/shop", "", "/shop"), ("/caf\xc3\xa9; x", "/api", "/caf%C3%A9%3B%20x/api")],
)
def test_the_cookie_goes_to_this_application_alone(root: str, prefix: str, path: str) -> None:
    token = new_token()
    header = cookie(environ(SCRIPT_NAME=root), token, prefix)
    assert header == f"{COOKIE}={token}; Path={path}; Max-Age=2592000; HttpOnly; SameSite=Lax"
    https = cookie(environ(SCRIPT_NAME=root) | {"wsgi.url_scheme": "https"}, token, prefix)
    assert https == f"{header}; Secure"


@pytest.mark.parametrize("cookies", ["", "a=b", f"x{COOKIE}={'x' * 32}", f"{COOKIE}=; a={COOKIE}", f"{COOKIE}=a.b"])
def test_what_is_no_such_cookie_opens_nothing(cookies: str) -> None:
    assert opened(environ(HTTP_COOKIE=cookies)) == ()


def test_a_caller_has_links_without_a_look_into_the_record() -> None:
    token = new_token()
    asked = environ(HTTP_COOKIE=f"{COOKIE}={token}", HTTP_HOST="localhost")
    assert Guard(Settings()).admit(asked) == Caller("anonymous", shares=(hashed(token),))
    assert Guard(Settings(access="open")).admit(asked) is OPEN
    assert Guard(Settings()).admit(environ(HTTP_COOKIE="a=b", HTTP_HOST="localhost")) == ANONYMOUS


def test_a_link_works_below_a_path(app: Flask) -> None:
    run_id = start(app, ADA)
    link = ask(app, "run.share", ADA, id=run_id)["url"]
    answer = Client(app).get(link, environ_overrides={"SCRIPT_NAME": "/shop", "wsgi.url_scheme": "https"})
    assert (answer.status_code, answer.location) == (303, f"/shop/api/console/runs/{run_id}")
    assert "; Path=/shop/api; " in answer.headers["Set-Cookie"]
    assert answer.headers["Set-Cookie"].endswith("; Secure")


def test_while_the_record_is_away_a_link_says_so(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    link = ask(app, "run.share", ADA, id=start(app, ADA))["url"]

    def away(_: Collection[str]) -> Mapping[str, str]:
        raise Unavailable

    monkeypatch.setattr(app.extensions["hotplate"].engine().shares, "find", away)
    answer = Client(app).get(link)
    assert (answer.status_code, "Set-Cookie" in answer.headers) == (503, False)
    assert b"try again" in answer.data
    cookie = {"HTTP_COOKIE": f"{COOKIE}={link.rpartition('/')[2]}"}
    assert Client(app, use_cookies=False).get("/api/openrpc.json", environ_overrides=cookie).status_code == 503
