"""JSON-RPC 2.0: every case of `cases` at every door."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.protocol.cases import CASES, IDS, Case, call
from tests.protocol.conftest import Send


def told(answer: Any, data: list[Any]) -> Any:
    """A response as the cases say it, checked against section 5; the data of its error is put into `data`."""
    if isinstance(answer, list):
        return [told(one, data) for one in answer]
    assert answer.pop("jsonrpc") == "2.0"
    if "error" in answer:
        error = answer["error"]
        assert {"code", "message"} <= set(error) <= {"code", "message", "data"}
        assert isinstance(error["message"], str)
        data.append(error.get("data"))
        answer["error"] = error["code"]
    assert set(answer) in ({"id", "result"}, {"id", "error"})
    return answer


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_is_answered_as_the_specification_wants(case: Case, send: Send) -> None:
    status, headers, body = send(case.body)
    if case.answer is None:
        assert (status, body) == (204, b"")
        return
    assert (status, headers["Content-Type"]) == (200, "application/json")
    data: list[Any] = []
    assert told(json.loads(body), data) == case.answer
    assert case.told in str(data)


@pytest.mark.parametrize("request_id", IDS, ids=repr)
def test_an_id_comes_back_byte_for_byte(request_id: bytes, send_here: Send) -> None:
    good = send_here(b'{"jsonrpc": "2.0", "method": "nothing", "id": %b}' % request_id).body
    bad = send_here(b'{"jsonrpc": "2.0", "method": "unknown", "id": %b}' % request_id).body
    assert good == b'{"jsonrpc":"2.0","id":%b,"result":null}' % request_id
    assert bad.startswith(b'{"jsonrpc":"2.0","id":%b,"error":' % request_id)


def test_a_notification_is_carried_out(send: Send) -> None:
    before = len(json.loads(send(call(b'"recall"')).body)["result"])
    send(b'{"jsonrpc": "2.0", "method": "remember", "params": ["it"]}')
    send(b'[{"jsonrpc": "2.0", "method": "remember", "params": ["it"]}]')
    assert json.loads(send(call(b'"recall"')).body)["result"][before:] == ["it", "it"]


def test_a_batch_that_is_broken_is_not_begun(send_here: Send) -> None:
    before = send_here(call(b'"recall"')).body
    send_here(b'[{"jsonrpc": "2.0", "method": "remember", "params": ["no"], "id": 1}, {"jsonrpc": "2.0", ]')
    assert send_here(call(b'"recall"')).body == before


def test_the_text_of_an_exception_reaches_the_log_only(send_here: Send, caplog: pytest.LogCaptureFixture) -> None:
    body = send_here(call(b'"fail"')).body
    error = json.loads(body)["error"]
    assert error["message"] == "Internal error"
    assert set(error["data"]) == {"error_id"}
    assert b"secret" not in body
    assert b"Traceback" not in body
    record = next(r for r in caplog.records if r.name == "hotplate")
    assert error["data"]["error_id"] in record.getMessage()
    assert "RuntimeError: secret /etc/passwd" in record.getMessage()
    assert "service.py" in record.getMessage()


def test_nobody_can_forge_a_log_line(send_here: Send, caplog: pytest.LogCaptureFixture) -> None:
    send_here(call(b'"fail", "params": ["x\\r\\n2026-01-01 all is well\\u001b[2J"]'))
    (message,) = [r.getMessage() for r in caplog.records if r.name == "hotplate"]
    assert "all is well\\x1b[2J" in message
    assert all(line.startswith("    ") for line in message.split("\n")[1:])
    assert "\r" not in message
    assert "\x1b" not in message


def test_a_forgotten_id_is_warned_of_once_a_function(caplog: pytest.LogCaptureFixture) -> None:
    from tests.protocol import service
    from tests.protocol.conftest import sending_to

    send = sending_to(service.make("notified"))
    for method in (b"get_data", b"get_data", b"echo", b"echo", b"nothing", b"foobar", b"barfoo"):
        send(b'{"jsonrpc": "2.0", "method": "%b"}' % method)
    warned = [r.getMessage() for r in caplog.records if "without an id" in r.getMessage()]
    assert [(w.split()[0], "a result" in w) for w in warned] == [("get_data", True), ("echo", False), ("an", False)]


def test_a_message_that_quotes_the_caller_is_short(send_here: Send) -> None:
    name = b"x" * 1_000_000
    unknown = send_here(call(b'"%b"' % name)).body
    surplus = send_here(call(b'"echo", "params": {"text": "a", "%b": 1}' % name)).body
    assert len(unknown) < 2000
    assert len(surplus) < 2000


def test_a_method_with_request_sees_the_request_at_every_door(send: Send) -> None:
    answer = json.loads(send(call(b'"agent"'), User_Agent="probe/1").body)
    batch = json.loads(
        send(b"[" + call(b'"echo", "params": ["a"]') + b"," + call(b'"\\u0061gent"') + b"]", User_Agent="p").body
    )
    assert answer["result"] == "probe/1"
    assert [one["result"] for one in batch] == ["a", "p"]
