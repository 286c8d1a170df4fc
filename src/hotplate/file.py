"""A file as parameter or result of a function.

As a parameter it names an uploaded file (`PUT /files`), which the function opens or reads; as a result it carries
bytes, or the path of a file that the function wrote, to the engine's keeping.
"""

from __future__ import annotations

import mimetypes
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Protocol, cast

from msgspec import Struct

from .errors import HotplateError
from .run import FileInfo

CHUNK = 256 * 1024
"""Size of the pieces in which files are kept and moved, in bytes."""

ANY_TYPE = "application/octet-stream"
"""The media type of bytes of which nothing is known."""

SPOOL = 8 * 1024**2


class Keeping(Protocol):
    """Where files are kept, as whoever is being answered may use it."""

    def find_file(self, file_id: str) -> FileInfo | None:
        """The facts of a file; None if there is none of that id, or if it is somebody else's."""

    def read_file(self, file_id: str) -> Iterator[bytes]:
        """The chunks of a file. Raises `NotFound` if there is none of that id, or if it is somebody else's."""

    def keep_file(self, new: NewFile) -> File:
        """Take a file that a function returns into keeping."""


find_keeping: Callable[[], Keeping | None] | None = None
"""Set by the extension: the keeping of the application that this code works for, if it works for one."""


def _keeping() -> Keeping | None:
    return None if find_keeping is None else find_keeping()


def keeping() -> Keeping:
    """Where files are kept here. Raises `HotplateError` outside of an application."""
    found = _keeping()
    if found is None:
        raise HotplateError("files can be read and kept within a call or a run only (or within app.app_context())")
    return found


class File(Struct, kw_only=True):
    """A kept file: `id` is its name on the wire; the rest are its facts (`size` in bytes, `url` where to get it).

    A job returns `File.of(path)` or `File.of_bytes(data, name)`; a caller passes `{"id": …}` of an upload. The facts
    that are not given are those it was kept with, if whoever is being answered may read it.
    """

    id: str
    name: str = ""
    media_type: str = ANY_TYPE
    size: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        if self.name and self.url:
            return
        place = _keeping()
        kept = place.find_file(self.id) if place is not None else None
        if kept is not None:
            self.name, self.url = self.name or kept.name, self.url or kept.url
            self.media_type = kept.media_type if self.media_type == ANY_TYPE else self.media_type
            self.size = self.size or kept.size

    @staticmethod
    def of(path: str | os.PathLike[str], *, name: str | None = None, media_type: str | None = None) -> File:
        """A file to return: the contents of the file at `path`, read when the function has returned."""
        title = name or Path(path).name
        return cast(File, NewFile(title, media_type or guess_type(title), Path(path), b""))

    @staticmethod
    def of_bytes(data: bytes, name: str, *, media_type: str | None = None) -> File:
        """A file to return: these bytes under this name."""
        return cast(File, NewFile(name, media_type or guess_type(name), None, data))

    def chunks(self) -> Iterator[bytes]:
        """The contents, piece by piece. Raises `NotFound` if there is no such file for this caller."""
        return keeping().read_file(self.id)

    def read(self) -> bytes:
        """The whole contents."""
        return b"".join(self.chunks())

    def open(self) -> IO[bytes]:
        """The contents as a binary file, on disk above 8 MiB."""
        from tempfile import SpooledTemporaryFile  # noqa: PLC0415 - imports much that few need

        spool = SpooledTemporaryFile(max_size=SPOOL)  # noqa: SIM115 - the caller closes it
        for chunk in self.chunks():
            spool.write(chunk)
        spool.seek(0)
        return spool


class NewFile:
    """A file that a function returns, before it is kept: the contents are `data`, or those of the file at `path`."""

    def __init__(self, name: str, media_type: str, path: Path | None, data: bytes) -> None:
        self.name, self.media_type, self.path, self.data = name, media_type, path, data

    def chunks(self) -> Iterator[bytes]:
        """The contents, piece by piece."""
        if self.path is None:
            yield from (self.data[at : at + CHUNK] for at in range(0, len(self.data), CHUNK))
            return
        with self.path.open("rb") as source:
            while chunk := source.read(CHUNK):
                yield chunk


def keep(new: NewFile) -> File:
    """Take `new` into the engine's keeping; the file as it goes over the wire."""
    return keeping().keep_file(new)


def guess_type(name: str) -> str:
    """The media type that a file's name suggests."""
    return mimetypes.guess_type(name)[0] or ANY_TYPE
