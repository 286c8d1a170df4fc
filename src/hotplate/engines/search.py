"""Runs found by what a `Filter` says of them, counted by state, and placed in their queue: SQL for both engines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any, NamedTuple, get_args

import msgspec

from ..engine import FURTHEST_PLACE
from ..filter import Filter
from ..run import State
from .rows import COLUMNS, Waiting

Read = Callable[[str, Sequence[Any]], Sequence[Any]]
"""Reads the rows of a query with its values."""

_DURATION = "finished_at - started_at"
_ORDERS = {
    "-created": "no desc",
    "created": "no",
    "-finished": "finished_at is null, finished_at desc, no desc",
    "finished": "finished_at is null, finished_at, no",
    "-duration": f"{_DURATION} is null, {_DURATION} desc, no desc",
    "duration": f"{_DURATION} is null, {_DURATION}, no",
}


Term = tuple[str, Sequence[Any]]
"""A condition, with its values."""


class Dialect(NamedTuple):
    """How an engine says it: the table, the mark of a value, a column of JSON as text.

    ready: queued and due. in_states: in one of these states. Both in the words of the partial indexes, which a value in
    the place of a word would not be found to fit.
    like: that a text is like one of these patterns, whose letters are small, where ASCII letters may be of either case.
    """

    runs: str
    mark: str
    json: str
    ready: str
    in_states: Callable[[Sequence[str]], str]
    like: Callable[[str, Sequence[str]], Term]


def _in_states_sqlite(states: Sequence[str]) -> str:
    terms = [term for state in states for term in _IN_STATE[state]]
    if {"queued", "running"}.isdisjoint(states) or "succeeded" in states:
        return f"({' or '.join(terms)})"
    # Else all runs would be gone through in the order asked for, as nothing is known of how few fit.
    return f"no in ({' union all '.join(f'select no from runs where {term}' for term in terms)})"


def _like_sqlite(text: str, patterns: Sequence[str]) -> Term:
    return " or ".join([f"{text} like ? escape '\\'"] * len(patterns)), patterns


def _in_states_postgres(states: Sequence[str]) -> str:
    queued = ["ready", "state = 'queued' and not ready"]
    terms = [term for state in states for term in (queued if state == "queued" else _IN_STATE[state])]
    return f"({' or '.join(terms)})"


def _like_postgres(text: str, patterns: Sequence[str]) -> Term:
    return f'lower({text} collate "C") like any(%s)', [patterns]


_IN_STATE = {state: [f"state = '{state}'"] for state in get_args(State)}
_IN_STATE["queued"] = ["ready = 1", "state = 'queued' and ready = 0"]

SQLITE = Dialect(
    runs="runs",
    mark="?",
    json="cast({} as text)",
    ready="ready = 1",
    in_states=_in_states_sqlite,
    like=_like_sqlite,
)
POSTGRES = Dialect(
    runs="hotplate.runs",
    mark="%s",
    json="convert_from({}, 'UTF8')",
    ready="ready",
    in_states=_in_states_postgres,
    like=_like_postgres,
)


class Search:
    """Finds runs in the record that `read` reads from."""

    def __init__(self, dialect: Dialect, read: Read) -> None:
        self._dialect, self._read = dialect, read

    def page(self, which: Filter) -> tuple[Sequence[Any], int | None]:
        """Rows of `COLUMNS`, and the `before` of the page that follows."""
        runs, mark, order = self._dialect.runs, self._dialect.mark, _ORDERS[which.sort]
        terms = [*self._terms(which)]
        if which.before is not None:
            terms.append((f"no {'>' if which.sort == 'created' else '<'} {mark}", [which.before]))
        wanted, values = f"where {_all(terms)} order by {order} limit {which.limit + 1:d}", _values(terms)
        if which.skip:
            wanted, values = f"{wanted} offset {mark}", [*values, which.skip]
        by_creation = which.sort in ("-created", "created")
        if not by_creation:
            # First only the numbers: to sort whole rows takes their results through memory.
            wanted = f"where no in (select no from {runs} {wanted}) order by {order}"
        rows = self._read(f"select {COLUMNS}, no from {runs} {wanted}", values)
        page = rows[: which.limit]
        goes_on = by_creation and len(rows) > which.limit
        return [row[:-1] for row in page], page[-1][-1] if goes_on else None

    def count(self, which: Filter) -> Mapping[str, int]:
        """How many there are in each state that any of them is in."""
        terms = [*self._terms(which)]
        if not terms:
            return self._count_all()
        sql = f"select state, count(*) from {self._dialect.runs} where {_all(terms)} group by state"
        return dict(self._read(sql, _values(terms)))

    def _count_all(self) -> Mapping[str, int]:
        """All that there are, from indexes: those that succeeded, which most have, are in none but those of all."""
        others = {state: self._dialect.in_states([state]) for state in ("queued", "running", "failed", "cancelled")}
        counts = [f"(select count(*) from {self._dialect.runs} where {term})" for term in ("true", *others.values())]
        ((every, *n),) = self._read(f"select {', '.join(counts)}", [])
        return {**dict(zip(others, n, strict=True)), "succeeded": every - sum(n)}

    def place(self, run_id: str, waiting: Callable[[], Waiting]) -> int | None:
        """The place of a run in its queue, see `engine.Ledger.place`."""
        runs, mark, ready = self._dialect.runs, self._dialect.mark, self._dialect.ready
        found = self._read(f"select queue, job, priority, turn, no from {runs} where id = {mark} and {ready}", [run_id])
        if not found:
            return None
        ((queue, job, priority, turn, no),) = found
        place, why = 1, waiting()
        for lane in self._lanes(queue):
            if lane == job or why.reason(lane, queue, 0.0) in (None, "no worker alive"):
                place += self._sooner(queue, lane, (priority, turn, no), FURTHEST_PLACE - place)
            if place >= FURTHEST_PLACE:
                break
        return place

    def _lanes(self, queue: str) -> Iterator[str]:
        """The jobs of which runs are ready in a queue: a step in the index for each, however many runs wait."""
        runs, mark, ready = self._dialect.runs, self._dialect.mark, self._dialect.ready
        job = ""
        while True:
            after = f"where {ready} and queue = {mark} and job > {mark}"
            found = self._read(f"select job from {runs} {after} order by job limit 1", [queue, job])
            if not found:
                return
            job = found[0][0]
            yield job

    def _sooner(self, queue: str, job: str, than: tuple[int, int, int], most: int) -> int:
        """How many ready runs of a job, `most` at the most, come before the priority, turn and no of another run."""
        runs, mark, ready = self._dialect.runs, self._dialect.mark, self._dialect.ready
        priority, turn, no = than
        lane = f"select 1 from {runs} where {ready} and queue = {mark} and job = {mark}"
        # Three steps in the index: put into one condition they would go through all of the lane.
        sooner: list[Term] = [
            (f"priority > {mark}", [priority]),
            (f"priority = {mark} and turn < {mark}", [priority, turn]),
            (f"priority = {mark} and turn = {mark} and no < {mark}", [priority, turn, no]),
        ]
        counts = [f"(select count(*) from ({lane} and {term} limit {mark}) as sooner)" for term, _ in sooner]
        values = [value for _, of in sooner for value in (queue, job, *of, most)]
        return min(int(self._read(f"select {' + '.join(counts)}", values)[0][0]), most)

    def _terms(self, which: Filter) -> Iterator[Term]:
        """What must hold of a run, each with its values; a page's `before` is not among it."""
        mark = self._dialect.mark
        for name in ("job", "caller", "parent_id"):
            if (value := getattr(which, name)) is not None:
                yield f"{name} = {mark}", [value]
        if which.states:
            yield self._dialect.in_states(which.states), []
        if which.since is not None:
            yield f"created_at >= {mark}", [which.since]
        if which.until is not None:
            yield f"created_at < {mark}", [which.until]
        if which.text:
            yield self._with_text(which.text, which.in_tracebacks)

    def _with_text(self, text: str, in_tracebacks: bool) -> Term:
        like, as_json = self._dialect.like, self._dialect.json.format
        # The names of an error's fields are no part of what it says.
        said = f"""replace(replace(replace({as_json("error")}, '"code":', ''), '"message":', ''), '"data":', '')"""
        cases = _cases(text)
        # As it stands within JSON, also where that has no letters beyond ASCII.
        written = cases + [way(case)[1:-1] for case in cases for way in (_as_json, json.dumps)]
        plain = ("id", "job", "key", "traceback") if in_tracebacks else ("id", "job", "key")
        terms = [like(name, _patterns(cases)) for name in plain]
        terms += [like(column, _patterns(written)) for column in (as_json("params"), said)]
        return f"({' or '.join(term for term, _ in terms)})", _values(terms)


def _as_json(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _all(terms: Sequence[Term]) -> str:
    return " and ".join(term for term, _ in terms) or "true"


def _values(terms: Sequence[Term]) -> list[Any]:
    return [value for _, values in terms for value in values]


def _cases(text: str) -> list[str]:
    """The ways in which it is looked for: databases know the two cases of ASCII letters, and not always of others."""
    return [text] if text.isascii() else [text, text.lower(), text.upper()]


def _patterns(texts: Sequence[str]) -> list[str]:
    """What is like something with one of these texts in it."""
    small = dict.fromkeys(text.translate(_SMALL) for text in texts)
    return [f"%{_SPECIAL.sub(_LITERAL, text)}%" for text in small]


_SPECIAL, _LITERAL = re.compile(r"[\\%_]"), r"\\\g<0>"
_SMALL = str.maketrans(ascii_uppercase, ascii_lowercase)
