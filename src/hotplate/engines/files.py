"""Files in the ledger's own database, in chunks."""

from __future__ import annotations

import time
from collections.abc import Iterator

from ..engine import KeptFile
from ..run import FileInfo, new_id
from .database import Database


class SqliteFiles:
    """`engine.Files` on the database of the ledger."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def create(self, *, name: str, media_type: str, caller: str, run_id: str | None) -> str:
        file_id = new_id()
        with self._db.write(durable=False) as cx:
            cx.execute(
                "insert into files (id, name, media_type, caller, run_id, created_at) values (?, ?, ?, ?, ?, ?)",
                (file_id, name, media_type, caller, run_id, time.time()),
            )
        return file_id

    def append(self, file_id: str, chunk: bytes) -> None:
        with self._db.write(durable=False) as cx:
            cx.execute(
                "insert into chunks select ?, (select count(*) from chunks where file_id = ?), ?",
                (file_id, file_id, chunk),
            )
            cx.execute("update files set size = size + ? where id = ?", (len(chunk), file_id))

    def seal(self, file_id: str) -> None:
        with self._db.write() as cx:
            cx.execute("update files set whole = 1 where id = ?", (file_id,))

    def discard(self, file_id: str) -> None:
        with self._db.write(durable=False) as cx:
            cx.execute("delete from files where id = ?", (file_id,))

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
