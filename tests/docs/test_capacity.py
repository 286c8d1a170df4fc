"""docs/design/capacity.md says what follows from what was measured."""

from __future__ import annotations

import pytest

from benchmarks.capacity import page
from benchmarks.capacity.herd import Prices, Simulation
from benchmarks.capacity.model import LOADS, demand, notify_ms
from benchmarks.capacity.page import BLOCKS, PAGE, Measured, number
from benchmarks.capacity.sizes import RECORDS

PRICES = Prices(look_s=0.0001, take_s=0.0002, tell_s=0.00001)


@pytest.fixture(scope="module")
def found() -> Measured:
    return page.load()


def test_its_figures_are_those_that_follow_from_what_was_measured(found: Measured) -> None:
    text = PAGE.read_text("utf-8")
    assert page.written(text, found) == text, "python -m benchmarks.capacity --page"
    assert text.count("<!-- end of ") == len(BLOCKS)


def test_all_was_measured(found: Measured) -> None:
    assert set(found.sizes.ms) == set(RECORDS)
    assert found.sizes.rows == 1_000_000
    assert found.costs.one_by_one.statements > 0
    assert len(found.costs.fan) > 1


def test_each_statement_has_a_name(found: Measured) -> None:
    for counts in (found.costs.one_by_one, found.costs.many, found.costs.idle, found.costs.hosted):
        assert "other" not in counts.calls


def test_starts_and_claims_take_no_longer_beside_a_million_runs(found: Measured) -> None:
    for name in ("start", "claim", "settle", "read a run"):
        assert found.sizes.ms["ended"][name] < 2 * found.sizes.ms["empty"][name], name
        assert found.sizes.ms["queued"][name] < 2 * found.sizes.ms["empty"][name], name


def test_pages_of_lists_take_no_longer_beside_a_million_runs(found: Measured) -> None:
    for name, ms in found.sizes.ms["ended"].items():
        if name.startswith("list"):
            assert ms < 2 * page.usual(found.sizes, name), name


def test_deliveries_are_notifies_times_listeners(found: Measured) -> None:
    for load in LOADS:
        asked = demand(load, found.costs, found.sizes)
        assert asked.listeners == load.nodes + load.webs
        assert asked.deliveries == asked.notifies * asked.listeners


def test_what_was_measured_of_a_notify_is_on_the_lines(found: Measured) -> None:
    for one in found.costs.fan:
        assert notify_ms(found.costs.fan, one.listeners) == pytest.approx(one.cpu_ms)


def test_a_broker_makes_one_node_look_and_a_notify_all_of_them() -> None:
    told = Simulation(20, 1.0, PRICES, 4, broker=True).run(4, "broker")
    assert (told.looks, told.in_vain) == (1.0, 0.0)
    called = Simulation(20, 1.0, PRICES, 4, broker=False).run(4, "NOTIFY")
    assert called.looks == pytest.approx(20, rel=0.05)
    assert called.in_vain == pytest.approx(0.95, rel=0.05)


def test_a_simulation_comes_out_the_same_each_time() -> None:
    first, again = (Simulation(10, 500.0, PRICES, 4, broker=False).run(4, "NOTIFY") for _ in range(2))
    assert first == again


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (0.01234, "0.0123"),
        (2.0, "2"),
        (99.46, "99.5"),
        (1234.5, "1,230"),
        (2.6e9, "2,600,000,000"),
        (3125, "3,125"),
    ],
)
def test_figures_have_three_digits(value: float, text: str) -> None:
    assert number(value) == text
