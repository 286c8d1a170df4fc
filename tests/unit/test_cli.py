"""The command line: which application, which arguments, and how a command ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import pytest
from werkzeug.serving import make_server
from werkzeug.wrappers import Response

from hotplate.cli import access_log, wsgi_server
from hotplate.cli.call import arguments
from hotplate.cli.layout import laid_out
from hotplate.cli.listener import listen
from hotplate.cli.listing import spelled
from tests.processes import free_port

APPS = {
    "shop.py": "from flask import Flask\napp = Flask(__name__)\n",
    "factory.py": "from flask import Flask\ndef create_app(name='x'):\n    return Flask(name)\n",
    "needy.py": "import nonexistent_module\n",
    "broken.py": "1 / 0\n",
    "unclosed.py": "x = 1\ny = (\n",
    "declared.py": "from flask import Flask\nfrom hotplate import Hotplate\napp = Flask(__name__)\n"
    "@Hotplate(app).method\ndef f(x: 'Nope') -> int: ...\n",
    "empty.py": "",
}

WATCHED = """
from flask import Flask
from hotplate import Hotplate

app = Flask(__name__)
hp = Hotplate(app)
hp.value("load", float)

@hp.live(every=0.5, always=True)
def tide() -> float:
    "How high the sea is."

@hp.live
def wind() -> float: ...

@hp.cron("0 3 * * *", name="nightly")
@hp.job
def report() -> None: ...
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in APPS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def run(
    folder: Path, *argv: str, command: tuple[str, ...] = ("-m", "hotplate"), environ: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:

    environment = {**os.environ, **(environ or {})}
    return subprocess.run(
        [sys.executable, *command, *argv], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_the_version_is_told(folder: Path) -> None:
    assert run(folder, "--version").stdout.startswith("hotplate 0.")


def test_help_lists_the_commands(folder: Path) -> None:
    text = run(folder, "--help").stdout
    assert "call " in text
    assert "describe " in text


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("nonsense",), "No such command 'nonsense' (see hotplate --help)"),
        (("--nonsense",), "No such option '--nonsense' (see hotplate --help)"),
        (("call",), "Missing argument 'URL' (see hotplate call --help)"),
        (("describe", "a", "b"), "Got unexpected extra argument (b) (see hotplate describe --help)"),
        (("describe",), "no application: name one (module:app), or set HOTPLATE_APP or FLASK_APP in the environment"),
        (("call", "ftp://h", "f"), "'ftp://h' is no http:// or https:// address (see hotplate call --help)"),
        (("call", "http://h", "f", "a=1", "2"), "give all values by name (name=value) or all by position (value)"),
    ],
)
def test_a_wrong_command_line_is_one_line_and_exit_code_2(folder: Path, argv: tuple[str, ...], said: str) -> None:
    ended = run(folder, *argv)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (2, "", 1)
    assert ended.stderr.startswith("hotplate: ")
    assert said in ended.stderr


@pytest.mark.parametrize(
    ("app", "said"),
    [
        ("needy", "ModuleNotFoundError: No module named 'nonexistent_module'"),
        ("broken", "ZeroDivisionError: division by zero"),
        ("broken", "broken.py, line 1;"),
        ("needy", "needy.py, line 1;"),
        ("unclosed", "unclosed.py, line 2;"),
        ("declared", "declared.py, line 4;"),
        ("absent", "Could not import 'absent'"),
        ("absent.py", "Could not import"),
        ("shop:other", "other"),
        ("empty", "empty"),
    ],
)
def test_an_application_that_cannot_be_loaded_is_one_line_and_exit_code_1(folder: Path, app: str, said: str) -> None:
    ended = run(folder, "describe", app)
    assert (ended.returncode, ended.stdout, len(ended.stderr.splitlines())) == (1, "", 1)
    assert ended.stderr.startswith(f"hotplate: cannot load {app!r}: ")
    assert said in ended.stderr


@pytest.mark.parametrize("argv", [("--debug", "describe", "broken"), ("describe", "broken", "--debug")])
def test_debug_shows_the_traceback(folder: Path, argv: tuple[str, ...]) -> None:
    ended = run(folder, *argv)
    assert ended.returncode == 1
    assert "Traceback" in ended.stderr
    assert 'broken.py", line 1' in ended.stderr


def test_an_unreachable_server_is_one_line_and_exit_code_1(folder: Path) -> None:
    ended = run(folder, "call", "http://127.0.0.1:9", "f")
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert ended.stderr.startswith("hotplate: cannot reach http://127.0.0.1:9/rpc: ")


def test_a_server_without_a_scheme_is_asked_by_http(folder: Path) -> None:
    assert "cannot reach http://127.0.0.1:9/rpc: " in run(folder, "call", "127.0.0.1:9", "f").stderr


def test_without_a_command_the_help_is_shown(folder: Path) -> None:
    ended = run(folder)
    assert (ended.returncode, ended.stderr) == (2, "")
    assert ended.stdout == run(folder, "--help").stdout


def test_an_application_without_hotplate_is_one_line_of_the_web_process(folder: Path) -> None:
    with listen("127.0.0.1", free_port()) as listener:
        number = listener.fileno()
        argv = (sys.executable, "-m", "hotplate.cli.web", "shop", "127.0.0.1", str(number))
        ended = subprocess.run(argv, cwd=folder, pass_fds=[number], capture_output=True, text=True, check=False)
    assert (ended.returncode, len(ended.stderr.splitlines())) == (1, 1)
    assert ended.stderr.startswith("hotplate: application 'shop' has no Hotplate")


def test_a_port_that_is_taken_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with listen("127.0.0.1", free_port()) as first:
        port = first.getsockname()[1]
        assert not capsys.readouterr().err
        with listen("127.0.0.1", port) as second:
            told = f"warning: port {port} is taken; {second.getsockname()[1]} is used instead\n"
    assert capsys.readouterr().err.endswith(told)


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"\x16\x03\x01\x02\x00\x01\x00\r\n", "https:// was asked for, but only http:// is served here: 400"),
        (b"\x1b[2J\r\n\r\n", r"no HTTP request: '\x1b[2J' 400"),
        (b"GET / HTTP/9.0\r\n\r\n", "no HTTP request: 'GET / HTTP/9.0' 505"),
        (b"GET /x HTTP/1.0\r\n\r\n", "GET /x 404"),
    ],
)
def test_what_is_no_request_is_one_line_of_the_log(sent: bytes, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    server = make_server("127.0.0.1", 0, Response(status=404), request_handler=wsgi_server.Handler)
    with server, socket.create_connection(server.server_address) as caller:
        caller.sendall(sent)
        caller.shutdown(socket.SHUT_WR)
        server.handle_request()
    shown = capsys.readouterr().err
    assert shown.endswith(f" web    warning: {said}\n")
    assert len(shown.splitlines()) == 1


def test_calls_that_only_read_are_not_logged_unless_refused(capsys: pytest.CaptureFixture[str]) -> None:
    access_log.observe("run.wait", 0.1, b'{"jsonrpc":"2.0","id":1,"result":{}}')
    assert not capsys.readouterr().err
    access_log.observe(
        "run.wait", 0.1, b'{"jsonrpc":"2.0","id":1,"error":{"code":-32004,"message":"Not found","data":"no x"}}'
    )
    assert capsys.readouterr().err.endswith("run.wait 100.0 ms: -32004 Not found: no x\n")
    access_log.observe("f", 0.1, b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"No","data":{"a":1}}}')
    assert capsys.readouterr().err.endswith('f 100.0 ms: 1 No: {"a":1}\n')


def test_commands_are_found_below_flask_too(folder: Path) -> None:
    assert "describe" in run(folder, "hotplate", "--help", command=("-m", "flask")).stdout


def test_the_parent_of_a_node_imports_no_flask_and_no_http_client() -> None:
    code = "import sys, hotplate.cli.app, hotplate.cli.worker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"flask", "werkzeug", "jinja2", "httpx", "hotplate.extension"} & set(loaded)


@pytest.mark.parametrize(
    ("given", "understood"),
    [
        ((), []),
        (("1", "abc", "[1, 2]", "null", "1.5"), [1, "abc", [1, 2], None, 1.5]),
        (("n=1", "text=abc", 'tags=["a"]', "empty="), {"n": 1, "text": "abc", "tags": ["a"], "empty": ""}),
        (("text=a=b", "url=http://h/?q=1"), {"text": "a=b", "url": "http://h/?q=1"}),
        (('"a=b"', "-3", "NaN"), ["a=b", -3, "NaN"]),
        (("text=two\nlines",), {"text": "two\nlines"}),
    ],
)
def test_values_are_json_else_text(given: tuple[str, ...], understood: object) -> None:
    assert arguments(given) == understood


def test_values_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text('{"lines": [1, 2]}')
    (tmp_path / "letter.txt").write_text("12\n")
    found = arguments((f"order=@{tmp_path}/order.json", f"letter=@{tmp_path}/letter.txt"))
    assert found == {"order": {"lines": [1, 2]}, "letter": "12\n"}


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text("{")
    with pytest.raises(click.UsageError, match=r"order\.json"):
        arguments((f"@{tmp_path}/order.json",))
    with pytest.raises(click.UsageError, match=r"absent\.txt"):
        arguments((f"@{tmp_path}/absent.txt",))


def test_a_result_is_laid_out_in_lines_that_fit() -> None:
    value = {"estimate": 3.14, "series": [{"samples": 10, "name": "Zürich"}, {"samples": 20}], "none": []}
    text = laid_out(value, 44)
    assert json.loads(text) == value
    assert text.splitlines() == [
        "{",
        '  "estimate": 3.14,',
        '  "series": [',
        '    {"samples": 10, "name": "Zürich"},',
        '    {"samples": 20}',
        "  ],",
        '  "none": []',
        "}",
    ]


def test_a_short_result_is_one_line() -> None:
    assert laid_out({"a": [1, 2]}, 80) == '{"a": [1, 2]}'


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        ({}, "any"),
        ({"type": "integer", "minimum": 1}, "integer"),
        ({"$ref": "#/components/schemas/Order"}, "Order"),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Order"}}, "[Order]"),
        ({"type": "array"}, "array"),
        (
            {"type": "array", "prefixItems": [{"type": "string"}, {"type": "number"}], "items": False},
            "[string, number]",
        ),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string | null"),
        ({"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "number"}}]}, "string | [number]"),
        ({"enum": ["a", 1]}, '"a" | 1'),
        ({"const": "dog"}, '"dog"'),
        ({"type": ["string", "null"]}, "string | null"),
        ({"type": "object", "additionalProperties": {"type": "number"}}, "{string: number}"),
        ({"type": "object", "title": "Order", "properties": {}}, "Order"),
        ({"type": "object"}, "object"),
    ],
)
def test_types_are_spelled_in_a_few_words(schema: dict[str, Any], text: str) -> None:
    assert spelled(schema) == text


def test_an_application_is_described_as_a_list(folder: Path) -> None:
    lines = run(folder, "describe", "hotplate.demo.app", "--text").stdout.splitlines()
    assert "method   Echo.reverse(text: string) -> string" in lines
    assert "job      estimate_pi(samples: integer = 20000000, seed: integer = 0) -> Estimate" in lines
    assert "builtin  worker.list() -> [Node]" in lines


def test_live_values_and_schedules_are_described_as_well(folder: Path) -> None:
    (folder / "watched.py").write_text(WATCHED)
    lines = run(folder, "describe", "watched", "--text").stdout.splitlines()
    assert lines[-5:] == [
        "live     load -> number, set by hand",
        "live     tide -> number, every 0.5 s, always",
        "             How high the sea is.",
        "live     wind -> number, every 1 s",
        "schedule nightly: job report, cron 0 3 * * * UTC",
    ]
    document = json.loads(run(folder, "describe", "watched").stdout)
    assert document["x-hotplate-schedules"] == [{"name": "nightly", "job": "report", "rule": "cron 0 3 * * * UTC"}]
    assert document["x-hotplate-lives"][1] == {
        "name": "tide",
        "summary": "How high the sea is.",
        "schema": {"type": "number"},
        "every": 0.5,
        "always": True,
    }


def test_an_application_is_described_as_openrpc(folder: Path) -> None:
    document = json.loads(run(folder, "describe", environ={"FLASK_APP": "hotplate.demo.app"}).stdout)
    assert "Echo.reverse" in [method["name"] for method in document["methods"]]
