"""One process that is kept going."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator

import pytest

from hotplate.cli import supervisor
from hotplate.cli.supervisor import Part
from tests.processes import until


@pytest.fixture
def part(monkeypatch: pytest.MonkeyPatch) -> Iterator[Part]:
    """One that ends as soon as it is started."""
    monkeypatch.setattr(supervisor, "RESTART_S", 0.2)
    part = Part("web", [sys.executable, "-c", "raise SystemExit(3)"], {})
    part.start()
    yield part
    part.stop()


def ended(part: Part) -> None:
    until(lambda: part.code is not None, "its end")


def revived(part: Part) -> float:
    """The seconds until it is started again."""
    ended(part)
    began, starts = time.monotonic(), part.starts
    until(lambda: part.revive() or part.starts > starts, "its next start")
    return time.monotonic() - began


def test_one_that_does_not_come_up_is_started_again_after_pauses_that_grow(
    part: Part, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(supervisor, "LONGEST_PAUSE_S", 0.5)
    took = [revived(part) for _ in range(4)]
    assert [round(seconds, 1) for seconds in took[:2]] >= [0.2, 0.4]
    assert took[1] >= 0.4
    assert max(took[2:]) >= 0.5
    assert caplog.text.count("a web process has ended (code 3); starting another in 0.2 s") == 1
    assert caplog.text.count("starting another in 0.5 s") == 2


def test_one_that_was_steady_is_started_again_at_once(part: Part, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervisor, "STEADY_S", 0.0)
    assert revived(part) < 0.2
