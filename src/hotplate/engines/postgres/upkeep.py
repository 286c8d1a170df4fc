"""The record in PostgreSQL looked at and brought up to date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import Connection

from ...engine import NodeInfo
from ...errors import EngineError
from ..standing import Contents, Standing
from . import schema
from .database import connect, where

Cx = Connection[Any]

_SIZE = b"""
    select coalesce(sum(pg_total_relation_size(c.oid)), 0)::bigint
    from pg_class c where c.relnamespace = to_regnamespace('hotplate') and c.relkind = 'r'
"""
_OLDEST = b"""
    select id, job, (extract(epoch from clock_timestamp()) - due_at)::float8 from hotplate.runs
    where state = 'queued' and due_at <= extract(epoch from clock_timestamp()) order by due_at limit 1
"""


class PostgresUpkeep:
    """Of the record in a database, which may have none."""

    def __init__(self, url: str) -> None:
        self._url = url

    def standing(self) -> Standing:
        with self._opened() as cx:
            found = schema.version_of(cx)
            contents = _contents(cx) if found else None
        return Standing(where=where(self._url), schema=schema.SCHEMA, found=found, contents=contents)

    def upgrade(self, say: Callable[[str], None]) -> None:
        with self._opened() as cx:
            with cx.transaction():
                made = None if schema.version_of(cx) else schema.make(cx)
            if made:
                say(f"{where(self._url)}: the tables are made")
            schema.upgrade(cx, say)

    @contextmanager
    def _opened(self) -> Iterator[Cx]:
        try:
            with connect(self._url, "hotplate db") as cx:
                yield cx
        except psycopg.OperationalError as error:
            raise EngineError(f"{where(self._url)} cannot be used: {error}") from error
        except psycopg.errors.InsufficientPrivilege as error:
            raise EngineError(f"{where(self._url)} refuses: {error.diag.message_primary}") from error
        except psycopg.Error as error:  # its text may quote the whole address
            raise EngineError(f"{where(self._url)} cannot be used ({type(error).__name__})") from error


def _contents(cx: Cx) -> Contents:
    ((size,),) = cx.execute(_SIZE).fetchall()
    return Contents(
        size=size,
        states=dict(cx.execute("select state, count(*) from hotplate.runs group by state").fetchall()),
        oldest=cx.execute(_OLDEST).fetchone(),
        nodes=[msgspec.json.decode(data, type=NodeInfo) for data in schema.nodes(cx)],
    )
