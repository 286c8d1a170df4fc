"""The error of one's own."""

from __future__ import annotations

from typing import Any

import pytest

from hotplate import Error


@pytest.mark.parametrize("wrong", [("message",), (True, "message"), (1.5, "message"), (1, 2)])
def test_an_error_whose_code_or_message_is_none_says_so(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="has a code \\(a whole number\\), a message and data"):
        Error(*wrong)


def test_an_error_has_what_it_was_given() -> None:
    error = Error(7, "Out of stock", {"left": 0})
    assert (error.code, error.message, error.data) == (7, "Out of stock", {"left": 0})
