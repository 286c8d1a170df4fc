"""How a value is to be seen: hints beside a type, for pages that show results and ask for parameters.

They stand in `Annotated`, wherever in a type, and change neither the value nor how it goes over the wire: they are
`x-hotplate-view` in its JSON Schema. A value whose view somebody does not know is shown as any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, get_args

from msgspec import Struct
from msgspec.structs import asdict, force_setattr

from .errors import DeclarationError

KEYWORD = "x-hotplate-view"
"""The keyword of a JSON Schema that has a view."""

ChartKind = Literal["line", "bar", "scatter"]

SVG = "image/svg+xml"
"""The only media type of an image that may be text."""


class View(Struct, frozen=True):
    """One way of showing a value; which, is said by its class."""

    def wire(self) -> dict[str, Any]:
        """The view as the schema has it: its `type`, and what was said."""
        said = {name: value for name, value in asdict(self).items() if value not in (None, False)}
        lists = {name: list(value) for name, value in said.items() if isinstance(value, tuple)}
        return {"type": type(self).__name__.lower()} | said | lists

    def __get_pydantic_json_schema__(self, core: Any, made: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        """What pydantic asks of metadata when it writes the JSON Schema of a model's field."""
        return {**made(core), KEYWORD: self.wire()}

    def _refuse(self, why: str) -> DeclarationError:
        return DeclarationError(f"{type(self).__name__}: {why}")


class Chart(View, frozen=True, kw_only=True):
    """Numbers, drawn: a list of objects, of numbers or of arrays, an object of arrays or of numbers, a NumPy array.

    x: the field along the axis; without, the position in the list, or the key of an object of numbers.
    y: the field or fields drawn over it; without, all that are numbers. Rows that are arrays have no names: their
    first column is x, the others are y.
    x_log, y_log: whether that axis is logarithmic.
    """

    kind: ChartKind = "line"
    x: str | None = None
    y: str | Sequence[str] | None = None
    title: str | None = None
    x_label: str | None = None
    y_label: str | None = None
    x_log: bool = False
    y_log: bool = False

    def __post_init__(self) -> None:
        if self.kind not in get_args(ChartKind):
            raise self._refuse(f"kind is {self.kind!r}; allowed: {', '.join(get_args(ChartKind))}")
        force_setattr(self, "y", _names(self, "y", self.y))
        for name in ("x", "title", "x_label", "y_label"):
            if not isinstance(getattr(self, name), str | None):
                raise self._refuse(f"{name} is {getattr(self, name)!r}; it is a text")


class Table(View, frozen=True):
    """Rows and columns: a list of objects or of arrays, an object of arrays, or one object as a table of its members.

    columns: the fields that are shown, in this order; without, all. Where rows are arrays they are the headings.
    """

    columns: Sequence[str] | None = None

    def __post_init__(self) -> None:
        force_setattr(self, "columns", _names(self, "columns", self.columns))


class Image(View, frozen=True):
    """A picture: `bytes`, a `File`, or a text that is an SVG.

    media_type: what it is, `image/…`; a `File` has one of its own.
    """

    media_type: str | None = None

    def __post_init__(self) -> None:
        if self.media_type is not None and not str(self.media_type).startswith("image/"):
            raise self._refuse(f"media_type is {self.media_type!r}; it begins with image/, as image/png does")


class Markdown(View, frozen=True):
    """A text with headings, lists and emphasis, as Markdown (CommonMark) writes them. HTML within it is no HTML."""


class LongText(View, frozen=True):
    """A parameter that is a text of many lines: it is asked for in a large box."""


def _names(view: View, what: str, given: Any) -> tuple[str, ...] | None:
    if given is None:
        return None
    names = (given,) if isinstance(given, str) else tuple(given)
    if not names or not all(isinstance(name, str) for name in names):
        raise view._refuse(f"{what} is {given!r}; it has names of fields")
    return names
