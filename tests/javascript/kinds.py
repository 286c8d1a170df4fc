"""An application with parameters and results of many kinds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Literal, NamedTuple, TypedDict
from uuid import UUID

from flask import Flask
from msgspec import Meta

from hotplate import File, Hotplate

app = Flask(__name__)
hp = Hotplate(app)


class Colour(Enum):
    RED = "red"
    GREEN = "green"


class Place(NamedTuple):
    x: float
    y: float
    label: str = ""


class Options(TypedDict, total=False):
    """What may be asked for */ besides."""

    depth: int
    class_: str


@dataclass
class Functions:
    """A tree; its name is one that the types have as well."""

    value: int
    below: list[Functions] = field(default_factory=list)


@hp.method
def mix(
    day: date | None,
    colour: Colour,
    mode: Literal["fast", "slow"] = "fast",
    *,
    sizes: dict[str, list[int]],
    options: Options | None = None,
    limit: Annotated[int, Meta(ge=1)] = 3,
) -> tuple[int, str]:
    """Many kinds."""
    return limit, mode


@hp.method
def tree(place: Place, either: int | str) -> Functions | None:
    return None


@hp.method("odd.default")
def odd(id: UUID, price: Decimal, at: datetime, raw: bytes, anything: object = None) -> dict[str, object]:
    return {}


@hp.job
def read(file: File) -> Iterator[Place]:
    yield Place(1, 2)
