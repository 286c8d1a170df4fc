"""What `hotplate watch` shows in a terminal."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from hotplate.cli.watch import lines
from hotplate.client import Update

GOLDEN = Path(__file__).parents[1] / "protocol" / "golden"

RUN = {
    "id": "0198c2a4-6d0b-4b8c-9c6f-4a1d7b1f2e90",
    "job": "squares",
    "state": "running",
    "waiting_for": None,
    "error": None,
    "finished_at": None,
    "progress": {"done": 21, "total": 50, "fraction": 0.42, "message": "half", "rate": None, "eta_s": None},
}
NODE = {"id": "n1", "host": "box", "pid": 7, "concurrency": 4, "running": ["a"], "jobs": ["squares"] * 100}


def shown(topic: str, kind: str, data: Any, seq: int = 3, columns: int = 100) -> list[str]:
    return lines(Update(topic, seq, kind, data), len(topic), columns)


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))


@pytest.mark.parametrize(
    ("topic", "kind", "data", "line"),
    [
        ("runs", "run", RUN, f"runs  {RUN['id']}  running    squares  42 %  21/50  half"),
        (
            "runs",
            "run",
            RUN | {"state": "failed", "error": {"code": 1, "message": "no ink"}},
            f"runs  {RUN['id']}  failed     squares  no ink",
        ),
        ("workers", "worker", NODE, "workers  n1  1 of 4 running  box, process 7"),
        ("workers", "gone", {"id": "n1"}, "workers  n1  gone"),
        ("live/load", "value", {"value": 21.5, "version": 7, "error": None}, "live/load       7  21.5"),
        (
            "live/load",
            "value",
            {"value": 1, "version": 8, "error": {"code": -32000, "message": "no sensor"}},
            "live/load       8  1  error: no sensor (code -32000)",
        ),
        ("run/1", "run", RUN, "run/1       3  run       squares running  42 %  21/50  half"),
        ("run/1", "progress", RUN["progress"], "run/1       3  progress  42 %  21/50  half"),
        ("run/1", "partial", {"data": [1]}, "run/1       3  partial   [1]"),
        ("run/1", "gone", None, "run/1       3  gone      no longer kept"),
    ],
)
def test_each_thing_is_one_line(topic: str, kind: str, data: Any, line: str) -> None:
    assert shown(topic, kind, data) == [line]


def test_what_the_server_writes_can_be_read() -> None:
    assert shown("schedules", "schedules", [golden("schedule")]) == [
        "schedules  manifest.check  manifest.check  next at 2026-11-21T03:25:00Z"
    ]
    value = golden("live_value")
    assert shown(f"live/{value['name']}", "value", value)[0].endswith(json.dumps(value["value"], ensure_ascii=False))
    for name in ("update_move", "update_progress"):
        (line,) = lines(Update(**golden(name)), 40, 200)
        assert "{" not in line


def test_all_there_is_has_a_line_for_each_oldest_first() -> None:
    older = RUN | {"id": "older"}
    assert [line.split()[1] for line in shown("runs", "runs", [RUN, older])] == ["older", RUN["id"]]
    assert shown("workers", "workers", []) == ["workers  none"]


def test_topics_stand_in_one_column() -> None:
    (line,) = lines(Update("runs", 0, "runs", []), len("live/board"), 80)
    assert line == "runs        none"


def test_lines_fit_the_terminal_but_those_of_a_log_are_whole() -> None:
    (value,) = shown("live/load", "value", {"value": "x" * 100, "version": 1, "error": None}, columns=40)
    assert len(value) == 40
    assert value.endswith("x…")
    (line,) = shown("run/1", "log", {"data": {"text": "y" * 100}}, columns=40)
    assert line.endswith("y" * 100)


def test_control_characters_do_nothing() -> None:
    (line,) = shown("run/1", "log", {"data": {"text": "\x1b[2J"}})
    assert "\x1b" not in line
