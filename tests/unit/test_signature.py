"""What a signature makes of a function: how it is called, bound, and refused when it cannot work."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from hotplate.errors import DeclarationError, InvalidParams
from hotplate.signature import Signature


@dataclass
class Item:
    sku: str
    qty: int = 1


class Order(msgspec.Struct):
    customer: str
    items: list[Item] = []


def quote(order: Order, discount: float = 0.0, *, currency: str, tags: list[str] = ["new"]) -> Any:  # noqa: B006
    return order.customer, discount, currency, tags


REFUSED: list[tuple[str, str]] = [
    ("", "parameter 'order' is missing"),
    ("{}", "parameter 'order' is missing"),
    ("[]", "parameter 'order' is missing"),
    ('{"order":{"customer":"c"}}', "parameter 'currency' is missing; it is given by name only"),
    ('[{"customer":"c"}]', "parameter 'currency' is missing; it is given by name only"),
    ('[{"customer":"c"},0,"EUR"]', "takes 2 parameters by position (order, discount), got 3"),
    (
        '{"order":{"customer":"c"},"currency":"EUR","x\\n":1}',
        "unknown parameter 'x\\n'; takes order, discount, currency, tags",
    ),
    ('{"order":{"customer":1},"currency":"EUR"}', "parameter 'order': expected `str`, got `int` at `order.customer`"),
    ('[{"customer":"c"},"a"]', "parameter 'discount': expected `float`, got `str`"),
    ('{"discount":"a","discount":1,"order":{"customer":"c"},"currency":"E"}', "a parameter is given more than once"),
]


@pytest.mark.parametrize(("params", "text"), REFUSED)
def test_what_is_wrong_with_params_is_said_in_one_sentence(params: str, text: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        Signature(quote, name="quote").decode(params.encode())

    assert caught.value.data == text


def test_surplus_is_refused_by_a_function_without_parameters() -> None:
    signature = Signature(lambda: 1, name="one")

    assert signature.call(signature.decode(b"")) == signature.call(signature.decode(b"[]")) == 1
    with pytest.raises(InvalidParams, match="takes 0 parameters, got 1"):
        signature.decode(b"[1]")
    with pytest.raises(InvalidParams, match="unknown parameter 'a'; takes none"):
        signature.decode(b'{"a":1}')


def test_messages_name_no_internals() -> None:
    signature = Signature(quote, name="quote")
    texts = []
    for params in [case[0] for case in REFUSED]:
        with pytest.raises(InvalidParams) as caught:
            signature.decode(params.encode())
        texts.append(str(caught.value))

    assert not [text for text in texts if "Params" in text or "msgspec" in text or "test_signature" in text]


def test_parameters_given_by_name_only_have_their_defaults_with_params_by_position() -> None:
    def scale(factor: int, *, offset: int = 5) -> int:
        return factor + offset

    signature = Signature(scale, name="scale")

    assert signature.call(signature.decode(b"[1]")) == 6
    assert signature.call(signature.decode(b'{"offset":1,"factor":1}')) == 2


def test_a_default_that_can_be_changed_is_new_for_each_call() -> None:
    def grow(seen: list[int] = [1], item: Item = Item("a"), *, by: Any = np.zeros(1)) -> Any:  # noqa: B006, B008
        seen.append(2)
        item.qty += 1
        by += 1
        return len(seen), item.qty, by[0]

    signature = Signature(grow, name="grow")

    assert [signature.call(signature.decode(b"")) for _ in range(2)] == [(2, 2, 1), (2, 2, 1)]


def test_a_default_that_is_a_mark_of_its_own_stays_the_same_object() -> None:
    missing = object()

    def find(key: str, default: Any = missing) -> bool:
        return default is missing

    signature = Signature(find, name="find")

    assert signature.call(signature.decode(b'["a"]'))
    assert not signature.call(signature.decode(b'["a",null]'))


def test_a_parameter_without_annotation_takes_anything() -> None:
    def take(x, y=2):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, RUF100
        return x, y

    signature = Signature(take, name="take")

    assert signature.call(signature.decode(b'[{"a":1}]')) == ({"a": 1}, 2)


def test_the_first_parameter_may_be_the_callers_own() -> None:
    def whoami(caller: Any, greeting: str) -> str:
        return f"{greeting} {caller}"

    signature = Signature(whoami, name="whoami", skip_first=True)

    assert [p.name for p in signature.parameters] == ["greeting"]
    assert signature.call(signature.decode(b'["hi"]'), "me") == "hi me"


class Service:
    def plus(self, a: int, b: int = 1) -> int:
        return a + b

    @staticmethod
    def minus(a: int) -> int:
        return -a

    def __call__(self, a: int) -> int:
        return a


def with_timing(fn: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(fn)
    def timed(*args: Any, **kwargs: Any) -> Any:
        return fn(*args, **kwargs)

    return timed


@pytest.mark.parametrize(
    "fn",
    [
        Service().plus,
        Service.minus,
        Service(),
        functools.partial(Service().plus, b=1),
        with_timing(Service().plus),
        functools.partial(with_timing(Service.minus)),
    ],
    ids=["method", "static method", "callable object", "partial", "wrapped", "partial of wrapped"],
)
def test_whatever_can_be_called_has_a_signature(fn: Callable[..., Any]) -> None:
    signature = Signature(fn, name="fn")

    assert signature.call(signature.decode(b'{"a":1}')) in (1, 2, -1)
    with pytest.raises(InvalidParams, match="parameter 'a': expected `int`, got `str`"):
        signature.decode(b'["1"]')


def test_an_async_function_is_called_like_any_other() -> None:
    async def later(x: int) -> int:
        return x

    signature = Signature(later, name="later")

    assert asyncio.run(signature.call(signature.decode(b"[1]"))) == 1


def test_classes_of_the_enclosing_function_are_found() -> None:
    @dataclass
    class Local:
        parts: list[Part]

    @dataclass
    class Part:
        x: int

    def take(local: Local) -> Any:
        return local

    signature = Signature(take, name="take")

    assert signature.call(signature.decode(b'[{"parts":[{"x":1}]}]')) == Local([Part(1)])


def test_a_variable_of_a_calling_function_hides_no_type() -> None:
    Item = str  # noqa: F841 - must not be taken for the class

    assert Signature(take_item, name="take").decode(b'[{"sku":"a"}]').item.sku == "a"


def take_item(item: Item) -> Any:
    return item


def anything(*values: int) -> None: ...


def any_name(**values: int) -> None: ...


def positional(a: int, /) -> None: ...


def hidden(__a: int) -> None: ...


def unknown(a: Nowhere) -> None: ...  # type: ignore[name-defined]  # noqa: F821


def unreadable(a: "not a type") -> None: ...  # type: ignore[syntax]  # noqa: F722


def one_complex(a: complex) -> None: ...


def nested(a: list[dict[str, range]]) -> None: ...


def calling(a: Callable[[int], int]) -> None: ...


def iterating(a: Iterator[int]) -> None: ...


def array(a: npt.NDArray[np.float64]) -> None: ...


def number(a: np.float64) -> None: ...


def giving_complex() -> complex: ...


class Plain:
    pass


def plain(a: Plain) -> None: ...


def plain_or_none(a: int, b: Plain | None = None) -> None: ...


@dataclass
class Holder:
    plain: Plain = field(default_factory=Plain)


def holding(a: Holder) -> None: ...


UNDECLARABLE: list[tuple[Callable[..., Any], str]] = [
    (anything, "parameter 'values': a parameter for any number of values cannot be given by name"),
    (any_name, "parameter 'values': a parameter for any names cannot be given by name"),
    (positional, "parameter 'a': a positional-only parameter cannot be given by name"),
    (hidden, "parameter '__a': a name cannot begin with two underscores"),
    (unknown, "parameter 'a': name 'Nowhere' is not defined"),
    (unreadable, "parameter 'a': its annotation cannot be read"),
    (one_complex, "parameter 'a': complex cannot be read from JSON"),
    (nested, "parameter 'a': range cannot be read from JSON"),
    (calling, "parameter 'a': Callable cannot be read from JSON"),
    (iterating, "parameter 'a': Iterator cannot be read from JSON"),
    (array, "parameter 'a': ndarray cannot be read from JSON; a NumPy type is for results"),
    (number, "parameter 'a': float64 cannot be read from JSON; a NumPy type is for results"),
    (plain, "parameter 'a': Plain cannot be read from JSON; use a dataclass"),
    (plain_or_none, "parameter 'b': Plain cannot be read from JSON"),
    (holding, "parameter 'a': field 'plain' of Holder: Plain cannot be read from JSON"),
    (giving_complex, "result: complex cannot be written as JSON"),
    (max, "parameters: no signature found"),
]


@pytest.mark.parametrize(("fn", "text"), UNDECLARABLE, ids=[fn.__name__ for fn, _ in UNDECLARABLE])
def test_what_cannot_work_is_refused_when_declared(fn: Callable[..., Any], text: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        Signature(fn, name="quote", noun="method")

    assert str(caught.value).startswith(f"method 'quote': {text}")


def test_the_arguments_of_a_python_call_become_params_by_name() -> None:
    signature = Signature(quote, name="quote")

    params = signature.bind(Order("c"), currency="EUR")

    assert msgspec.json.decode(params) == {"order": {"customer": "c", "items": []}, "currency": "EUR"}
    assert signature.call(signature.decode(params)) == ("c", 0.0, "EUR", ["new"])


@pytest.mark.parametrize(
    ("args", "kwargs", "text"),
    [
        ((Order("c"), 1.0, "EUR"), {}, "takes 2 parameters by position (order, discount), got 3"),
        ((Order("c"),), {"order": Order("d")}, "parameter 'order' is given twice"),
        ((Order("c"),), {}, "parameter 'currency' is missing; it is given by name only"),
        ((Order("c"),), {"currenzy": "EUR"}, "unknown parameter 'currenzy'; takes order, discount, currency, tags"),
        ((Order("c"),), {"currency": 1}, "parameter 'currency': expected `str`, got `int`"),
        ((Order("c"), float("nan")), {"currency": "E"}, "parameter 'discount': discount is not finite"),
        ((Order("c"), 1j), {"currency": "E"}, "parameter 'discount': discount is of type complex"),
        ((Order("c"),), {"currency": "E", "tags": [{}, {(1,): 2}]}, "parameter 'tags': tags[1] has a key"),
        ((Order("c"),), {"currency": "E", "more": 1j}, "unknown parameter 'more'"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(args: tuple[Any, ...], kwargs: dict[str, Any], text: str) -> None:
    with pytest.raises(InvalidParams) as caught:
        Signature(quote, name="quote").bind(*args, **kwargs)

    assert text in caught.value.data


def test_numpy_values_are_fine_as_arguments_of_a_python_call() -> None:
    def scale(by: float, values: list[float], n: int) -> None: ...

    params = Signature(scale, name="scale").bind(np.float64(1.5), np.arange(2.0), n=np.int64(3))

    assert params == b'{"by":1.5,"values":[0.0,1.0],"n":3}'


def count(n: int) -> Iterator[int]:
    yield from range(n)


def pairs(n: int) -> Generator[tuple[int, str], None, None]:
    yield n, "a"


def untyped(n: int):  # type: ignore[no-untyped-def]  # noqa: ANN201, RUF100
    yield n


def made(n: int) -> Iterator[int]:
    return iter(range(n))


async def ticking() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("fn", "partial_type", "result_type"),
    [
        (count, int, list[int]),
        (pairs, tuple[int, str], list[tuple[int, str]]),
        (untyped, Any, list[Any]),
        (made, int, list[int]),
        (ticking, int, list[int]),
    ],
)
def test_a_generator_results_in_the_list_of_what_it_yields(fn: Any, partial_type: Any, result_type: Any) -> None:
    signature = Signature(fn, name="fn")

    assert signature.is_generator
    assert signature.partial_type == partial_type
    assert signature.result_type == result_type


def test_a_function_that_returns_is_no_generator() -> None:
    signature = Signature(quote, name="quote")

    assert not signature.is_generator
    assert signature.partial_type is None


def test_what_the_function_itself_raises_is_left_alone() -> None:
    def fail(x: int) -> int:
        raise ValueError("mine")

    signature = Signature(fail, name="fail")

    with pytest.raises(ValueError, match="mine"):
        signature.answering()(b"[1]", None)


def test_declaring_imports_none_of_the_optional_packages() -> None:
    code = (
        "import sys; from hotplate.signature import Signature\n"
        "def f(x: int | list[str], y: float = 1.0) -> dict[str, float]: ...\n"
        "s = Signature(f, name='f'); s.encode({'a': 1.0}); s.params_schema(); s.decode(b'[1]')\n"
        "print(sorted({'pydantic', 'attr', 'attrs', 'numpy', 'flask', 'annotated_types'} & set(sys.modules)))"
    )

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
