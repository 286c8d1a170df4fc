"""`rpc.discover`: what can be called at an RPC address, as an OpenRPC document.

Specification: https://spec.open-rpc.org. Jobs are methods whose result is their new run; the schema of the run's own
result is in `x-hotplate-result`. `x-hotplate-kind` is `method`, `job` or `builtin`. `x-hotplate-lives` has live values:
those with a function are looked at `every` so many seconds, and `always` or while somebody is subscribed;
`x-hotplate-schedules` has schedules. `x-hotplate-shown` is true of a job that this caller cannot call, but of which a
link shows them a run: what is said of it is how its results are made up.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from ..caller import Caller
from ..errors import Unauthenticated
from ..job import Job
from ..live import Live
from ..registry import Function
from ..schedule import Schedule
from ..signature import Schemas, Signature
from .answer import SIGN_IN
from .builtin import BuiltinTarget
from .message import encode
from .wire import Run

NAME = "rpc.discover"
VERSION = "1.3.2"
"""Of the specification that the document follows."""

REMEMBERED = 64
"""So many documents are kept: what is shown by links differs."""

_SUMMARY = "What can be called here, as this document says it."

_OWN = {
    "name": NAME,
    "summary": _SUMMARY,
    "params": [],
    "result": {"name": "document", "schema": {"type": "object"}},
    "paramStructure": "either",
    "x-hotplate-kind": "builtin",
}


class Discover:
    """The target of `rpc.discover`.

    info: title and version of the application. functions, builtins: what can be called, by the name used there.
    lives, schedules: live values and schedules, by name.
    shown: gives the jobs of runs that links show to a caller.
    Whoever has not signed in is told of public functions only, and of these jobs.
    """

    name, needs_request, answer_async = NAME, False, None

    def __init__(
        self,
        info: Mapping[str, str],
        functions: Mapping[str, Function],
        builtins: Mapping[str, BuiltinTarget],
        lives: Mapping[str, Live[Any]],
        schedules: Mapping[str, Schedule],
        shown: Callable[[Caller], Collection[str]] = lambda _: (),
    ) -> None:
        self._info, self._functions, self._builtins = info, functions, builtins
        self._lives, self._schedules = lives, schedules
        self.public = any(function.allow == "public" for function in functions.values())
        self.signature = Signature(lambda: None, name=NAME, noun="method")
        self.doc = _SUMMARY
        self._shown = shown
        self._documents: dict[tuple[bool, frozenset[str]], bytes] = {}

    def answer(self, params: bytes, caller: Caller) -> bytes:
        self.signature.decode(params)
        return self.document(caller)

    def document(self, caller: Caller) -> bytes:
        """The document as JSON. Raises `Unauthenticated` if nothing of it is for this caller."""
        whole = caller.authenticated
        shown = frozenset(self._shown(caller)) if caller.shares and not whole else frozenset[str]()
        if not (whole or self.public or shown):
            raise Unauthenticated(data=SIGN_IN)
        if (whole, shown) not in self._documents:
            if len(self._documents) >= REMEMBERED:
                self._documents.clear()
            self._documents[whole, shown] = encode(self._made(whole, shown))
        return self._documents[whole, shown]

    def _made(self, whole: bool, shown: Collection[str]) -> dict[str, Any]:
        schemas = Schemas()
        methods = [
            _function(name, function, schemas)
            for name, function in self._functions.items()
            if whole or function.allow == "public"
        ]
        methods += [
            _builtin(name, target, schemas) for name, target in self._builtins.items() if whole or target.public
        ]
        methods += [
            _shown_job(name, job, schemas)
            for name, job in self._functions.items()
            if name in shown and isinstance(job, Job) and job.allow != "public"
        ]
        methods.append(_OWN)
        return {
            "openrpc": VERSION,
            "info": self._info,
            "methods": methods,
            "x-hotplate-lives": [
                _live(name, live, schemas) for name, live in self._lives.items() if whole or live.allow == "public"
            ],
            "x-hotplate-schedules": [
                {"name": name, "job": declared.job, "rule": declared.rule}
                for name, declared in self._schedules.items()
                if whole
            ],
            "components": {"schemas": schemas.components},
        }


def _shown_job(name: str, job: Job[..., Any], schemas: Schemas) -> dict[str, Any]:
    described = _function(name, job, schemas)
    kept = ("name", "result", "paramStructure", "x-hotplate-kind", "x-hotplate-result", "x-hotplate-partial")
    return {key: described[key] for key in kept if key in described} | {"params": [], "x-hotplate-shown": True}


def _function(name: str, function: Function, schemas: Schemas) -> dict[str, Any]:
    made = _described(name, function.doc, function.signature, schemas)
    if isinstance(function, Job):
        result = made["result"]["schema"]
        made["result"] = {"name": "run", "schema": schemas.of(Run, result=True)}
        made |= {"x-hotplate-kind": "job", "x-hotplate-result": result}
        if function.signature.is_generator:
            made["x-hotplate-partial"] = result.get("items", {})
    else:
        made["x-hotplate-kind"] = "method"
    return made | ({"x-hotplate-allow": function.allow} if function.allow else {})


def _live(name: str, live: Live[Any], schemas: Schemas) -> dict[str, Any]:
    described = _described(name, live.doc, live.signature, schemas)
    texts = {key: described[key] for key in ("name", "summary", "description") if key in described}
    made = texts | {"schema": described["result"]["schema"]} | ({"x-hotplate-allow": live.allow} if live.allow else {})
    return made | ({"every": live.every, "always": live.always} if live.every is not None else {})


def _builtin(name: str, target: BuiltinTarget, schemas: Schemas) -> dict[str, Any]:
    return _described(name, target.doc, target.signature, schemas) | {"x-hotplate-kind": "builtin"}


def _described(name: str, doc: str, signature: Signature, schemas: Schemas) -> dict[str, Any]:
    description = signature.describe(schemas)
    summary, _, more = doc.partition("\n\n")
    texts = {"summary": " ".join(summary.split()), "description": more.strip()}
    return {
        "name": name,
        **{key: text for key, text in texts.items() if text},
        "params": description.params,
        "result": {"name": "result", "schema": description.result},
        "paramStructure": "either",
    }
