"""What is sent and what must come back, as data.

`SPECIFICATION` are the examples of https://www.jsonrpc.org/specification, section 7; the others are what servers
get wrong.
"""

from __future__ import annotations

from typing import Any, NamedTuple

PARSE, REQUEST, METHOD, PARAMS, INTERNAL, UNWRITABLE = -32700, -32600, -32601, -32602, -32603, -32016

HEAD = b'{"jsonrpc": "2.0", "id": 1, "method": '


class Case(NamedTuple):
    """A body and its answer: {"id", "result"} or {"id", "error": code}, a list of these, or None for no answer.

    `told` must stand in the error's data.
    """

    name: str
    body: bytes
    answer: Any
    told: str = ""


def result(value: Any, request_id: Any = 1) -> dict[str, Any]:
    return {"id": request_id, "result": value}


def error(code: int, request_id: Any = None) -> dict[str, Any]:
    return {"id": request_id, "error": code}


def call(rest: bytes) -> bytes:
    return HEAD + rest + b"}"


SPECIFICATION = [
    Case(
        "positional parameters",
        b'{"jsonrpc": "2.0", "method": "subtract", "params": [42, 23], "id": 1}',
        result(19),
    ),
    Case(
        "positional parameters in another order",
        b'{"jsonrpc": "2.0", "method": "subtract", "params": [23, 42], "id": 2}',
        result(-19, 2),
    ),
    Case(
        "named parameters",
        b'{"jsonrpc": "2.0", "method": "subtract", "params": {"subtrahend": 23, "minuend": 42}, "id": 3}',
        result(19, 3),
    ),
    Case(
        "named parameters in another order",
        b'{"jsonrpc": "2.0", "method": "subtract", "params": {"minuend": 42, "subtrahend": 23}, "id": 4}',
        result(19, 4),
    ),
    Case("a notification", b'{"jsonrpc": "2.0", "method": "update", "params": [1,2,3,4,5]}', None),
    Case("a notification of an unknown method", b'{"jsonrpc": "2.0", "method": "foobar"}', None),
    Case("an unknown method", b'{"jsonrpc": "2.0", "method": "foobar", "id": "1"}', error(METHOD, "1")),
    Case("invalid JSON", b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', error(PARSE)),
    Case("an invalid request object", b'{"jsonrpc": "2.0", "method": 1, "params": "bar"}', error(REQUEST)),
    Case(
        "a batch that is invalid JSON",
        b'[{"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"}, {"jsonrpc": "2.0", "method"]',
        error(PARSE),
    ),
    Case("an empty batch", b"[]", error(REQUEST)),
    Case("an invalid batch, not empty", b"[1]", [error(REQUEST)]),
    Case("an invalid batch", b"[1,2,3]", [error(REQUEST)] * 3),
    Case(
        "a batch",
        b"""[
            {"jsonrpc": "2.0", "method": "sum", "params": [1,2,4], "id": "1"},
            {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]},
            {"jsonrpc": "2.0", "method": "subtract", "params": [42,23], "id": "2"},
            {"foo": "boo"},
            {"jsonrpc": "2.0", "method": "foo.get", "params": {"name": "myself"}, "id": "5"},
            {"jsonrpc": "2.0", "method": "get_data", "id": "9"}
        ]""",
        [result(7, "1"), result(19, "2"), error(REQUEST), error(METHOD, "5"), result(["hello", 5], "9")],
    ),
    Case(
        "a batch of notifications only",
        b"""[
            {"jsonrpc": "2.0", "method": "notify_sum", "params": [1,2,4]},
            {"jsonrpc": "2.0", "method": "notify_hello", "params": [7]}
        ]""",
        None,
    ),
]

ENVELOPE = [
    Case("no jsonrpc", b'{"method": "get_data", "id": 1}', error(REQUEST)),
    Case("jsonrpc 1.0", b'{"jsonrpc": "1.0", "method": "get_data", "id": 1}', error(REQUEST)),
    Case("jsonrpc as a number", b'{"jsonrpc": 2.0, "method": "get_data", "id": 1}', error(REQUEST)),
    Case("no method", b'{"jsonrpc": "2.0", "id": 1}', error(REQUEST)),
    Case("method null", call(b"null"), error(REQUEST)),
    Case("method an object", call(b"{}"), error(REQUEST)),
    Case("method an array", call(b'["get_data"]'), error(REQUEST)),
    Case("method an empty text", call(b'""'), error(METHOD, 1)),
    Case("method of a surprising kind", call(b'"__init__"'), error(METHOD, 1)),
    Case("method of another case", call(b'"GET_DATA"'), error(METHOD, 1)),
    Case("method with a space", call(b'"get_data "'), error(METHOD, 1)),
    Case("method with escapes in it", call(b'"get\\u005fdata"'), result(["hello", 5])),
    Case("id true", b'{"jsonrpc": "2.0", "method": "get_data", "id": true}', error(REQUEST)),
    Case("id false", b'{"jsonrpc": "2.0", "method": "get_data", "id": false}', error(REQUEST)),
    Case("id an array", b'{"jsonrpc": "2.0", "method": "get_data", "id": []}', error(REQUEST)),
    Case("id an object", b'{"jsonrpc": "2.0", "method": "get_data", "id": {"a": 1}}', error(REQUEST)),
    Case("id too long", b'{"jsonrpc": "2.0", "method": "get_data", "id": "%b"}' % (b"x" * 127), error(REQUEST)),
    Case("id of 5,000 digits", b'{"jsonrpc": "2.0", "method": "get_data", "id": %b}' % (b"1" * 5000), error(REQUEST)),
    Case("id null is answered", b'{"jsonrpc": "2.0", "method": "get_data", "id": null}', result(["hello", 5], None)),
    Case("id 0 is answered", b'{"jsonrpc": "2.0", "method": "get_data", "id": 0}', result(["hello", 5], 0)),
    Case("id an empty text", b'{"jsonrpc": "2.0", "method": "get_data", "id": ""}', result(["hello", 5], "")),
    Case("a wrong id of an unknown method", b'{"jsonrpc": "2.0", "method": "foobar", "id": true}', error(REQUEST)),
    Case("members that nobody knows", call(b'"get_data", "meta": {"a": [1, null]}'), result(["hello", 5])),
    Case("a member twice", call(b'"foobar", "method": "get_data"'), result(["hello", 5])),
    Case("a text", b'"get_data"', error(REQUEST)),
    Case("a number", b"1", error(REQUEST)),
    Case("null", b"null", error(REQUEST)),
    Case("params null", call(b'"get_data", "params": null'), error(REQUEST, 1)),
    Case("params a text", call(b'"echo", "params": "abc"'), error(REQUEST, 1)),
    Case("params a number", call(b'"echo", "params": 0'), error(REQUEST, 1)),
    Case("params a text, of an unknown method", call(b'"foobar", "params": "bar"'), error(REQUEST, 1)),
    Case(
        "params a text, without an id",
        b'{"jsonrpc": "2.0", "method": "get_data", "params": "bar"}',
        error(REQUEST),
    ),
    Case("whitespace around", b' \r\n\t{"jsonrpc": "2.0", "method": "get_data", "id": 1} \n', result(["hello", 5])),
]

JSON_TEXT = [
    Case("an empty body", b"", error(PARSE)),
    Case("only whitespace", b" \n", error(PARSE)),
    Case("a byte order mark", b"\xef\xbb\xbf" + call(b'"get_data"'), error(PARSE)),
    Case("UTF-16", call(b'"get_data"').decode().encode("utf-16"), error(PARSE)),
    Case("more after the end", call(b'"get_data"') + b"x", error(PARSE)),
    Case("two requests", call(b'"get_data"') * 2, error(PARSE)),
    Case("a comment", call(b'"get_data" /* yes */'), error(PARSE)),
    Case("a trailing comma", call(b'"get_data",'), error(PARSE)),
    Case("single quotes", b"{'jsonrpc': '2.0', 'method': 'get_data', 'id': 1}", error(PARSE)),
    Case("bad UTF-8 in params", call(b'"echo", "params": ["\xff"]'), error(PARSE)),
    Case("bad UTF-8 in an id", b'{"jsonrpc": "2.0", "method": "get_data", "id": "\xff"}', error(PARSE)),
    Case("bad UTF-8 in a method", call(b'"\xff"'), error(PARSE)),
    Case("bad UTF-8 in an unknown member", call(b'"get_data", "x": "\xc3\x28"'), error(PARSE)),
    Case("an overlong encoding", call(b'"echo", "params": ["\xc0\xaf"]'), error(PARSE)),
    Case("an encoded surrogate", call(b'"echo", "params": ["\xed\xa0\x80"]'), error(PARSE)),
    Case("a bad escape", call(b'"echo", "params": ["\\q"]'), error(PARSE)),
    Case("a control character", call(b'"echo", "params": ["a\nb"]'), error(PARSE)),
    Case("broken params of an unknown method", call(b'"foobar", "params": [01]'), error(PARSE)),
    Case("broken JSON after a wrong method", call(b'1, "params": [01]'), error(PARSE)),
    Case("NaN", call(b'"same", "params": [NaN]'), error(PARSE)),
    Case("Infinity", call(b'"same", "params": [Infinity]'), error(PARSE)),
    Case("-Infinity", call(b'"ratio", "params": [-Infinity]'), error(PARSE)),
    Case("NaN as an id", b'{"jsonrpc": "2.0", "method": "get_data", "id": NaN}', error(PARSE)),
    Case("a number with a leading zero", call(b'"same", "params": [01]'), error(PARSE)),
    Case("5,000 nested levels", call(b'"same", "params": ' + b"[" * 5000 + b"]" * 5000), error(PARSE)),
    Case("100,000 nested levels, not closed", b"[" * 100_000, error(PARSE)),
    Case("5,000 nested objects", call(b'"same", "params": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000), error(PARSE)),
    Case("5,000 nested levels in a wrong element", b"[1," + b"[" * 5000 + b"]" * 5000 + b"]", error(PARSE)),
]

ARGUMENTS = [
    Case("a parameter missing", call(b'"subtract", "params": [1]'), error(PARAMS, 1), "subtrahend"),
    Case("no params at all", call(b'"subtract"'), error(PARAMS, 1), "minuend"),
    Case("one too many by position", call(b'"subtract", "params": [1, 2, 3]'), error(PARAMS, 1), "2"),
    Case("one too many by name", call(b'"echo", "params": {"text": "a", "txet": "b"}'), error(PARAMS, 1), "txet"),
    Case("params for a method without any", call(b'"get_data", "params": [1]'), error(PARAMS, 1)),
    Case("names for a method without any", call(b'"get_data", "params": {"x": 1}'), error(PARAMS, 1), "x"),
    Case("empty arrays are no params", call(b'"get_data", "params": []'), result(["hello", 5])),
    Case("empty objects are no params", call(b'"get_data", "params": {}'), result(["hello", 5])),
    Case("true is no number", call(b'"subtract", "params": [true, 1]'), error(PARAMS, 1), "minuend"),
    Case("true is no number by name", call(b'"ratio", "params": {"a": true}'), error(PARAMS, 1), "a"),
    Case("a text is no number", call(b'"subtract", "params": ["1", 1]'), error(PARAMS, 1), "minuend"),
    Case("a fraction is no whole number", call(b'"subtract", "params": [1.5, 1]'), error(PARAMS, 1), "minuend"),
    Case("null is no text", call(b'"echo", "params": [null]'), error(PARAMS, 1), "text"),
    Case("defaults are kept", call(b'"greet"'), result("Hello you")),
    Case("by name only", call(b'"greet", "params": {"loud": true}'), result("HELLO you")),
    Case("a nested value", call(b'"mirror", "params": {"point": {"x": 1.5}}'), result({"x": -1.5, "y": -0.0})),
    Case("a wrong nested value", call(b'"mirror", "params": {"point": {"x": "a"}}'), error(PARAMS, 1), "x"),
    Case("a nested value missing", call(b'"mirror", "params": {"point": {}}'), error(PARAMS, 1), "x"),
    Case("5,000 digits for a number", call(b'"subtract", "params": [%b, 1]' % (b"1" * 5000)), error(PARAMS, 1)),
    Case("a million digits", call(b'"same", "params": [%b]' % (b"1" * 1_000_000)), error(PARAMS, 1)),
    Case("a number that overflows", call(b'"ratio", "params": [1e999]'), error(PARAMS, 1)),
    Case(
        "text goes through unchanged",
        call('"echo", "params": ["\\"\\\\/\\n\\u0000 ä€😀\\ud83d\\ude00"]'.encode()),
        result('"\\/\n\x00 ä€😀😀'),
    ),
    Case("a service's method", call(b'"Echo.uppercase", "params": {"msg": "abc"}'), result("ABC")),
    Case("an async method", call(b'"later", "params": ["sooner or"]'), result("sooner or later")),
    Case("a function of another address", call(b'"short.lowercase", "params": ["ABC"]'), error(METHOD, 1)),
]

RESULTS = [
    Case("no result", call(b'"nothing"'), result(None)),
    Case("NaN as a result", call(b'"not_finite", "params": ["alone"]'), error(UNWRITABLE, 1), "$"),
    Case("infinity in a list", call(b'"not_finite", "params": ["in a list"]'), error(UNWRITABLE, 1), "$[1]"),
    Case("infinity in an object", call(b'"not_finite", "params": ["in an object"]'), error(UNWRITABLE, 1), "$.a.b"),
    Case("an object that is no JSON", call(b'"not_writable", "params": ["an object"]'), error(UNWRITABLE, 1)),
    Case("a list in itself", call(b'"not_writable", "params": ["a circle"]'), error(UNWRITABLE, 1)),
    Case("a lone surrogate", call(b'"not_writable", "params": ["a surrogate"]'), error(UNWRITABLE, 1)),
    Case("a number of 5,001 digits", call(b'"not_writable", "params": ["a huge number"]'), error(UNWRITABLE, 1)),
    Case("an exception", call(b'"fail"'), error(INTERNAL, 1)),
    Case("the user's own error", call(b'"refuse", "params": [42, "No", {"a": 1}]'), error(42, 1), "{'a': 1}"),
    Case("an own error whose data is no JSON", call(b'"refuse_unwritable"'), error(INTERNAL, 1)),
    Case("an own error whose code is no number", call(b'"refuse", "params": ["x"]'), error(INTERNAL, 1)),
    Case("an own error whose message is no text", call(b'"refuse", "params": [1, 2]'), error(INTERNAL, 1)),
    Case("abort(404)", call(b'"missing"'), error(-32004, 1)),
    Case("abort(401)", call(b'"missing", "params": [401]'), error(-32001, 1)),
    Case("abort(403)", call(b'"missing", "params": [403]'), error(-32003, 1)),
    Case("abort(409)", call(b'"missing", "params": [409]'), error(-32009, 1)),
    Case("abort(500)", call(b'"missing", "params": [500]'), error(INTERNAL, 1)),
]

_FAIL = b'{"jsonrpc": "2.0", "method": "fail"}'
_ECHO = b'{"jsonrpc": "2.0", "method": "echo", "params": ["a"], "id": "a"}'

NOTIFICATIONS = [
    Case("one that fails", _FAIL, None),
    Case("one with wrong params", b'{"jsonrpc": "2.0", "method": "subtract", "params": ["a"]}', None),
    Case("one with surplus params", b'{"jsonrpc": "2.0", "method": "echo", "params": {"txet": 1}}', None),
    Case("one with a result", b'{"jsonrpc": "2.0", "method": "get_data"}', None),
    Case("one whose result is no JSON", b'{"jsonrpc": "2.0", "method": "not_finite", "params": ["alone"]}', None),
    Case("one of an own error", b'{"jsonrpc": "2.0", "method": "refuse"}', None),
]

BATCHES = [
    Case("one element", b"[" + _ECHO + b"]", [result("a", "a")]),
    Case(
        "a wrong element does not kill it",
        b"[" + _ECHO + b', {"jsonrpc": "2.0"}, [], null, ' + _ECHO + b"]",
        [result("a", "a"), error(REQUEST), error(REQUEST), error(REQUEST), result("a", "a")],
    ),
    Case(
        "a failing element does not kill it",
        b"[" + call(b'"fail"') + b"," + _ECHO + b"]",
        [error(INTERNAL, 1), result("a", "a")],
    ),
    Case("a failing notification in it", b"[" + _FAIL + b"," + _ECHO + b"]", [result("a", "a")]),
    Case("only failing notifications", b"[" + _FAIL + b"," + _FAIL + b"]", None),
    Case("a wrong element and a notification", b"[1," + _FAIL + b"]", [error(REQUEST)]),
    Case("the same id twice", b"[" + _ECHO + b"," + _ECHO + b"]", [result("a", "a")] * 2),
    Case("a batch in a batch", b"[[" + _ECHO + b"]]", [error(REQUEST)]),
    Case("a wrong id in it", b'[{"jsonrpc": "2.0", "method": "get_data", "id": true}]', [error(REQUEST)]),
    Case("100 calls", b"[" + b",".join([_ECHO] * 100) + b"]", [result("a", "a")] * 100),
    Case("101 calls", b"[" + b",".join([_ECHO] * 101) + b"]", error(REQUEST)),
    Case("101 wrong elements", b"[" + b",".join([b"1"] * 101) + b"]", error(REQUEST)),
    Case("101 notifications", b"[" + b",".join([_FAIL] * 101) + b"]", error(REQUEST)),
]

CASES = [*SPECIFICATION, *ENVELOPE, *JSON_TEXT, *ARGUMENTS, *RESULTS, *NOTIFICATIONS, *BATCHES]

IDS = [
    b"1.0",
    b"1.50",
    b"1e2",
    b"-0",
    b"-1",
    b"123456789012345678901234567890",
    b'"ID1"',
    b'"\\u0041"',
    b'"\\/"',
    b'"\\ud83d\\ude00"',
    '"ä€😀"'.encode(),
    b'"null"',
    b"null",
]
"""Ids that must come back byte for byte."""
