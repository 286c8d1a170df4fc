"""Files in the ledger's own database, in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import psycopg

from ...engine import KeptFile
from ...errors import Unavailable
from ...run import FileInfo, new_id
from .database import Database


class PostgresFiles:
    """`engine.Files` on the database of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, name: str, media_type: str, chunks: Iterable[bytes], *, caller: str, run_id: str | None) -> FileInfo:
        file_id = new_id()
        self._make(
            b"insert into hotplate.files (id, name, media_type, caller, run_id, created_at) "
            b"values (%s, %s, %s, %s, %s, %s) on conflict do nothing",
            (file_id, name, media_type, caller, run_id, time.time()),
        )
        try:
            size = self._write(file_id, chunks)
        except BaseException:
            self._discard(file_id)
            raise
        return FileInfo(file_id, name, media_type, size, f"/files/{file_id}")

    def info(self, file_id: str) -> KeptFile | None:
        if "\0" in file_id:  # which PostgreSQL has in no text
            return None
        rows = self._db.read(
            "select id, name, media_type, size, caller, run_id from hotplate.files where id = %s and whole", (file_id,)
        )
        if not rows:
            return None
        id_, name, media_type, size, caller, run_id = rows[0]
        return KeptFile(FileInfo(id_, name, media_type, size, f"/files/{id_}"), caller, run_id)

    def read(self, file_id: str) -> Iterator[bytes]:
        n = 0
        sql = "select data from hotplate.chunks where file_id = %s and n = %s"
        while rows := self._db.read(sql, (file_id, n)):
            yield rows[0][0]
            n += 1

    def _write(self, file_id: str, chunks: Iterable[bytes]) -> int:
        """Each chunk in a commit of its own, so that no upload holds a connection; the last one flushes all."""
        size = 0
        for n, chunk in enumerate(chunks):
            self._make(b"insert into hotplate.chunks values (%b, %b, %b) on conflict do nothing", (file_id, n, chunk))
            size += len(chunk)
        if not self._make(_WHOLE, {"id": file_id, "size": size}, durable=True):
            raise _forgotten()
        return size

    def _discard(self, file_id: str) -> None:
        self._make(b"delete from hotplate.files where id = %s", (file_id,))

    def _make(self, statement: bytes, values: Sequence[Any] | Mapping[str, Any], *, durable: bool = False) -> int:
        """Make a change that may be made twice, and again while the database is away; how many rows it touched."""

        def step() -> int:
            with self._db.write(durable=durable) as cx:
                return cx.execute(statement, values).rowcount

        try:
            return self._db.retrying(step)
        except psycopg.errors.ForeignKeyViolation as error:
            raise _forgotten() from error


def _forgotten() -> Unavailable:
    return Unavailable(data="the database has crashed in between: the file is to be sent again")


_WHOLE = b"""
    update hotplate.files set size = %(size)s, whole = true
    where id = %(id)s and %(size)s = (
        select coalesce(sum(octet_length(data)), 0) from hotplate.chunks where file_id = %(id)s
    )
"""
"""What was not flushed is gone if the database has crashed since, and then it is no whole file."""
