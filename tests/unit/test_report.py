from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import report


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "RESULTS.md"
    monkeypatch.setattr(report, "RESULTS", path)
    return path


def test_a_section_is_replaced_and_the_others_stay(results: Path) -> None:
    report.section("Calls", ["first"])
    report.section("Runs", ["second"])

    report.section("Calls", ["third"])

    text = results.read_text()
    assert text.startswith("# Results\n")
    assert text.endswith("## Calls\n\nthird\n\n## Runs\n\nsecond\n")


def test_writing_a_section_again_changes_nothing(results: Path) -> None:
    report.section("Calls", ["same"])
    report.section("Runs", ["other"])
    before = results.read_text()

    report.section("Calls", ["same"])

    assert results.read_text() == before


def test_soak_results_have_a_file_of_their_own(results: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(report, "SOAK", tmp_path / "SOAK.md")
    report.soak_section("One machine", ["nothing lost"])
    assert (tmp_path / "SOAK.md").read_text().startswith("# Soak\n")
    assert not results.exists()


def test_a_table_aligns_figures_to_the_right() -> None:
    assert report.table(("who", "jobs/s"), [("us", 10)]) == ["| who | jobs/s |", "| --- | ---: |", "| us | 10 |"]


def test_the_machine_is_named_without_host_and_path() -> None:
    line = report.machine("pytest", "no-such-package")
    assert "cores" in line
    assert f"pytest {pytest.__version__}" in line
    assert "no-such-package" not in line
    assert str(Path.home()) not in line
    assert str(Path.cwd()) not in line
