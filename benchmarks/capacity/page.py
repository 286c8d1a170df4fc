"""The figures of docs/design/capacity.md: each stands between two marks, and is made from what was measured."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from benchmarks.report import table
from hotplate.engine import POLL_S
from hotplate.engines.choice import IDLE_POLL_S, SWEEP_S
from hotplate.engines.node.node import PRUNE_S
from hotplate.engines.postgres.ledger import COUNT_S

from .costs import Costs
from .model import BILLION, CORES, LOADS, MONTH_S, PEAK, SWEEPERS, demand, herds, most_runs_per_s, notify_s
from .sizes import CROWD, CROWD_WORKERS, SMALL, STEP, Sizes

PAGE = Path(__file__).parents[2] / "docs/design/capacity.md"
MEASURED = Path(__file__).with_name("measured.json")
KEEP_DAYS = 30
LEASE_S = 15.0


class Measured(Struct):
    """All that was measured, and on what machine."""

    machine: str = ""
    costs: Costs = field(default_factory=Costs)
    sizes: Sizes = field(default_factory=Sizes)


def load() -> Measured:
    return msgspec.json.decode(MEASURED.read_bytes(), type=Measured) if MEASURED.exists() else Measured()


def save(found: Measured) -> None:
    MEASURED.write_bytes(msgspec.json.format(msgspec.json.encode(found), indent=1) + b"\n")


def written(text: str, found: Measured) -> str:
    """The page with its figures as they follow from what was measured."""
    for name, lines in BLOCKS.items():
        block = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end of {name} -->)", re.DOTALL)
        figures = "\n".join(lines(found))
        text, n = block.subn(lambda marks, figures=figures: f"{marks[1]}{figures}\n{marks[2]}", text)  # type: ignore[misc]
        assert n == 1, f"{PAGE.name} has {n} places for {name!r}"
    return text


def number(value: float) -> str:
    """Three figures, with commas; what was counted as it is."""
    if isinstance(value, int):
        return f"{value:,}"
    if value and abs(value) < 100:
        return f"{float(f'{value:.3g}'):g}"
    return f"{float(f'{value:.3g}'):,.0f}"


def _machine(found: Measured) -> Iterator[str]:
    yield found.machine


def _run(found: Measured) -> Iterator[str]:
    one, many = found.costs.one_by_one, found.costs.many
    rows = [
        ("statements", one.statements, many.statements),
        ("transactions that write", one.transactions, many.transactions),
        ("flushes of the WAL", one.flushes, many.flushes),
        ("WAL in a small table, bytes", one.wal_bytes, many.wal_bytes),
        ("NOTIFYs", one.calls.get("notify", 0.0), many.calls.get("notify", 0.0)),
        ("messages to the broker, if there is one", found.costs.messages_one_by_one, found.costs.messages_many),
        ("processor time of PostgreSQL, ms", 1000 * one.cpu_s, 1000 * many.cpu_s),
    ]
    head = ("for each run", "started alone and waited for", "500 starts share a commit")
    yield from table(head, ((name, number(alone), number(shared)) for name, alone, shared in rows))


def _statements(found: Measured) -> Iterator[str]:
    one, many = found.costs.one_by_one.calls, found.costs.many.calls
    names = sorted(one, key=lambda name: -one[name])
    head = ("statement", "started alone and waited for", "500 starts share a commit")
    yield from table(head, ((name, number(one[name]), number(many.get(name, 0.0))) for name in names))


def _idle(found: Measured) -> Iterator[str]:
    calls, hosted = found.costs.idle.calls, found.costs.hosted.calls
    names = sorted(calls, key=lambda name: -calls[name])
    head = ("statement", "by whom", "how often", "a second")
    rows = [
        (name, "the sweeper" if name in SWEEPERS else "each node", _period(name), number(calls[name])) for name in names
    ]
    each = sum(n for name, n in calls.items() if name not in SWEEPERS)
    rows.append(("all that each node asks", "", "", number(each)))
    rows.append(
        ("the same with a Celery host", "", "", number(sum(n for name, n in hosted.items() if name not in SWEEPERS)))
    )
    rows.append(
        (
            "who waits for a run (`wait`, `run.wait`)",
            "each who waits",
            f"{POLL_S:g} s",
            number(found.costs.waiter.statements),
        )
    )
    yield from table(head, rows)


def _period(name: str) -> str:
    looks = f"{IDLE_POLL_S:g} s; {POLL_S:g} s within half a minute of a run"
    beat = f"{LEASE_S / 3:g} s (a third of `HOTPLATE_LEASE`)"
    known = {
        "promote: look": looks, "claim: look": looks, "beat": beat, "clock": beat,
        "sweep: limits counted anew": f"{COUNT_S:g} s", "tally": "with a beat, after runs", "prune": f"{PRUNE_S:g} s",
        "begin, commit, set": "with tallies and pruning",
    }  # fmt: skip
    return known.get(name, f"{SWEEP_S:g} s" if name.startswith("sweep") else "")


def _connections(found: Measured) -> Iterator[str]:
    yield from table(("process", "connections to PostgreSQL"), found.costs.connections.items())
    yield ""
    mb = found.costs.connection_mb
    yield f"Memory of PostgreSQL for one: {number(mb['hotplate'])} MB, and {number(mb['hotplate feed'])} MB for a feed."


def _fan(found: Measured) -> Iterator[str]:
    head = (
        "listeners",
        "NOTIFYs a second",
        "processor time of one, ms",
        "the same while they listen to something else, ms",
    )
    rows = (
        (f"{one.listeners:,}", number(one.per_s), number(one.cpu_ms), number(one.elsewhere_cpu_ms))
        for one in found.costs.fan
    )
    yield from table(head, rows)


def _demand(found: Measured) -> Iterator[str]:
    all_ = [demand(load, found.costs, found.sizes) for load in LOADS]
    labels: Mapping[str, str] = {
        "nodes": "nodes", "connections": "connections", "listeners": "of these, listeners",
        "rows_written": "versions of rows of runs /s",
        "transactions": "transactions that write /s", "flushes": "flushes asked for /s",
        "wal_mb": "WAL, MB/s", "statements": "statements /s",
        "idle_statements": "of these, of idle nodes /s", "beats": "beats /s",
        "cores": "cores of PostgreSQL, NOTIFY aside", "notifies": "NOTIFYs /s", "deliveries": "deliveries of these /s",
        "notify_cores": "cores for NOTIFY", "messages": "messages to the broker /s",
        "gb_a_month": f"growth, GB in {KEEP_DAYS} days (what `HOTPLATE_KEEP` keeps)",
    }  # fmt: skip
    runs = ("runs /s", *(number(load.runs_per_s) for load in LOADS))
    rows = [(label, *(number(getattr(one, name)) for one in all_)) for name, label in labels.items()]
    yield from table(("", *(load.name for load in LOADS)), [runs, *rows])


def _most(found: Measured) -> Iterator[str]:
    cores = (4, CORES, 64)
    apart = replace(LOADS[2], nodes_listen=False)
    rows = []
    for load in (*LOADS[:3], apart):
        most = (number(most_runs_per_s(load, found.costs, n)) for n in cores)
        name = f"{load.workers:,} workers, {load.nodes:,} nodes" + ("" if load.nodes_listen else " that do not listen")
        dearer = notify_s(found.costs, load) / found.costs.one_by_one.cpu_s
        rows.append((name, number(load.listeners), *most, f"{number(dearer)} x"))
    head = ("runs /s that keep PostgreSQL busy", "listeners", *(f"{n} cores" for n in cores), "NOTIFYs, of all else")
    yield from table(head, rows)


def _herd(found: Measured) -> Iterator[str]:
    head = (
        "idle nodes",
        "runs /s",
        "woken by",
        "looks for each run",
        "in vain, %",
        f"of {CORES} cores busy, %",
        "start to claim, p50 ms",
        "p99 ms",
    )
    rows = (
        (
            f"{one.nodes:,}", number(one.runs_per_s), one.by, number(one.looks), number(100 * one.in_vain),
            number(100 * one.busy), number(one.p50_ms), number(one.p99_ms),
        )
        for one in herds(found.costs)
    )  # fmt: skip
    yield from table(head, rows)


def usual(sizes: Sizes, name: str) -> float:
    """How long a verb takes where there is little on record, in milliseconds: a list a full page of it."""
    full = sizes.ms["small"]["list: newest"] if name.startswith("list") else 0.0
    return max(sizes.ms["empty"][name], sizes.ms["small"][name], full)


def _sizes(found: Measured) -> Iterator[str]:
    ms, many = found.sizes.ms, f"{found.sizes.rows:,}"
    crowd = f"{CROWD * CROWD_WORKERS:,} running, {CROWD:,} nodes"
    head = ("median, ms", "empty", f"{SMALL:,} ended", f"{many} ended", "", f"{many} queued", "", crowd)

    def cells(name: str) -> Iterator[str]:
        few = usual(found.sizes, name)
        yield from (name, number(ms["empty"][name]), number(ms["small"][name]))
        for record in ("ended", "queued"):
            yield from (number(ms[record][name]), f"{ms[record][name] / few:.1f} x")
        yield number(ms["crowd"][name])

    yield from table(head, (tuple(cells(name)) for name in ms["empty"]))
    yield ""
    yield "The factors are of the larger of the first two columns, and for lists of a full page."


def _bytes(found: Measured) -> Iterator[str]:
    sizes = found.sizes.bytes_per_run
    total = sum(sizes.values())
    wal, full, pages = (number(n) for n in (found.sizes.wal_empty, found.sizes.wal_full, found.sizes.pages_full))
    yield f"- The row itself: {number(sizes['runs'])} bytes; its indexes: {number(total - sizes['runs'])} bytes."
    yield f"- {number(BILLION)} runs: {number(BILLION * total / 1e9)} GB. At so many a month there is that much"
    yield f"  with `HOTPLATE_KEEP` at {KEEP_DAYS} days; at 3 days it is {number(BILLION * total / 1e10)} GB."
    yield f"- WAL of its start, claim and end: {wal} bytes in a small table; {full} among {found.sizes.rows:,} runs"
    yield f"  shortly after a checkpoint, with {pages} whole pages among them."
    yield f"- {number(BILLION)} runs a month are {number(BILLION / MONTH_S)} a second; a peak is {PEAK:g} times that."


def _pruning(found: Measured) -> Iterator[str]:
    head = ("while", "claim, p50 ms", "p99 ms", "steps", "runs removed", "a step, p50 ms", "at most, ms")
    rows = (
        (
            one.what,
            number(one.claim_p50),
            number(one.claim_p99),
            str(one.steps),
            f"{one.rows:,}",
            number(one.step_p50),
            number(one.step_max),
        )
        for one in found.sizes.pruning
    )
    yield from table(head, rows)
    yield ""
    yield f"A step removes at most {STEP} runs."


BLOCKS: Mapping[str, Callable[[Measured], Iterator[str]]] = {
    "machine": _machine,
    "run": _run,
    "statements": _statements,
    "idle": _idle,
    "connections": _connections,
    "bytes": _bytes,
    "demand": _demand,
    "fan": _fan,
    "most": _most,
    "herd": _herd,
    "sizes": _sizes,
    "pruning": _pruning,
}
