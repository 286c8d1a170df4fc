"""The golden files, held against what the server writes, what the client reads, and docs/wire.md."""

from __future__ import annotations

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from hotplate.client.run import Event as ClientEvent, Record, log_line
from hotplate.engine import NodeInfo
from hotplate.firing import Plan, pause
from hotplate.live import Kept
from hotplate.rpc.live import live_to_wire
from hotplate.rpc.wire import (
    RunInFull,
    RunLog,
    Schedule as WireSchedule,
    event_to_wire,
    in_full,
    listed,
    node_to_wire,
    schedule_to_wire,
    to_wire,
)
from hotplate.run import Event, FileInfo, Run
from hotplate.schedule import Schedule
from hotplate.update import Update, read_seen, write_seen

GOLDEN = Path(__file__).parent / "golden"
PAGE = Path(__file__).parents[2] / "docs" / "wire.md"
RUNS = sorted(path.stem for path in GOLDEN.glob("run_*.json") if path.stem != "run_log")


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))


def written(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def run_of(wire: dict[str, Any]) -> Run:
    """The run that is written as `wire`."""
    result = None if wire["result"] is None else msgspec.Raw(json.dumps(wire["result"]).encode())
    facts = {name: value for name, value in wire.items() if name != "result"}
    return msgspec.structs.replace(msgspec.convert(facts, Run), result=result)


@pytest.mark.parametrize("name", RUNS)
def test_the_server_writes_a_run_like_its_golden_file(name: str) -> None:
    assert written(to_wire(run_of(golden(name)))) == golden(name)


@pytest.mark.parametrize("name", RUNS)
def test_the_client_reads_all_of_a_run(name: str) -> None:
    record = msgspec.json.decode((GOLDEN / f"{name}.json").read_bytes(), type=Record)
    assert written(record) == {**golden(name), **dict.fromkeys(("params", "place", "traceback"))}


def test_there_is_a_golden_file_of_every_state() -> None:
    assert {golden(name)["state"] for name in RUNS} == {"queued", "running", "succeeded", "failed", "cancelled"}


def test_a_run_among_others_has_the_beginning_of_its_params() -> None:
    run = run_of(golden("run_queued"))
    for params, text in ((b'{"n": 1}', '{"n": 1}'), ('["' + "ä" * 500 + '"]', '["' + "ä" * 198), (b"", "")):
        sent = params.encode() if isinstance(params, str) else params
        told = written(listed(msgspec.structs.replace(run, params=msgspec.Raw(sent))))
        assert told == {**golden("run_queued"), "params_text": text}


def test_a_run_read_by_its_id_has_more() -> None:
    run = msgspec.structs.replace(run_of(golden("run_queued")), params=msgspec.Raw(b'{"samples": 10}'))
    more = {"params": {"samples": 10}, "place": 3, "traceback": "why"}
    assert written(in_full(run, 3, "why")) == {**golden("run_queued"), **more}
    record = msgspec.convert({**golden("run_queued"), **more}, Record)
    assert (record.params, record.place, record.traceback) == ({"samples": 10}, 3, "why")
    assert (written(in_full(run))["place"], written(in_full(run))["traceback"]) == (None, None)


def test_the_server_writes_a_log_like_its_golden_file() -> None:
    wire = golden("run_log")
    events = [msgspec.json.decode(json.dumps(event), type=ClientEvent) for event in wire["events"]]
    kept = [Event(e.seq, e.type, e.at.timestamp(), json.dumps(e.data).encode()) for e in events]
    assert written(RunLog([event_to_wire(event) for event in kept], kept[-1].seq)) == wire


def test_the_client_reads_the_lines_of_a_log() -> None:
    events = msgspec.convert(golden("run_log")["events"], list[ClientEvent])
    lines = [log_line(event) for event in events if event.type == "log"]
    assert [(line.level, line.logger, line.text) for line in lines] == [
        ("INFO", "shop.orders", "reading orders"),
        ("INFO", None, "printed"),
    ]


@pytest.mark.parametrize("name", ["update_progress", "update_move"])
def test_an_update_is_written_like_its_golden_file_by_each_door(name: str) -> None:
    wire = golden(name)
    update = Update(wire["topic"], wire["seq"], wire["type"], json.dumps(wire["data"]).encode())
    assert json.loads(update.json) == wire
    assert update.event.startswith(b"data: {")
    assert update.event.endswith(b"}\n\n")
    assert json.loads(update.event.removeprefix(b"data: ")) == wire
    assert json.loads(update.notification) == {"jsonrpc": "2.0", "method": "update", "params": wire}


def test_the_server_writes_a_move_like_its_golden_file() -> None:
    wire = golden("update_move")["data"]
    at = datetime.fromisoformat(wire["at"]).timestamp()
    kept = Event(wire["seq"], "move", at, json.dumps(wire["data"]).encode())
    assert written(event_to_wire(kept)) == wire


def test_the_server_writes_a_live_value_like_its_golden_file() -> None:
    wire = golden("live_value")
    at = datetime.fromisoformat(wire["at"]).timestamp()
    kept = Kept(wire["name"], wire["version"], json.dumps(wire["value"]).encode(), None, at)
    assert written(live_to_wire(kept)) == wire
    failing = written(live_to_wire(Kept("load", 1, None, b'{"code":4001,"message":"No"}', at)))
    assert (failing["value"], failing["error"]) == (None, {"code": 4001, "message": "No", "data": None})


@pytest.mark.parametrize("seen", [{}, {"run/a": 1}, {"run/a": 17, "run/b=c": 0}])
def test_what_was_seen_is_read_as_it_was_written(seen: dict[str, int]) -> None:
    assert read_seen(write_seen(seen)) == seen


def test_the_server_writes_a_worker_like_its_golden_file() -> None:
    [wire] = golden("worker_list")
    times = {name: datetime.fromisoformat(wire[name]).timestamp() for name in ("started_at", "seen_at")}
    node = NodeInfo(**{**wire, **times})
    assert written(node_to_wire(node)) == wire


def test_the_server_writes_a_file_like_its_golden_file() -> None:
    assert written(msgspec.convert(golden("file"), FileInfo)) == golden("file")


def test_the_server_writes_a_schedule_like_its_golden_file() -> None:
    wire = golden("schedule")
    own = {name: wire[name] for name in ("name", "job", "cron", "timezone", "every", "catch_up", "window", "overlap")}
    times = {name: datetime.fromisoformat(wire[name]).timestamp() for name in ("next_at", "skipped_at")}
    plan = Plan(
        schedule=Schedule(**own, params=json.dumps(wire["params"]).encode()),
        since=0.0,
        last_due=datetime.fromisoformat(wire["last_due_at"]).timestamp(),
        **times,
        **{name: wire[name] for name in ("last_run", "skipped", "skipped_for", "version")},
    )
    node = NodeInfo(id="n", host="h", pid=1, concurrency=1, jobs=["manifest.check"])
    assert written(schedule_to_wire(plan, [node])) == wire
    assert written(schedule_to_wire(replace(plan, held=True), [node])) == wire | {"waiting_for": "overlap"}
    assert schedule_to_wire(plan, []).waiting_for == "no worker alive"
    assert schedule_to_wire(plan, [replace(node, jobs=[])]).waiting_for == "job unknown to every worker"
    paused = schedule_to_wire(pause(plan, 1.0), [])
    assert (paused.waiting_for, paused.upcoming) == (None, [])


def test_the_page_lists_every_field_of_a_schedule() -> None:
    section = PAGE.read_text("utf-8").partition("A Schedule:")[2].partition("## Updates")[0]
    cells = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    assert [name for cell in cells for name in re.findall(r"`(\w+)`", cell)] == list(WireSchedule.__struct_fields__)


def test_the_page_lists_every_field_of_a_run() -> None:
    section = PAGE.read_text("utf-8").partition("## Runs")[2].partition("## Built-in")[0]
    cells = re.findall(r"^\| (`.+?`) \|", section, re.MULTILINE)
    listed = [name for cell in cells for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(listed) == sorted(RunInFull.__struct_fields__)
