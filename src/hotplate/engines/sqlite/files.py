"""Files in the ledger's own database, in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator

from ...engine import KeptFile
from ...run import FileInfo, new_id
from .database import Database


class SqliteFiles:
    """`engine.Files` on the database of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def keep(self, name: str, media_type: str, chunks: Iterable[bytes], *, caller: str, run_id: str | None) -> FileInfo:
        file_id = new_id()
        with self._db.write(durable=False) as cx:
            cx.execute(
                "insert into files (id, name, media_type, caller, run_id, created_at) values (?, ?, ?, ?, ?, ?)",
                (file_id, name, media_type, caller, run_id, time.time()),
            )
        try:
            size = self._write(file_id, chunks)
        except BaseException:
            self._discard(file_id)
            raise
        return FileInfo(file_id, name, media_type, size, f"/files/{file_id}")

    def info(self, file_id: str) -> KeptFile | None:
        rows = self._db.read(
            "select id, name, media_type, size, caller, run_id from files where id = ? and whole = 1", (file_id,)
        )
        if not rows:
            return None
        id_, name, media_type, size, caller, run_id = rows[0]
        return KeptFile(FileInfo(id_, name, media_type, size, f"/files/{id_}"), caller, run_id)

    def read(self, file_id: str) -> Iterator[bytes]:
        n = 0
        while rows := self._db.read("select data from chunks where file_id = ? and n = ?", (file_id, n)):
            yield rows[0][0]
            n += 1

    def _write(self, file_id: str, chunks: Iterable[bytes]) -> int:
        """Each chunk in a commit of its own, so that no upload holds up other writers; the last one flushes all."""
        size = 0
        for n, chunk in enumerate(chunks):
            with self._db.write(durable=False) as cx:
                cx.execute("insert into chunks values (?, ?, ?)", (file_id, n, chunk))
            size += len(chunk)
        with self._db.write() as cx:
            cx.execute("update files set size = ?, whole = 1 where id = ?", (size, file_id))
        return size

    def _discard(self, file_id: str) -> None:
        with self._db.write(durable=False) as cx:
            cx.execute("delete from files where id = ?", (file_id,))
