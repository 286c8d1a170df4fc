"""What the server's answers say, as values or as errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import httpx
import msgspec

from ..run import FileInfo
from .call import Call, Response, read_batch, read_response
from .run import LONGEST_WAIT_S
from .transport import unexpected


def longest(call: Call, patience: float) -> float | None:
    """How long the answer to a call may take, in seconds, if not as long as usual."""
    # A long poll is answered after that time at the latest; the network gets the usual time on top.
    return LONGEST_WAIT_S + patience if call.name == "run.wait" else None


def answer_to(call: Call) -> Callable[[httpx.Response], Any]:
    """Reads the result of a call."""

    def read(answer: httpx.Response) -> Any:
        response = read_response(answer.content)
        if response is None or response.error is None and response.id != call.id:
            raise unexpected(answer)
        return response.value()

    return read


def answers_to(calls: Sequence[Call]) -> Callable[[httpx.Response], dict[int | None, Response]]:
    """Reads the responses to a batch."""
    expected = {call.id for call in calls if call.id is not None}

    def read(answer: httpx.Response) -> dict[int | None, Response]:
        responses = read_batch(answer.content)
        if isinstance(responses, Response) and responses.error is not None:
            raise responses.error.exception()
        if not isinstance(responses, list) or expected != {response.id for response in responses}:
            raise unexpected(answer)
        return {response.id: response for response in responses}

    return read


def file_path(file: FileInfo | Mapping[str, Any] | str) -> str:
    """Where a file is found, as a result names it or by its id."""
    file_id = file.id if isinstance(file, FileInfo) else file if isinstance(file, str) else file["id"]
    return f"/files/{quote(file_id, safe='')}"


def ignore(answer: httpx.Response) -> None:
    """Read nothing but what went wrong."""
    if answer.is_error:
        raise failure(answer)


def failure(answer: httpx.Response) -> Exception:
    """What went wrong, as an answer says that is none of what was asked for."""
    response = read_response(answer.content)
    return unexpected(answer) if response is None or response.error is None else response.error.exception()


def read_file_info(answer: httpx.Response) -> FileInfo:
    """The facts of a file that was sent."""
    if answer.is_error:
        raise failure(answer)
    try:
        return msgspec.json.decode(answer.content, type=FileInfo)
    except msgspec.MsgspecError:
        raise unexpected(answer) from None


def read_content(answer: httpx.Response) -> bytes:
    """The content of a file."""
    if answer.status_code != httpx.codes.OK:
        raise failure(answer)
    return answer.content
