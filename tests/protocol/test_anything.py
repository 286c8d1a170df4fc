"""Whatever is sent, the answer is a JSON-RPC answer and never an error of the server."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from tests.protocol import service
from tests.protocol.cases import CASES
from tests.protocol.conftest import sending_to, sending_to_asgi
from tests.protocol.test_messages import told

send, send_by_asgi = sending_to(service.direct), sending_to_asgi(service.asgi)
bodies = st.sampled_from([case.body for case in CASES if len(case.body) < 2000])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["2.0", "echo", "sum"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
requests = st.fixed_dictionaries(
    {},
    optional={
        "jsonrpc": st.just("2.0") | values,
        "method": st.sampled_from(["echo", "sum", "mirror", "same", "greet", "fail", "ratio", "later"]) | values,
        "params": values,
        "id": st.integers() | st.text(max_size=5) | values,
    },
)


_ERROR_ID = re.compile(rb'"error_id":"\w+"')


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A body of the cases with a piece cut out, or put in."""
    body = draw(bodies)
    at = draw(st.integers(0, len(body)))
    return body[:at] + draw(st.binary(max_size=4)) + body[at + draw(st.integers(0, 4)) :]


def check(body: bytes) -> None:
    status, _, answer = send(body)
    assert status in (200, 204)
    if status == 200:
        told(json.loads(answer, parse_constant=_refuse), [])
    by_asgi = send_by_asgi(body)
    assert (by_asgi.status, _ERROR_ID.sub(b"", by_asgi.body)) == (status, _ERROR_ID.sub(b"", answer))


def _refuse(constant: str) -> Any:
    raise AssertionError(f"{constant} is no JSON")


quick = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.binary(max_size=50))
def test_any_bytes_are_answered(body: bytes) -> None:
    check(body)


@quick
@given(damaged())
def test_damaged_requests_are_answered(body: bytes) -> None:
    check(body)


@quick
@given(requests | st.lists(requests | values, max_size=4))
def test_any_json_is_answered(message: Any) -> None:
    check(json.dumps(message).encode())


@quick
@given(values)
def test_any_value_goes_through_unchanged_or_is_refused(value: Any) -> None:
    answer = json.loads(
        send(json.dumps({"jsonrpc": "2.0", "method": "same", "params": [value], "id": 1}).encode()).body
    )
    if "result" in answer:
        assert answer["result"] == value
    else:
        assert answer["error"]["code"] in (-32700, -32602)
