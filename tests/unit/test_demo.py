"""The demonstration's functions as plain calls, held against published values."""

from __future__ import annotations

import math
import os
import re
import struct
import zlib
from fractions import Fraction
from itertools import pairwise
from xml.etree import ElementTree

import msgspec
import pytest

from hotplate import Error
from hotplate.demo import pi
from hotplate.demo.app import Echo, app, estimate_pi
from hotplate.demo.finance import black_scholes, simulate_option
from hotplate.demo.machine import load
from hotplate.demo.pictures import PALETTE, mandelbrot, spirograph
from hotplate.demo.queueing import erlang_c, simulate_queue
from hotplate.demo.text import licence, report, statistics


@pytest.mark.parametrize(
    ("name", "answer"),
    [("echo", "aBc\n"), ("reverse", "\ncBa"), ("uppercase", "ABC\n"), ("lowercase", "abc\n")],
)
def test_echo_gives_texts_back(name: str, answer: str) -> None:
    assert getattr(Echo(), name)("aBc\n") == answer


def test_pi_lies_within_four_standard_errors_of_the_estimate() -> None:
    found = estimate_pi(samples=200_000, seed=1)
    assert found.samples == 200_000
    assert abs(found.estimate - math.pi) < 4 * found.standard_error
    # sqrt(pi/4 (1 - pi/4)), the deviation of one dart, 16-fold by the factor 4
    assert found.standard_error == pytest.approx(4 * math.sqrt(0.16855 / 200_000), rel=0.01)


def test_pi_converges_point_by_point() -> None:
    found = estimate_pi(samples=100_001, seed=2)
    assert [point.samples for point in found.series][-1] == 100_001
    assert len(found.series) == pi.PARTS
    assert all(a.samples < b.samples for a, b in pairwise(found.series))
    assert found.series[-1].standard_error < found.series[0].standard_error / 5


def test_the_same_seed_gives_the_same_estimate() -> None:
    assert estimate_pi(samples=1_000, seed=3) == estimate_pi(samples=1_000, seed=3)
    assert estimate_pi(samples=1_000, seed=3) != estimate_pi(samples=1_000, seed=4)


def test_the_formula_gives_the_prices_of_hulls_example() -> None:
    # J. C. Hull: Options, Futures, and Other Derivatives, 9th edition (2014), section 15.9, example 15.6
    option = black_scholes(spot=42, strike=40, rate=0.1, volatility=0.2, years=0.5)
    assert (round(option.call, 2), round(option.put, 2)) == (4.76, 0.81)


@pytest.mark.parametrize(("strike", "years"), [(20.0, 0.5), (40.0, 0.5), (80.0, 2.0)])
def test_the_formula_gives_the_mean_of_what_the_option_will_be_worth(strike: float, years: float) -> None:
    # The model itself, integrated over the normal distribution of the logarithm of the share's price.
    step, discount = 0.001, math.exp(-0.1 * years)
    call = put = 0.0
    for deviations in (step * n for n in range(-9000, 9001)):
        price = 42 * math.exp((0.1 - 0.2**2 / 2) * years + 0.2 * math.sqrt(years) * deviations)
        weight = step * discount * math.exp(-(deviations**2) / 2) / math.sqrt(2 * math.pi)
        call, put = call + weight * max(price - strike, 0), put + weight * max(strike - price, 0)
    option = black_scholes(42, strike, 0.1, 0.2, years)
    assert (option.call, option.put) == (pytest.approx(call, abs=1e-5), pytest.approx(put, abs=1e-5))


@pytest.mark.parametrize("strike", [20.0, 40.0, 80.0])
def test_calls_and_puts_are_in_parity(strike: float) -> None:
    option = black_scholes(42, strike, 0.1, 0.2, 0.5)
    assert option.call - option.put == pytest.approx(42 - strike * math.exp(-0.1 * 0.5))
    assert option.call_delta - option.put_delta == pytest.approx(1)


def test_the_simulated_option_converges_to_the_formula() -> None:
    found = simulate_option(paths=100_000, seed=1)
    assert abs(found.call - found.exact.call) < 4 * found.call_error
    assert abs(found.put - found.exact.put) < 4 * found.put_error
    assert found.series[-1].paths == 100_000
    assert found.series[-1].call_error < found.series[0].call_error / 5


def test_mirrored_paths_make_the_error_smaller() -> None:
    found = simulate_option(paths=100_000, seed=1)
    # The deviation of one path's discounted payoff, by the second moment of a call under Black and Scholes' model.
    plain = 4.96 / math.sqrt(100_000)
    assert found.call_error < 0.6 * plain


def test_erlangs_formula_gives_the_waiting_of_the_call_centre_example() -> None:
    # The example of Mitan Ltd., The Erlang-C Formula: 360 calls of 4 minutes each half hour, 55 agents. Its outcome is
    # calculated here by the formula's own sum, in exact fractions.
    load, servers = Fraction(360 * 240, 1800), 55
    all_busy = load**servers / math.factorial(servers) / (1 - load / servers)
    share = all_busy / (sum(load**n / math.factorial(n) for n in range(servers)) + all_busy)
    waiting = erlang_c(arrivals=360 / 1800, service=240, servers=servers)
    assert waiting.share_waiting == pytest.approx(float(share), rel=1e-12)
    assert waiting.mean_wait == pytest.approx(float(share * 240 / (servers - load)), rel=1e-12)


def test_one_server_makes_customers_wait_as_the_simple_queue_does() -> None:
    # M/M/1: the share that waits is the load, the mean wait load / (1 - load) of the service time
    waiting = erlang_c(arrivals=0.8, service=1, servers=1)
    assert waiting.share_waiting == pytest.approx(0.8)
    assert waiting.mean_wait == pytest.approx(4)


def test_the_simulated_queue_converges_to_erlangs_formula() -> None:
    *_, last = simulate_queue(arrivals=1.5, service=1, servers=3, customers=200_000, seed=1)
    exact = erlang_c(arrivals=1.5, service=1, servers=3)
    assert last.customers == 200_000
    assert last.share_waiting == pytest.approx(exact.share_waiting, rel=0.05)
    assert last.mean_wait == pytest.approx(exact.mean_wait, rel=0.1)


def test_a_queue_that_grows_without_end_is_refused() -> None:
    with pytest.raises(Error, match="more than 3 servers"):
        erlang_c(arrivals=3, service=1, servers=3)
    with pytest.raises(Error, match="more than 3 servers"):
        next(iter(simulate_queue(arrivals=3, service=1, servers=3)))


def test_the_licence_comes_with_the_package() -> None:
    assert licence().startswith("BSD 3-Clause License")


def test_the_words_of_the_licence_are_counted() -> None:
    counted = statistics()
    assert (counted.words, counted.longest_word) == (len(licence_words()), "redistributions")
    assert counted.most_common[0].word == "the"
    assert counted.most_common[0].count == licence_words().count("the")


def test_the_words_of_a_text_are_counted() -> None:
    counted = statistics("Ever tried. Ever failed.\nNo matter. Don't.", top=1)
    assert (counted.words, counted.distinct_words, counted.lines) == (7, 6, 2)
    assert msgspec.to_builtins(counted.most_common) == [{"word": "ever", "count": 2}]


def test_a_text_without_words_has_none() -> None:
    assert statistics("…").words == 0


def test_the_words_are_reported_in_markdown() -> None:
    assert "**7** words, **6** of them different, on 2 lines." in report("Ever tried. Ever failed.\nNo matter. Don't.")
    assert "| ever | 2 |" in report("Ever tried. Ever failed.")
    assert "longest is *none*" in report("")


def pixels(picture: bytes) -> tuple[int, bytes]:
    """Width and pixels of a PNG whose colours are in a palette, as the specification has it."""
    assert picture[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(picture):
        (size,) = struct.unpack_from(">I", picture, at)
        kind, data = picture[at + 4 : at + 8], picture[at + 8 : at + 8 + size]
        assert struct.unpack_from(">I", picture, at + 8 + size) == (zlib.crc32(kind + data),)
        chunks[kind], at = data, at + 12 + size
    width, height, depth, colours = struct.unpack_from(">IIBB", chunks[b"IHDR"])
    assert (depth, colours, len(chunks[b"PLTE"])) == (8, 3, 3 * len(PALETTE))
    lines = zlib.decompress(chunks[b"IDAT"])
    rows = [lines[at : at + width + 1] for at in range(0, len(lines), width + 1)]
    assert len(rows) == height
    assert {row[0] for row in rows} == {0}
    return width, b"".join(row[1:] for row in rows)


def test_the_mandelbrot_set_has_its_area_and_is_symmetrical() -> None:
    width, drawn = pixels(mandelbrot(width=150, depth=300))
    rows = [drawn[at : at + width] for at in range(0, len(drawn), width)]
    assert rows == rows[::-1]
    # T. Foerstemann, Numerical estimation of the area of the Mandelbrot set (2012): 1.506591
    assert drawn.count(0) * (3 / width) ** 2 == pytest.approx(1.5066, rel=0.03)


def test_a_wheel_half_as_large_as_the_ring_draws_an_ellipse() -> None:
    drawing = ElementTree.fromstring(spirograph(ring=96, wheel=48, pen=0.5))
    (path,) = drawing
    points = [tuple(map(float, point.split())) for point in path.attrib["d"].strip("MZ").split("L")]
    assert len(points) == 96 * 4
    assert {round((x / 95.24) ** 2 + (3 * y / 95.24) ** 2, 2) for x, y in points} == {1.0}


def test_the_demonstration_has_each_kind_of_view() -> None:
    document = app.test_client().get("/openrpc.json", environ_overrides={"SERVER_SOFTWARE": "Werkzeug/test"}).text
    views = set(re.findall(r'"x-hotplate-view":\{"type":"(\w+)"', document))
    assert views == {"chart", "table", "image", "markdown", "longtext"}


def test_all_functions_are_declared_under_their_names() -> None:
    registry = app.extensions["hotplate"].registry
    assert set(registry.jobs) == {
        "estimate_pi",
        "finance.simulate_option",
        "pictures.mandelbrot",
        "queueing.simulate_queue",
        "text.statistics",
    }
    assert {"Echo.reverse", "finance.black_scholes", "queueing.erlang_c", "text.licence"} < set(registry.methods)


def licence_words() -> list[str]:
    """The words of the licence, told apart in another way than the demonstration does."""
    letters = "".join(c.lower() if c.isalpha() else " " for c in licence())
    return letters.split()


def test_the_load_is_that_of_this_machine() -> None:
    found = load()
    assert found.cores == os.cpu_count()
    assert min(found.minute, found.five_minutes, found.quarter_hour) >= 0
