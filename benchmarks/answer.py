"""Calls beside other ways to answer them: what a call costs in process, and how many a second behind a server.

    python -m benchmarks.answer [--quick]

The peers are measured in turns, round after round; figures and ratios are medians, a ratio that of what was measured
in the same round. Behind a server the load comes from wrk where it is installed, else from `benchmarks.load`.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import median
from time import perf_counter
from typing import Any

from hotplate.caller import OPEN

from . import answer_apps, load, report

ASGI_TITLES: Mapping[str, str] = {
    "raw_asgi": "typed ASGI by hand (the limit)",
    "on_loop": "Hotplate, `async def` on the loop",
    "in_threads": "Hotplate, `def` in threads",
    "jsonrpc_py": "jsonrpc-py (no types)",
    "fastapi_jsonrpc": "fastapi-jsonrpc",
}

BESIDE = (("on_loop", "jsonrpc_py"), ("on_loop", "fastapi_jsonrpc"), ("in_threads", "fastapi_jsonrpc"))
"""What is set beside what, behind an ASGI server."""

Figures = dict[tuple[str, str], list[float]]
"""What was measured of a peer in a case, a figure for each round."""

TITLES: Mapping[str, str] = {
    "raw": "typed WSGI by hand (the limit)",
    "answer": "Hotplate, `answer()` alone",
    "direct": "Hotplate, direct",
    "view": "Hotplate, view",
    "by_hand": "Flask get_json/jsonify by hand",
    "flask_jsonrpc": "flask-jsonrpc",
}


def call_app(app: Any, body: bytes) -> Callable[[], object]:
    """A call of a WSGI application as a server makes it."""
    base: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/rpc",
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "8000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": "127.0.0.1:8000",
        "HTTP_ACCEPT": "*/*",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.version": (1, 0),
        "wsgi.errors": sys.stderr,
        "wsgi.input_terminated": True,
    }

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        assert status[:3] == "200"

    def call() -> object:
        return b"".join(app({**base, "wsgi.input": io.BytesIO(body)}, start_response))

    return call


def call_answer(body: bytes) -> Callable[[], object]:
    """A call of Hotplate's `answer()`, with no HTTP around it."""
    answerer = answer_apps.PEERS["direct"]().extensions["hotplate"].answerer(None)
    return lambda: answerer.answer(body, OPEN)


def in_process(rounds: int, share: float) -> Figures:
    """Microseconds of a call."""
    calls: dict[tuple[str, str], Callable[[], object]] = {}
    for case, body in answer_apps.bodies().items():
        for peer in TITLES:
            calls[peer, case] = call_answer(body) if peer == "answer" else call_app(getattr(answer_apps, peer), body)
    took: Figures = {key: [] for key in calls}
    for call in calls.values():
        seconds(call, 50)
    counts = {key: max(2, int(share / (seconds(call, 50) / 50))) for key, call in calls.items()}
    for _ in range(rounds):
        for key, call in calls.items():
            took[key].append(1e6 * seconds(call, counts[key]) / counts[key])
    return took


def seconds(call: Callable[[], object], times: int) -> float:
    begun = perf_counter()
    for _ in range(times):
        call()
    return perf_counter() - begun


def peers_of(server: load.Server) -> Mapping[str, str]:
    """The titles of what such a server serves; the first is the limit."""
    return ASGI_TITLES if server.is_asgi else {peer: TITLES[peer] for peer in answer_apps.PEERS}


def behind(server: load.Server, rounds: int, duration: float) -> Figures:
    """Requests a second."""
    rates: Figures = {}
    with load.serving(server, list(peers_of(server))) as addresses:
        for turn in range(rounds):
            print(f"{server.name}, round {turn + 1} of {rounds}", file=sys.stderr)
            for case, body in answer_apps.bodies().items():
                for peer, port in addresses.items():
                    rates.setdefault((peer, case), []).append(load.rate(port, body, duration))
    return rates


def ratio(figures: Figures, peer: str, to: str, case: str) -> float:
    """The median of the ratios of each round."""
    return median(a / b for a, b in zip(figures[peer, case], figures[to, case], strict=True))


def cost_lines(costs: Figures) -> Iterator[str]:
    cases = list(answer_apps.bodies())
    yield "In process, microseconds of a call (and how many times the limit):"
    yield ""
    rows = []
    for peer, title in TITLES.items():
        cells = [f"{median(costs[peer, case]):,.1f} ({ratio(costs, peer, 'raw', case):.2f} x)" for case in cases]
        rows.append([title, *cells])
    yield from report.table(["", *cases], rows)
    yield ""


def rate_lines(server: load.Server, rates: Figures) -> Iterator[str]:
    cases = list(answer_apps.bodies())
    yield f"Behind {server.name} (one process), requests a second (and the share of the limit):"
    yield ""
    rows, titles = [], peers_of(server)
    limit = next(iter(titles))
    for peer, title in titles.items():
        cells = [f"{median(rates[peer, case]):,.0f} ({ratio(rates, peer, limit, case):.0%})" for case in cases]
        rows.append([title, *cells])
    yield from report.table(["", *cases], rows)
    yield ""
    for ours, theirs in BESIDE if server.is_asgi else (("direct", "flask_jsonrpc"),):
        faster = ", ".join(f"{ratio(rates, ours, theirs, c):.1f} x ({c})" for c in cases)
        yield f"{titles[ours]}, beside {titles[theirs]}: {faster}."
    yield ""


def main(arguments: Sequence[str]) -> None:
    quick = "--quick" in arguments
    names = ("werkzeug", "flask-jsonrpc", "fastapi-jsonrpc", "jsonrpc-py", "gunicorn", "granian", "uvicorn", "uvloop")
    lines = [report.machine(*names), ""]
    lines += cost_lines(in_process(3 if quick else 25, 0.02 if quick else 0.05))
    for server in load.SERVERS:
        lines += rate_lines(server, behind(server, 1 if quick else 5, 0.5 if quick else 1.5))
    lines.append(f"Load: {load.describe()}.")
    report.section("Calls", lines, is_kept=not quick)


if __name__ == "__main__":
    main(sys.argv[1:])
