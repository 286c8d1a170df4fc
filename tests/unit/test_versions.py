from __future__ import annotations

import pytest

from hotplate import EngineError
from hotplate.engines.versions import Schema, Step, Version


def schema(*since: int) -> Schema:
    """The schema of a Hotplate after so many steps, each with the version it is compatible from."""
    made = Schema(tables="")
    for version, compatible_from in enumerate(since, 2):
        made = made.then(Step(version=version, compatible_from=compatible_from, what="more", sql=""))
    return made


@pytest.mark.parametrize(
    ("mine", "found", "trouble"),
    [
        (schema(), Version(1, 1), None),
        (schema(), Version(2, 1), None),
        (schema(1), Version(2, 1), None),
        (schema(1), Version(3, 2), None),
        (schema(), Version(3, 2), "this Hotplate is older than the record (3 > 1): upgrade it"),
        (schema(1), Version(1, 1), "the record is older than this Hotplate (1 < 2); run: hotplate db upgrade"),
        (schema(1, 3), Version(2, 1), "the record is older than this Hotplate (2 < 3); run: hotplate db upgrade"),
    ],
)
def test_a_version_works_with_what_is_compatible(mine: Schema, found: Version, trouble: str | None) -> None:
    assert mine.trouble(found) == trouble
    if trouble:
        with pytest.raises(EngineError, match=r"^the place: this Hotplate is older|^the place: the record is older"):
            mine.check(found, "the place")


def test_a_new_record_is_what_the_steps_lead_to() -> None:
    assert schema(1, 1).version == (3, 1)
    assert [step.version for step in schema(1, 1, 4).missing(Version(2, 1))] == [3, 4]


def test_only_what_takes_away_is_refused_while_nodes_are_alive() -> None:
    schema(1, 1).refuse_to_break(Version(1, 1), alive=3)
    schema(1, 3).refuse_to_break(Version(1, 1), alive=0)
    schema(1, 3).refuse_to_break(Version(3, 3), alive=1)
    with pytest.raises(EngineError, match="a node is alive"):
        schema(1, 3).refuse_to_break(Version(1, 1), alive=1)


@pytest.mark.parametrize("meta", [{}, {"schema": "two"}, {"schema": "2", "compatible_from": ""}])
def test_a_record_that_says_nothing_of_its_version_is_an_error(meta: dict[str, str]) -> None:
    with pytest.raises(EngineError, match="the record has schema version"):
        Version.of(meta)
