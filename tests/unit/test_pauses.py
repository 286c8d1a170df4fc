from __future__ import annotations

import pytest

from hotplate.engines.pauses import LONGEST_S, SHORTEST_S, pause_after, rest_after


@pytest.mark.parametrize(
    ("things", "took", "pause"),
    [(1, 0.0, SHORTEST_S), (1, 0.002, 0.006), (1, 1.0, LONGEST_S), (100, 0.0, LONGEST_S)],
)
def test_who_says_much_or_speaks_slowly_is_silent_for_longer(things: int, took: float, pause: float) -> None:
    assert pause_after(things, took) == pytest.approx(pause)


@pytest.mark.parametrize(
    ("took", "least", "rest"), [(0.001, 0.5, 0.5), (0.1, 0.5, 5.0), (10.0, 0.5, 10.0), (0.1, 0.0, 0.0)]
)
def test_what_takes_long_is_asked_less_often(took: float, least: float, rest: float) -> None:
    assert rest_after(took, least) == pytest.approx(rest)
