"""NumPy scalars and arrays as results. NumPy is used only where the application has imported it."""

from __future__ import annotations

import sys
from typing import Any, get_args, get_origin

_FINER_THAN_MICROSECONDS = ("ns", "ps", "fs", "as")
_SCALARS = {
    "bool": {"type": "boolean"},
    "integer": {"type": "integer"},
    "floating": {"type": "number"},
    "str_": {"type": "string"},
    "datetime64": {"type": "string"},
    "timedelta64": {"type": "string"},
}


def is_numpy(kind: Any) -> bool:
    """Whether it is a NumPy scalar or array type."""
    return isinstance(kind, type) and issubclass(kind, _bases())


def is_array_type(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, _bases()[1:])


def is_array(value: Any) -> bool:
    return isinstance(value, _bases()[1:])


def _bases() -> tuple[type, ...]:
    numpy = sys.modules.get("numpy")
    # Another thread may be importing it just now.
    return (numpy.generic, numpy.ndarray) if numpy and hasattr(numpy, "generic") and hasattr(numpy, "ndarray") else ()


def plain(value: Any) -> Any:
    """A NumPy scalar or array as Python values: lists in lists. Raises `TypeError` for complex numbers."""
    if value.dtype.kind in "mM":
        return _timely(value).tolist()
    if value.dtype.kind == "c":
        raise TypeError("is complex, which cannot be written as JSON; give real and imaginary parts")
    made = value.tolist()
    return float(made) if type(made) is type(value) else made  # a longdouble is its own item


def _timely(value: Any) -> Any:
    """Times to the microsecond, as Python has them: finer ones would come out as bare integers."""
    unit = sys.modules["numpy"].datetime_data(value.dtype)[0]
    return value.astype(f"{value.dtype.kind}8[us]") if unit in _FINER_THAN_MICROSECONDS else value


def build(kind: Any, value: Any) -> Any:
    """A scalar or array from the JSON of a result; null is not-a-number."""
    numpy = sys.modules["numpy"]
    base = get_origin(kind) or kind
    if not issubclass(base, numpy.ndarray):
        return numpy.dtype(base).type(value)
    made = numpy.asarray(value, dtype=_element(kind))
    return made.astype(float) if made.dtype.kind == "O" else made


def _element(kind: Any) -> Any:
    """The element type that `NDArray[float64]` names; None if there is none that could be made."""
    dtype = get_args(kind)[1:]
    element = get_args(dtype[0])[:1] if dtype else ()
    abstract = not element or not isinstance(element[0], type) or not hasattr(sys.modules["numpy"], element[0].__name__)
    if abstract or element[0].__subclasses__():
        return None
    return element[0]


def schema(kind: type) -> dict[str, Any]:
    """The JSON Schema of a NumPy type."""
    numpy = sys.modules["numpy"]
    if issubclass(kind, numpy.ndarray):
        return {"type": "array", "items": {}, "description": "NumPy array; a number that is not finite is null"}
    return next((dict(s) for name, s in _SCALARS.items() if issubclass(kind, getattr(numpy, name))), {})
