"""When schedules are due, beside plain enumeration of all minutes; and what cannot be declared."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings, strategies as st

from hotplate import DeclarationError, Hotplate, Namespace
from hotplate.registry import Registry
from hotplate.schedule import MACROS, Schedule, cron, every

DAY = 86400.0
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Africa/Cairo", "America/St_Johns")
CHANGES = {
    "Berlin springs forward": datetime(2026, 3, 29, tzinfo=UTC),
    "Berlin falls back": datetime(2026, 10, 25, tzinfo=UTC),
    "New York springs forward": datetime(2026, 3, 8, tzinfo=UTC),
    "New York falls back": datetime(2026, 11, 1, tzinfo=UTC),
    "Cairo springs forward": datetime(2026, 4, 24, tzinfo=UTC),
    "no change": datetime(2026, 7, 31, tzinfo=UTC),
}


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def numbers(field: str, least: int, most: int) -> set[int]:
    """What a field of numbers, ranges and steps stands for."""
    found: set[int] = set()
    for term in field.split(","):
        span, _, step = term.partition("/")
        first, _, last = span.partition("-")
        low = least if span == "*" else int(first)
        high = most if span == "*" or (step and not last) else int(last or first)
        found.update(range(low, high + 1, int(step or 1)))
    return found


def enumerated(expression: str, zone: str, after: float, until: float) -> Iterator[float]:
    """All moments of a rule: each minute is looked at, by the words of cron(8).

    Where minute or hour begin with a star the clock on the wall is asked, minute by minute of real time. Else each
    wall time is taken once: the first one where it comes twice, the end of the gap where it does not come at all.
    """
    minute, hour, day, month, weekday = expression.split()
    wanted = [numbers(minute, 0, 59), numbers(hour, 0, 23), numbers(day, 1, 31), numbers(month, 1, 12)]
    weekdays = {number % 7 for number in numbers(weekday, 0, 7)}
    both = day.startswith("*") or weekday.startswith("*")

    def fits(wall: datetime) -> bool:
        by_day, by_weekday = wall.day in wanted[2], wall.isoweekday() % 7 in weekdays
        on_day = (by_day and by_weekday) if both else (by_day or by_weekday)
        return on_day and wall.minute in wanted[0] and wall.hour in wanted[1] and wall.month in wanted[3]

    tz = ZoneInfo(zone)
    if minute.startswith("*") or hour.startswith("*"):
        first = int(after // 60) * 60
        yield from (
            at for at in range(first, int(until) + 1, 60) if at > after and fits(datetime.fromtimestamp(at, tz))
        )
        return
    found = set()
    wall = datetime.fromtimestamp(after - DAY, tz).replace(tzinfo=None, second=0, microsecond=0)
    while wall.replace(tzinfo=tz).timestamp() <= until + DAY:
        if fits(wall):
            real = wall.replace(tzinfo=tz)
            while real.astimezone(UTC).astimezone(tz).replace(tzinfo=None) != real.replace(tzinfo=None):
                real = (real.replace(tzinfo=None) + timedelta(minutes=1)).replace(tzinfo=tz)
            found.add(real.timestamp())
        wall += timedelta(minutes=1)
    yield from sorted(at for at in found if after < at <= until)


def moments(schedule: Schedule, after: float, until: float) -> list[float]:
    """The moments of a schedule, each asked for by the one before."""
    found = []
    at = schedule.after(after)
    while at is not None and at <= until:
        found.append(at)
        at = schedule.after(at)
    return found


def a_field(least: int, most: int) -> st.SearchStrategy[str]:
    number = st.integers(least, most)
    spans = st.tuples(number, number).map(lambda pair: f"{min(pair)}-{max(pair)}")
    steps = st.sampled_from(["*/2", "*/7", "*/15", f"{least}-{most}/3"])
    return st.one_of(st.just("*"), number.map(str), st.lists(number, min_size=2, max_size=3).map(
        lambda some: ",".join(map(str, some))), spans, steps)  # fmt: skip


@settings(max_examples=150)
@given(
    st.tuples(a_field(0, 59), a_field(0, 6), st.one_of(st.just("*"), a_field(1, 28)), st.just("*"), a_field(0, 6)),
    st.sampled_from(ZONES),
    st.sampled_from(sorted(CHANGES)),
    st.integers(-180, 2000),
)
def test_cron_is_due_when_each_minute_looked_at_says_so(
    fields: tuple[str, ...], zone: str, change: str, minutes: int
) -> None:
    expression = " ".join(fields)
    after = CHANGES[change].timestamp() - DAY / 2 + minutes * 60
    until = after + 1.5 * DAY
    assert moments(Schedule(cron=expression, timezone=zone), after, until) == list(
        enumerated(expression, zone, after, until)
    )


@pytest.mark.parametrize(
    ("expression", "zone", "after", "due"),
    [
        # a wall time that does not come is made up for at the end of the gap, one that comes twice is taken once
        ("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00+01:00", ["2026-03-29T03:00+02:00", "2026-03-30T02:30+02:00"]),
        ("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00+02:00", ["2026-10-25T02:30+02:00", "2026-10-26T02:30+01:00"]),
        ("30 2 * * *", "America/New_York", "2026-03-07T12:00-05:00", ["2026-03-08T03:00-04:00"]),
        ("30 1 * * *", "America/New_York", "2026-10-31T12:00-04:00",
         ["2026-11-01T01:30-04:00", "2026-11-02T01:30-05:00"]),
        # begun within the hour that comes again
        ("30 2 * * *", "Europe/Berlin", "2026-10-25T02:10+01:00", ["2026-10-26T02:30+01:00"]),
        # what is due every hour, or several times in one, goes by real time
        ("0 * * * *", "Europe/Berlin", "2026-10-25T02:00+02:00", ["2026-10-25T02:00+01:00", "2026-10-25T03:00+01:00"]),
        ("0 * * * *", "Europe/Berlin", "2026-03-29T01:00+01:00", ["2026-03-29T03:00+02:00"]),
        ("*/30 * * * *", "America/New_York", "2026-11-01T01:30-04:00",
         ["2026-11-01T01:00-05:00", "2026-11-01T01:30-05:00"]),
        ("0,30 2 * * *", "Europe/Berlin", "2026-03-29T00:00+01:00",
         ["2026-03-29T03:00+02:00", "2026-03-30T02:00+02:00"]),
        ("@daily", "UTC", "2026-02-28T00:00Z", ["2026-03-01T00:00Z"]),
        ("0 0 29 2 *", "UTC", "2026-01-01T00:00Z", ["2028-02-29T00:00Z"]),
        ("0 0 L * *", "UTC", "2026-02-01T00:00Z", ["2026-02-28T00:00Z"]),
    ],
)  # fmt: skip
def test_changes_of_the_clock_neither_lose_nor_double_a_moment(
    expression: str, zone: str, after: str, due: list[str]
) -> None:
    schedule = cron(expression, zone, {})
    last = moment(due[-1])
    assert moments(schedule, moment(after), last) == [moment(text) for text in due]


@pytest.mark.parametrize("macro", MACROS)
def test_macros_stand_for_their_fields(macro: str) -> None:
    at = moment("2026-05-17T10:11:12Z")
    assert cron(macro.upper(), "UTC", {}).after(at) == Schedule(cron=MACROS[macro]).after(at)


@pytest.mark.parametrize(
    ("lengths", "after", "due"),
    [
        ({"minutes": 5}, "2026-11-21T13:02:00Z", "2026-11-21T13:05:00Z"),
        ({"minutes": 5}, "2026-11-21T13:05:00Z", "2026-11-21T13:10:00Z"),
        ({"hours": 1, "minutes": 30}, "1970-01-01T01:00:00Z", "1970-01-01T01:30:00Z"),
        ({"days": 1}, "2026-03-28T23:30:00Z", "2026-03-29T00:00:00Z"),
        ({"seconds": 1.1}, "1970-01-01T00:00:11Z", "1970-01-01T00:00:12.1Z"),
    ],
)
def test_every_counts_real_time_from_1970_on(lengths: dict[str, float], after: str, due: str) -> None:
    assert every(lengths, {}).after(moment(after)) == moment(due)


@given(st.sampled_from([1.0, 1.1, 7.3, 300.0, 86400.0]), st.floats(0, 4e9))
def test_every_moment_is_followed_by_another_one_period_later(seconds: float, after: float) -> None:
    schedule = Schedule(every=seconds)
    first = schedule.after(after)
    assert first is not None
    second = schedule.after(first)
    assert second is not None
    assert after < first <= after + seconds + 1e-6
    assert second - first == pytest.approx(seconds, abs=1e-6)


RULES = [
    Schedule(every=7.0),
    *(
        Schedule(cron=text, timezone="Europe/Berlin")
        for text in ("* * * * *", "30 2 * * *", "0 9 * * 1-5", "0 0 1 * *")
    ),
]


@given(st.sampled_from(RULES), st.integers(0, 3000))
def test_the_last_of_the_moments_that_have_come_is_found(rule: Schedule, minutes: int) -> None:
    begin = CHANGES["Berlin falls back"].timestamp() - DAY
    first = rule.after(begin)
    assert first is not None
    now = first + minutes * 60
    due = moments(rule, begin, now)
    assert rule.latest(first, now) == due[-1]
    assert rule.number(first, now) == min(len(due), 1000)


@given(st.sampled_from(RULES), st.integers(0, 3000))
def test_the_moments_that_come_next_are_told(rule: Schedule, minutes: int) -> None:
    first = rule.after(CHANGES["Berlin falls back"].timestamp() - minutes * 60)
    assert first is not None
    told = rule.upcoming(first)
    assert told == [first, *moments(rule, first, told[-1])]
    assert len(told) == 5


def test_no_moment_is_told_that_no_calendar_has() -> None:
    first = 2e11
    assert Schedule(every=3e10).upcoming(first) == [first, 2.1e11, 2.4e11]


def test_without_a_first_moment_none_comes_next() -> None:
    assert RULES[0].upcoming(None) == []


def declare(rule: str, fn: Any = lambda: None, **options: Any) -> Registry:
    hp = Hotplate()
    hp.cron(rule, **options)(fn)
    return hp.registry


@pytest.mark.parametrize(
    ("rule", "options", "message"),
    [
        ("61 * * * *", {}, r"cron '61 \* \* \* \*': minute is '61'; allowed: 0 to 59"),
        ("* 24 * * *", {}, "hour is '24'; allowed: 0 to 23"),
        ("* * 0 * *", {}, "day-of-month is '0'; allowed: 1 to 31"),
        ("* * * 13 *", {}, "month is '13'; allowed: 1 to 12, or JAN to DEC"),
        ("* * * * SAT-SUN", {}, "day-of-week is 'SAT-SUN'; allowed: 0 to 7"),
        ("*/0 * * * *", {}, r"minute is '\*/0'"),
        ("0 0 31 2 *", {}, "day-of-month is '31'"),
        ("* * * *", {}, r"it has 4 fields; allowed: five fields \(minute, .* day-of-week\), or one of @"),
        ("0 * * * * *", {}, "it has 6 fields"),
        ("5", {}, "it has 1 field; allowed: five fields"),
        ("@reboot", {}, "there is no such word; allowed: five fields .* or one of @hourly"),
        ("* * * * *", {"timezone": "Europe/Atlantis"}, "timezone is 'Europe/Atlantis'; allowed: such as 'UTC'"),
        ("* * * * *", {"timezone": 1}, "timezone is 1; allowed"),
        ("* * * * *", {"catch_up": "none"}, "catch_up is 'none'; allowed: skip, once, all"),
        ("* * * * *", {"overlap": "cancel"}, "overlap is 'cancel'; allowed: skip, queue, allow"),
        ("* * * * *", {"window": 0}, "window is 0; allowed: a number of seconds above 0"),
        ("* * * * *", {"catch_up": "all"}, "catch_up='all' .* overlap='skip'"),
        ("* * * * *", {"retry": 1}, "unknown option 'retry'"),
        ("* * * * *", {"name": "run.me"}, "are built in"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_refused_naming_it(rule: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        declare(rule, **options)


@pytest.mark.parametrize(
    ("lengths", "message"),
    [({}, r"every\(\): 0 s; allowed: at least 1 s"), ({"seconds": 0.5}, "0.5 s"), ({"minutes": "5"}, "minutes='5'")],
)
def test_a_period_has_a_length(lengths: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        Hotplate().every(**lengths)


@pytest.mark.parametrize(
    ("decorator", "given", "message"),
    [
        ("every", "5m", r"@hp\.every\(minutes=5\), not '5m'"),
        ("every", len, r"@hp\.every\(minutes=5\), not <built-in"),
        ("cron", len, r"@hp\.cron\(\"\*/5 \* \* \* \*\"\), not <built-in"),
    ],
)
def test_what_is_no_rule_is_refused_with_one_that_is(decorator: str, given: Any, message: str) -> None:
    with pytest.raises(DeclarationError, match=message):
        getattr(Hotplate(), decorator)(given)


def test_only_jobs_have_schedules() -> None:
    hp = Hotplate()
    for made in (hp.method("answered"), hp.live("live")):
        with pytest.raises(DeclarationError, match="has no schedule: only jobs have"):
            hp.every(minutes=5)(made(lambda: 1))
    assert not hp.registry.schedules


def nothing_due() -> int:
    return 0


@pytest.mark.parametrize("decorator", ["job", "method", "live"])
def test_a_schedule_stands_above_job(decorator: str) -> None:
    hp = Hotplate()
    scheduled = hp.every(minutes=5)(nothing_due)
    with pytest.raises(DeclarationError, match=r"is a job already; a schedule stands above @hp\.job"):
        getattr(hp, decorator)(scheduled)


def report(region: str, days: int = 1) -> str:
    return region * days


class TestDeclaring:
    def test_a_schedule_makes_a_function_a_job(self) -> None:
        hp = Hotplate()

        @hp.cron("*/5 * * * *", timezone="Europe/Berlin", retries=2)
        def check() -> int:
            return 1

        assert hp.registry.jobs == {"check": check}
        assert check.options_.retries == 2
        assert hp.registry.schedules == {
            "check": Schedule(name="check", job="check", cron="*/5 * * * *", timezone="Europe/Berlin")
        }
        assert check() == 1

    def test_a_job_can_have_several(self) -> None:
        hp = Hotplate()
        job = hp.job("reports.make")(report)
        hp.cron("@daily", params={"region": "north"})(job)
        hp.every(hours=2, name="reports.south", params={"region": "south", "days": 2})(job)
        assert {name: (one.job, one.params) for name, one in hp.registry.schedules.items()} == {
            "reports.make": ("reports.make", b'{"region":"north"}'),
            "reports.south": ("reports.make", b'{"region":"south","days":2}'),
        }
        with pytest.raises(DeclarationError, match=r"'reports\.make' is declared twice"):
            hp.every(hours=1, params={"region": "west"})(job)

    def test_its_params_are_checked(self) -> None:
        for params, what in ((None, "'region'"), ({"region": 1}, "'region'"), ({"region": "a", "n": 1}, "'n'")):
            with pytest.raises(DeclarationError, match=rf"job 'report' cannot be started by its schedule .*{what}"):
                declare("@daily", report, params=params)

    def test_in_a_namespace_it_has_its_name_before_it(self) -> None:
        hp, company = Hotplate(), Namespace("company")
        company.every(minutes=1)(lambda_named("before"))
        hp.include(company)
        company.every(minutes=1, name="again")(lambda_named("after"))
        assert {name: one.job for name, one in hp.registry.schedules.items()} == {
            "company.before": "company.before",
            "company.again": "company.after",
        }

    def test_options_of_a_job_belong_to_the_job(self) -> None:
        hp = Hotplate()
        job = hp.job(lambda_named("work"))
        with pytest.raises(DeclarationError, match="job 'work' is made already: give timeout to its @hp"):
            hp.every(minutes=1, timeout=3)(job)
        with pytest.raises(DeclarationError, match="job 'work' is declared elsewhere"):
            Hotplate().every(minutes=1)(job)

    def test_it_is_declared_before_serving(self) -> None:
        hp = Hotplate()
        job = hp.job(lambda_named("work"))
        hp.registry.freeze()
        with pytest.raises(DeclarationError, match="schedule 'work' is declared after serving started"):
            hp.every(minutes=1)(job)


def lambda_named(name: str) -> Any:
    def fn() -> None: ...

    fn.__name__ = name
    return fn
