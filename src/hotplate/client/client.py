"""The client: one server's functions and runs."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import httpx

from ..run import FileInfo
from .answers import answer_to, answers_to, failure, file_path, ignore, longest, read_content, read_file_info
from .batch import Batch
from .call import Arguments, Call, Response, new_call, start_call, write
from .function import Function
from .pages import Pages
from .run import Run, new_run, run_or_value
from .transport import Transport
from .updates import Patience, Update, Watch, watch


class Client:
    """Calls the functions of one Hotplate server, and starts and follows its jobs. Threads may share it.

    `url` is the server's root, or its RPC address if that is not `/rpc`. `token` is sent as a bearer token.
    `timeout` is the seconds that an answer may take. A request that fails on its way is sent again up to `retries`
    times, but only if that cannot make anything happen twice: where there was no connection, where the server said
    that nothing was changed, for built-in methods that read, and for starts of runs, which carry a key.
    `root` is where `/files` is found, if that is not beside the RPC address. `http` is an `httpx.Client` of your own
    (proxies, certificates, or `httpx.WSGITransport(app)` to call an application without a server).

    Errors of the server are raised as the classes of `hotplate.errors`, by their code; `TransportError` says that no
    answer came, `TimeoutError` that none came in time.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        timeout: float = 30.0,
        retries: int = 3,
        *,
        root: str | None = None,
        http: httpx.Client | None = None,
    ) -> None:
        self._transport = Transport(url, root=root, token=token, timeout=timeout, retries=retries, http=http)
        self.patience = timeout

    @property
    def url(self) -> str:
        """The RPC address."""
        return self._transport.rpc_url

    def call(self, name: str, /, *args: Any, **kwargs: Any) -> Any:
        """Call a function by its name, with arguments by position or by name, and return its result as JSON gives it.

        A job answers with its new `Run` at once.
        """
        return run_or_value(self, name, self._ask(new_call(name, args, kwargs)))

    def notify(self, name: str, /, *args: Any, **kwargs: Any) -> None:
        """Call a function without an answer: neither its result nor its error comes back."""
        call = new_call(name, args, kwargs, notify=True)
        self._transport.post(write(call.request()), ignore, repeatable=False)

    def start(
        self,
        job: str,
        params: Arguments | None = None,
        *,
        key: str | None = None,
        delay: float = 0.0,
        priority: int | None = None,
        queue: str | None = None,
    ) -> Run:
        """Start a run of a job. `params` are a mapping (by name) or a sequence (by position).

        A second start with the same `key` gives the first one's run. `delay` is in seconds; the higher the
        `priority`, the earlier its turn.
        """
        return new_run(self, self._ask(start_call(job, params, key=key, delay=delay, priority=priority, queue=queue)))

    def run(self, run_id: str) -> Run:
        """A run by its id. Raises `NotFound`."""
        return new_run(self, self.call("run.get", id=run_id))

    def runs(
        self,
        job: str | None = None,
        state: str | Sequence[str] | None = None,
        *,
        caller: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        text: str | None = None,
        sort: str | None = None,
        parent_id: str | None = None,
    ) -> Iterator[Run]:
        """All runs that may be seen and fit, newest first or as `sort` says.

        `state` is one or several; `since` and `until` are aware, the former included; `text` is a part of id, job, key,
        params or error. `sort` is by "created", "finished" or "duration", and with a minus the greatest first.
        """
        given = {"job": job, "state": state, "caller": caller, "since": since, "until": until, "text": text}
        pages = Pages(**given, sort=sort, parent_id=parent_id)
        while pages.params is not None:
            yield from (new_run(self, wire) for wire in pages.take(self.call("run.list", **pages.params)))

    def watch(
        self, *topics: str | Run, after: int | Mapping[str, int] = 0, patience: float | None = None
    ) -> Iterator[Update]:
        """What is new on topics, as the server pushes it: `run/<id>` or a `Run`, `runs`, `workers`, `schedules`,
        `live/<name>`.

        Of a run: how it stands, then everything that has happened after the seq `after` (for several runs: a mapping of
        topics to seqs), in order, nothing missed and nothing twice. It goes on over cuts and restarts of the server,
        and ends when all topics are of runs that have ended. Raises `NotFound` if there is no such topic or run, and
        `TransportError` if the server is out of reach for `patience` seconds (as a rule the client's `timeout`).
        """
        return watch(self._transport, Watch(topics, after), Patience(self.patience if patience is None else patience))

    def batch(self) -> Batch:
        """Collects calls in a `with` block and sends them as one request."""
        return Batch(self._ask_all, self)

    def upload(
        self, file: str | Path | BinaryIO, *, name: str | None = None, media_type: str | None = None
    ) -> FileInfo:
        """Send a file, as a stream, to be given to jobs as a `hotplate.File` parameter."""
        if isinstance(file, str | Path):
            with open(file, "rb") as opened:
                return self.upload(opened, name=name or Path(file).name, media_type=media_type)
        name = name or Path(str(getattr(file, "name", "file"))).name
        media_type = media_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        return self._transport.put("/files", file, read_file_info, params={"name": name, "type": media_type})

    def download(self, file: FileInfo | Mapping[str, Any] | str, to: str | Path | BinaryIO) -> None:
        """Write a file of the server (as a result names it, or by its id) to a path or an open binary file."""
        if isinstance(to, str | Path):
            with open(to, "wb") as opened:
                return self.download(file, opened)
        with self._transport.stream(file_path(file)) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                raise failure(answer)
            for chunk in answer.iter_bytes():
                to.write(chunk)

    def read_file(self, file: FileInfo) -> bytes:
        """The content of a file of the server."""
        return self._transport.get(file_path(file), read_content)

    def close(self) -> None:
        """Close the connections."""
        self._transport.close()

    def __getattr__(self, name: str) -> Function[Any, Run]:
        if name.startswith("_"):
            raise AttributeError(f"no function of the server is called {name!r}")
        return Function(name, self.call, self.start)

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Client of {self.url}>"

    def _ask(self, call: Call) -> Any:
        read, timeout = answer_to(call), longest(call, self.patience)
        return self._transport.post(write(call.request()), read, repeatable=call.repeatable, timeout=timeout)

    def _ask_all(self, calls: list[Call]) -> dict[int | None, Response]:
        body = write([call.request() for call in calls])
        return self._transport.post(body, answers_to(calls), repeatable=all(call.repeatable for call in calls))
