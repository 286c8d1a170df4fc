"""What every record of live values does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from hotplate.live import Values

from .conftest import Implementation


def stands(values: Values, name: str = "load") -> tuple[int, bytes | None, bytes | None]:
    """Version, value and error on record."""
    (kept,) = values.read([name])
    return kept.version, kept.data, kept.error


class TestValues:
    def test_a_value_is_put_and_read(self, engine: Implementation) -> None:
        values = engine.values()
        assert values.read(["load", "other"]) == []
        assert values.put("load", b"1", None, None)
        (kept,) = engine.values().read(["load", "other"])
        assert (kept.name, kept.version, kept.data, kept.error, kept.at) == ("load", 1, b"1", None, engine.clock.now)

    def test_only_what_changes_it_raises_the_version(self, engine: Implementation) -> None:
        values = engine.values()
        assert [values.put("load", data, None, None) for data in (b"1", b"1", b"2", b"1")] == [True, False, True, True]
        assert stands(values) == (3, b"1", None)

    def test_null_is_a_value(self, engine: Implementation) -> None:
        values = engine.values()
        assert values.put("load", b"null", None, None)
        assert stands(values) == (1, b"null", None)

    def test_an_error_stands_beside_the_last_value_until_there_is_another(self, engine: Implementation) -> None:
        values = engine.values()
        values.put("load", b"1", None, None)
        assert values.put("load", None, b'{"code":1}', None)
        assert not values.put("load", None, b'{"code":1}', None)
        assert stands(values) == (2, b"1", b'{"code":1}')
        assert values.put("load", b"1", None, None)
        assert stands(values) == (3, b"1", None)

    def test_an_error_may_come_first(self, engine: Implementation) -> None:
        values = engine.values()
        assert values.put("load", None, b"{}", None)
        assert stands(values) == (1, None, b"{}")

    def test_changes_by_many_are_all_counted(self, engine: Implementation) -> None:
        def put(number: int) -> bool:
            return engine.values().put("load", b"%d" % number, None, None)

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(put, range(40)))
        assert stands(engine.values())[0] == 40


class TestLeases:
    def test_one_watcher_has_it_at_a_time(self, engine: Implementation) -> None:
        values = engine.values()
        assert values.lease("load", "a", 10)
        assert not values.lease("load", "b", 10)
        assert values.lease("load", "a", 10)
        assert values.lease("other", "b", 10)

    def test_of_many_who_want_it_one_has_it(self, engine: Implementation) -> None:
        with ThreadPoolExecutor(8) as pool:
            had = list(pool.map(lambda n: engine.values().lease("load", f"watcher {n}", 10), range(40)))
        assert had.count(True) == 1

    def test_it_runs_out(self, engine: Implementation) -> None:
        values = engine.values()
        values.lease("load", "a", 10)
        engine.clock.now += 9
        assert not values.lease("load", "b", 10)
        engine.clock.now += 2
        assert values.lease("load", "b", 10)
        assert not values.lease("load", "a", 10)

    def test_it_is_given_back(self, engine: Implementation) -> None:
        values = engine.values()
        values.lease("load", "a", 10)
        values.release("b", ["load"])
        assert not values.lease("load", "b", 10)
        values.release("a", ["load", "never had"])
        assert values.lease("load", "b", 10)

    def test_who_has_lost_it_changes_nothing_any_more(self, engine: Implementation) -> None:
        values = engine.values()
        values.lease("load", "a", 10)
        assert values.put("load", b"1", None, "a")
        engine.clock.now += 11
        values.lease("load", "b", 10)
        assert not values.put("load", b"2", None, "a")
        assert values.put("load", b"3", None, "b")
        assert values.put("load", b"4", None, None)  # by hand
        assert stands(values) == (3, b"4", None)

    def test_a_long_one_is_kept_from_those_who_ask_for_a_short_one(self, engine: Implementation) -> None:
        values = engine.values()
        values.lease("load", "a", 60)
        assert not values.lease("load", "b", 1)
        engine.clock.now += 59
        assert not values.lease("load", "b", 1)
        engine.clock.now += 2
        assert values.lease("load", "b", 1)

    def test_a_clock_that_is_set_back_keeps_nobody_waiting(self, engine: Implementation) -> None:
        values = engine.values()
        values.lease("load", "a", 10)
        engine.clock.now -= 3600
        assert values.lease("load", "b", 10)
