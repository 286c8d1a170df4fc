"""A method by itself."""

from __future__ import annotations

import asyncio

import pytest

from hotplate import DeclarationError, Method


def area(width: float, height: float = 1.0) -> float:
    """The area of a rectangle.

    In square metres.
    """
    return width * height


def test_it_is_called_like_the_function() -> None:
    method = Method(area)
    assert (method(2, 3), method(2), method(width=4, height=0.5)) == (6, 2, 2)


def test_it_looks_like_the_function() -> None:
    method = Method(area)
    assert (method.name, method.__name__, method.__module__) == ("area", "area", __name__)
    assert method.__wrapped__ is area
    assert method.doc.startswith("The area of a rectangle.")
    assert repr(Method(area, name="shapes.area")) == "<Method shapes.area>"


def test_it_is_for_those_who_have_signed_in_unless_it_says_otherwise() -> None:
    assert Method(area).allow is None
    assert Method(area, allow="public").allow == "public"


def test_it_says_whether_it_is_async() -> None:
    async def later() -> int:
        return 1

    assert Method(later).is_async
    assert not Method(area).is_async
    assert asyncio.run(Method(later)()) == 1


def test_an_async_generator_is_refused() -> None:
    async def count():  # type: ignore[no-untyped-def]
        yield 1

    with pytest.raises(DeclarationError, match="'count' is a generator"):
        Method(count)
