"""The error of one's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hotplate import Error, Hotplate
from hotplate.errors import trace


@pytest.mark.parametrize("wrong", [("message",), (True, "message"), (1.5, "message"), (1, 2)])
def test_an_error_whose_code_or_message_is_none_says_so(wrong: tuple[Any, ...]) -> None:
    with pytest.raises(TypeError, match="has a code \\(a whole number\\), a message and data"):
        Error(*wrong)


def test_an_error_has_what_it_was_given() -> None:
    error = Error(7, "Out of stock", {"left": 0})
    assert (error.code, error.message, error.data) == (7, "Out of stock", {"left": 0})


def fault_of(fn: Callable[[], object]) -> BaseException:
    with pytest.raises(Exception, match="wrong") as caught:
        fn()
    return caught.value


def test_a_traceback_begins_with_the_users_code() -> None:
    @Hotplate().method
    def broken(text: str = "") -> None:
        raise ValueError("wrong")

    error = fault_of(lambda: broken.signature.call(broken.signature.decode(b"{}")))
    error.__traceback__ = error.__traceback__.tb_next.tb_next if error.__traceback__ else None  # type: ignore[union-attr]
    first, second, *_ = trace(error).splitlines()
    assert first == "Traceback (most recent call last):"
    assert second.endswith("in broken")


def test_a_traceback_without_any_code_of_the_users_is_whole() -> None:
    made = compile("raise ValueError('wrong')", "<string>", "exec")
    error = fault_of(lambda: exec(made))
    while error.__traceback__ and error.__traceback__.tb_next:
        error.__traceback__ = error.__traceback__.tb_next
    assert "line 1" in trace(error)
