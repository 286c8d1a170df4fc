"""Which defaults a parameter may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from math import inf
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
import pydantic
import pytest
from msgspec import Meta

from hotplate import File
from hotplate.errors import DeclarationError
from hotplate.signature import Signature


class Size(Enum):
    S = "small"
    L = "large"


@dataclass
class Item:
    sku: str
    qty: int = 1


@dataclass
class Point:
    x: int
    half: float = field(init=False)

    def __post_init__(self) -> None:
        self.half = self.x / 2


class Model(pydantic.BaseModel):
    """It is written under another name than it is read."""

    shown: int = pydantic.Field(serialization_alias="Shown")


def test_defaults_that_are_given_as_something_else_than_they_are_fit() -> None:
    missing: Any = object()

    def find(
        ratio: float = 1,
        limit: float = inf,
        limits: tuple[float, float] = (-inf, inf),
        day: date | None = None,
        anything: Any = None,
        size: Size = Size.L,
        tags: list[str] = (),  # type: ignore[assignment]
        item: Item = Item("a"),  # noqa: B008
        items: Sequence[Item] = (Item("a"),),
        model: Model | None = Model(shown=1),  # noqa: B008
        point: Point = Point(1),  # noqa: B008
        weights: list[float] = np.zeros(2),  # type: ignore[assignment]  # noqa: B008
        mark: int = missing,
        optional: Annotated[int | None, pydantic.Field(gt=1)] = None,
        file: File | None = File(id="x"),  # noqa: B008
    ) -> Any:
        return locals()

    signature = Signature(find, name="find")

    given = signature.call(signature.decode(b""))
    assert (given["mark"], given["limit"], given["size"]) == (missing, inf, Size.L)
    assert (given["model"], given["point"]) == (Model(shown=1), Point(1))


@pytest.mark.parametrize(
    ("annotation", "default", "text"),
    [
        (int, "x", "its default 'x' does not fit: expected `int`, got `str`; change the default or the type"),
        (int, None, "its default is None, which its type does not allow; write int | None"),
        (list[int], None, "write list[int] | None"),
        (int, True, "expected `int`, got `bool`"),
        (list[int], [1, "a"], "expected `int`, got `str`"),
        (Annotated[int, Meta(ge=1)], 0, "its default 0 does not fit: expected `int` >= 1"),
        (Literal["a", "b"], "c", "its default 'c' does not fit: invalid enum value"),
        (date | Size, 3, "expected `date | Size`, got `int`"),
        (Model, None, "write Model | None"),
        (Point, Size.L, "its default"),
        (int, pydantic.Field(3), "its default describes a field of a class"),
        (int, msgspec.field(default=3), "its default describes a field of a class"),
    ],
)
def test_a_default_that_does_not_fit_its_annotation_is_refused(annotation: Any, default: Any, text: str) -> None:
    def find(limit=default): ...  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, RUF100

    find.__annotations__["limit"] = annotation

    with pytest.raises(DeclarationError) as caught:
        Signature(find, name="find")

    assert str(caught.value).startswith("function 'find': parameter 'limit': its default ")
    assert text in str(caught.value)
