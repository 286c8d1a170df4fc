"""Namespaces, services and the registry: what is called how, and what is refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from hotplate import DeclarationError, Hotplate, Job, Method, Namespace


def hello(name: str = "you") -> str:
    """Say hello."""
    return f"Hello {name}"


def names(hp: Namespace) -> list[str]:
    return list(hp.registry.functions)


def test_functions_are_called_by_their_names() -> None:
    hp = Hotplate()
    hp.method(hello)
    hp.method("App.index")(hello)
    hp.job("work")(hello)
    assert names(hp) == ["hello", "App.index", "work"]
    assert [type(fn) for fn in hp.registry.functions.values()] == [Method, Method, Job]


def test_a_declared_function_is_still_a_function() -> None:
    hp = Hotplate()
    method, job = hp.method(hello), hp.job("again")(hello)
    assert (method("A"), job("B"), method(), job()) == ("Hello A", "Hello B", "Hello you", "Hello you")
    assert (method.__name__, method.__doc__) == ("hello", "Say hello.")


def test_a_service_gives_its_public_methods() -> None:
    hp = Hotplate()

    class Base:
        def shared(self) -> str:
            return type(self).__name__

    @hp.service
    class Echo(Base):
        limit = 3
        made = 0

        def __init__(self) -> None:
            type(self).made += 1

        def reverse(self, text: str) -> str:
            return text[::-1]

        @staticmethod
        def upper(text: str) -> str:
            return text.upper()

        @classmethod
        def name(cls) -> str:
            return cls.__name__

        @property
        def size(self) -> int:
            raise AssertionError("a property is looked at")

        def _private(self) -> None: ...

    assert sorted(names(hp)) == ["Echo.name", "Echo.reverse", "Echo.shared", "Echo.upper"]
    functions: dict[str, Any] = dict(hp.registry.functions)
    assert functions["Echo.reverse"]("abc") == "cba"
    assert (functions["Echo.shared"](), functions["Echo.name"](), functions["Echo.upper"]("a")) == ("Echo", "Echo", "A")
    assert Echo.made == 1
    assert Echo().reverse("ab") == "ba"


def test_a_service_can_have_another_name_and_be_public() -> None:
    hp = Hotplate()

    @hp.service("echo", allow="public")
    class Whatever:
        def reverse(self, text: str) -> str:
            return text[::-1]

    assert names(hp) == ["echo.reverse"]
    assert hp.registry.methods["echo.reverse"].allow == "public"


def test_a_namespace_can_be_included_before_and_after_its_functions_are_declared() -> None:
    hp, company, staff = Hotplate(), Namespace("company"), Namespace("staff")
    company.method("get")(hello)
    hp.include(company)
    company.include(staff)
    staff.job("find")(hello)
    company.method("put")(hello)
    assert names(hp) == ["company.get", "company.staff.find", "company.put"]
    assert names(company) == ["get", "staff.find", "put"]


def test_a_namespace_can_be_included_in_several_applications() -> None:
    shared = Namespace("shared")
    one, two = Hotplate(), Hotplate()
    job = shared.job("work")(hello)
    one.include(shared)
    outer = Namespace("outer")
    outer.include(shared)
    two.include(outer)
    assert one.registry.name_of(job) == "shared.work"
    assert two.registry.name_of(job) == "outer.shared.work"
    assert Hotplate().registry.name_of(job) is None


def test_a_namespace_at_an_address_goes_by_short_names_there_and_by_full_names_in_the_registry() -> None:
    hp, echo = Hotplate(), Namespace("json_echo")
    hp.method(hello)
    hp.include(echo, path="/json_echo/")
    echo.method("reverse")(hello)
    assert names(hp) == ["hello", "json_echo.reverse"]
    assert hp.registry.served(None) == {"hello": "hello"}
    assert hp.registry.served("/json_echo/") == {"reverse": "json_echo.reverse"}


NO_NAMES = [
    "_private",
    "rpc.mine",
    "run.mine",
    "live.mine",
    "schedule.mine",
    "worker.mine",
    "updates.mine",
    "a._b",
    "a..b",
    ".a",
    "a.",
    "a b",
    "a\nb",
    "<b>",
    "a/b",
    "é\x00",
]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_cannot_be_is_refused_and_named(name: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        Hotplate().method(name)(hello)
    assert repr(name) in str(refused.value)


@pytest.mark.parametrize("name", ["run", "App.index", "get_company", "a-b", "v1.get", "größe", "2d.area", "runs.get"])
def test_other_names_are_fine(name: str) -> None:
    hp = Hotplate()
    hp.method(name)(hello)
    assert names(hp) == [name]


def test_an_underscored_function_needs_another_name() -> None:
    def _hidden() -> None: ...

    with pytest.raises(DeclarationError, match="'_hidden'"):
        Hotplate().method(_hidden)


def _twice(hp: Hotplate) -> None:
    hp.method(hello)
    hp.job("hello")(hello)


def _twice_by_including(hp: Hotplate) -> None:
    hp.method("company.get")(hello)
    company = Namespace("company")
    company.method("get")(hello)
    hp.include(company)


def _twice_after_including(hp: Hotplate) -> None:
    hp.method("company.get")(hello)
    company = Namespace("company")
    hp.include(company)
    company.method("get")(hello)


def _included_twice(hp: Hotplate) -> None:
    company = Namespace("company")
    company.method("get")(hello)
    hp.include(company)
    hp.include(company)


def _reserved(hp: Hotplate) -> None:
    Namespace("run")


def _late(hp: Hotplate) -> None:
    hp.registry.freeze()
    hp.method("late")(hello)


def _late_in_a_namespace(hp: Hotplate) -> None:
    company = Namespace("company")
    hp.include(company)
    hp.registry.freeze()
    company.method("late")(hello)


def _class_as_method(hp: Hotplate) -> None:
    hp.method(dict)


def _function_as_service(hp: Hotplate) -> None:
    hp.service(hello)  # type: ignore[type-var]


def _service_with_arguments(hp: Hotplate) -> None:
    class Needy:
        def __init__(self, database: object) -> None: ...

        def get(self) -> None: ...

    hp.service(Needy)


def _empty_service(hp: Hotplate) -> None:
    class Empty:
        x = 1

    hp.service(Empty)


def _in_itself(hp: Hotplate) -> None:
    outer, inner = Namespace("outer"), Namespace("inner")
    outer.include(inner)
    inner.include(outer)


def _same_address(hp: Hotplate) -> None:
    hp.include(Namespace("one"), path="/x/")
    hp.include(Namespace("two"), path="/x/")


def _no_address(hp: Hotplate) -> None:
    hp.include(Namespace("one"), path="x y")


def _generator_method(hp: Hotplate) -> None:
    @hp.method
    def count(n: int) -> Iterator[int]:
        yield from range(n)


def _wrong_allow(hp: Hotplate) -> None:
    hp.method("hello", allow="everybody")(hello)  # type: ignore[call-overload]


def _wrong_request(hp: Hotplate) -> None:
    hp.method("hello", request="yes")(hello)  # type: ignore[call-overload]


def _wrong_job_option(hp: Hotplate) -> None:
    hp.job("hello", timeouts=3)(hello)


def _impossible_type(hp: Hotplate) -> None:
    @hp.method
    def compare(a: Callable[[], int], b: int) -> int:
        return b


REFUSED = [
    (_twice, "'hello' is declared twice"),
    (_twice_by_including, "'company.get' is declared twice"),
    (_twice_after_including, "'company.get' is declared twice"),
    (_included_twice, "'company.get' is declared twice"),
    (_reserved, "namespace 'run' cannot be made"),
    (_late, "'late' is declared after serving started"),
    (_late_in_a_namespace, "'company.late' is declared after serving started"),
    (_class_as_method, "dict"),
    (_function_as_service, "hello"),
    (_service_with_arguments, "'Needy' cannot be made without arguments"),
    (_empty_service, "'Empty' has no public methods"),
    (_in_itself, "'outer' cannot be included in itself"),
    (_same_address, "'/x/' is given twice"),
    (_no_address, "'x y' is no address"),
    (_generator_method, "'count' is a generator"),
    (_wrong_allow, "'hello': allow is 'everybody'"),
    (_wrong_request, "'hello': request is 'yes'"),
    (_wrong_job_option, "'hello': unknown option 'timeouts'"),
    (_impossible_type, "'compare': parameter 'a'"),
]


@pytest.mark.parametrize(("declare", "message"), REFUSED, ids=lambda value: getattr(value, "__name__", ""))
def test_a_surprise_is_refused_with_an_error_that_names_it(declare: Callable[[Hotplate], None], message: str) -> None:
    with pytest.raises(DeclarationError) as refused:
        declare(Hotplate())
    assert message in str(refused.value)


def test_what_was_refused_is_declared_nowhere() -> None:
    one, two, shared = Hotplate(), Hotplate(), Namespace("shared")
    one.include(shared)
    two.include(shared)
    two.method("shared.get")(hello)
    with pytest.raises(DeclarationError):
        shared.method("get")(hello)
    assert (names(one), names(shared)) == ([], [])


def test_an_unknown_option_of_a_method_is_named() -> None:
    with pytest.raises(TypeError, match="timeout"):
        Hotplate().method("hello", timeout=3)(hello)  # type: ignore[call-overload]


def test_a_function_of_a_class_is_sent_to_service() -> None:
    with pytest.raises(DeclarationError, match=r"'reverse' belongs to class .*Echo.*@hp.service"):

        class Echo:
            @Hotplate().method
            def reverse(self, text: str) -> str:
                return text[::-1]
