"""The client: one server's functions and runs."""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO
from urllib.parse import quote

import httpx
import msgspec

from ..run import FileInfo
from .batch import Batch
from .call import Arguments, Call, Response, new_call, read_batch, read_response, start_call, write
from .function import Function
from .run import LONGEST_WAIT_S, Run, new_run, run_or_value
from .transport import Transport, unexpected
from .updates import Update, Watch, watch


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
        self._transport.post(write(call.request()), _ignore, repeatable=False)

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

    def runs(self, job: str | None = None, state: str | None = None) -> Iterator[Run]:
        """All runs that may be seen, newest first; of one job, in one state."""
        before = None
        while True:
            page = self.call("run.list", job=job, state=state, before=before)
            yield from (new_run(self, wire) for wire in page["runs"])
            before = page["next"]
            if before is None:
                return

    def watch(
        self, *topics: str | Run, after: int | Mapping[str, int] = 0, patience: float | None = None
    ) -> Iterator[Update]:
        """What is new on topics, as the server pushes it: `run/<id>` or a `Run`, `runs`, `workers`.

        Of a run: how it stands, then everything that has happened after the seq `after` (for several runs: a mapping of
        topics to seqs), in order, nothing missed and nothing twice. It goes on over cuts and restarts of the server,
        and ends when all topics are of runs that have ended. Raises `NotFound` if there is no such topic or run, and
        `TransportError` if the server is out of reach for `patience` seconds (as a rule the client's `timeout`).
        """
        return watch(self._transport, Watch(topics, after), self.patience if patience is None else patience)

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
        return self._transport.put("/files", file, _read_file_info, params={"name": name, "type": media_type})

    def download(self, file: FileInfo | Mapping[str, Any] | str, to: str | Path | BinaryIO) -> None:
        """Write a file of the server (as a result names it, or by its id) to a path or an open binary file."""
        if isinstance(to, str | Path):
            with open(to, "wb") as opened:
                return self.download(file, opened)
        with self._transport.stream(_file_path(file)) as answer:
            if answer.status_code != httpx.codes.OK:
                answer.read()
                raise _failure(answer)
            for chunk in answer.iter_bytes():
                to.write(chunk)

    def read_file(self, file: FileInfo) -> bytes:
        """The content of a file of the server."""
        return self._transport.get(_file_path(file), _read_content)

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
        def read(answer: httpx.Response) -> Any:
            response = read_response(answer.content)
            if response is None or response.error is None and response.id != call.id:
                raise unexpected(answer)
            return response.value()

        # A long poll is answered after that time at the latest; the network gets the usual time on top.
        timeout = LONGEST_WAIT_S + self.patience if call.name == "run.wait" else None
        return self._transport.post(write(call.request()), read, repeatable=call.repeatable, timeout=timeout)

    def _ask_all(self, calls: list[Call]) -> dict[int | None, Response]:
        expected = {call.id for call in calls if call.id is not None}

        def read(answer: httpx.Response) -> dict[int | None, Response]:
            responses = read_batch(answer.content)
            if isinstance(responses, Response) and responses.error is not None:
                raise responses.error.exception()
            if not isinstance(responses, list) or expected != {response.id for response in responses}:
                raise unexpected(answer)
            return {response.id: response for response in responses}

        body = write([call.request() for call in calls])
        return self._transport.post(body, read, repeatable=all(call.repeatable for call in calls))


def _file_path(file: FileInfo | Mapping[str, Any] | str) -> str:
    file_id = file.id if isinstance(file, FileInfo) else file if isinstance(file, str) else file["id"]
    return f"/files/{quote(file_id, safe='')}"


def _ignore(answer: httpx.Response) -> None:
    if answer.is_error:
        raise _failure(answer)


def _failure(answer: httpx.Response) -> Exception:
    response = read_response(answer.content)
    return unexpected(answer) if response is None or response.error is None else response.error.exception()


def _read_file_info(answer: httpx.Response) -> FileInfo:
    if answer.is_error:
        raise _failure(answer)
    try:
        return msgspec.json.decode(answer.content, type=FileInfo)
    except msgspec.MsgspecError:
        raise unexpected(answer) from None


def _read_content(answer: httpx.Response) -> bytes:
    if answer.status_code != httpx.codes.OK:
        raise _failure(answer)
    return answer.content
