from __future__ import annotations

import inspect
import re
from pathlib import Path

import hotplate
from hotplate import Namespace
from hotplate.options import JobOptions

DOCS = Path(__file__).parents[2] / "docs"


def test_every_public_name_is_documented_and_no_other() -> None:
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", (DOCS / "reference/python.md").read_text("utf-8"), re.MULTILINE)
    names = [name for row in rows for name in re.findall(r"\w+", row)]
    assert sorted(names) == sorted(hotplate.__all__)


def test_every_option_of_a_schedule_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", (DOCS / "guide/schedules.md").read_text("utf-8"), re.MULTILINE)
    for declare, own in ((Namespace.cron, {"timezone"}), (Namespace.every, {"days", "hours", "minutes", "seconds"})):
        taken = inspect.signature(declare).parameters.values()
        options = [(p.name, repr(p.default)) for p in taken if p.kind is p.KEYWORD_ONLY and p.name not in own]
        assert rows == options


def test_every_option_of_a_job_is_documented_with_its_default() -> None:
    rows = re.findall(r"^\| `(\w+)` \| `(.*?)` \|", (DOCS / "guide/jobs.md").read_text("utf-8"), re.MULTILINE)
    defaults = JobOptions()
    assert rows == [(name, repr(getattr(defaults, name))) for name in JobOptions.__struct_fields__]
