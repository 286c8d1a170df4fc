"""Tomorrow's Hotplate: its record has a column more, which its starts fill.

`python -m tests.acceptance.tomorrow …` is the command `hotplate` of that version; what loads the application from here
is of that version, too.
"""

from __future__ import annotations

import os
from typing import Any

from flask import Flask

from hotplate.cli import group
from hotplate.engines.postgres import ledger as postgres_ledger, schema as postgres
from hotplate.engines.sqlite import ledger as sqlite_ledger, schema as sqlite
from hotplate.engines.versions import Step
from tests.acceptance import app

APP = "tests.acceptance.tomorrow:create_app"
COMMAND = ("-m", "tests.acceptance.tomorrow")
WHAT = "runs have a colour"
TODAYS = 1 + sum(step.what != WHAT for step in sqlite.SCHEMA.steps)  # this module may be there twice
VERSION = TODAYS + 1
"""Of its record."""

BREAKS = "TOMORROW_BREAKS"
"""In the environment: the step takes away what today's Hotplate works with."""


def come() -> None:
    """Make the Hotplate of this process that of tomorrow, once."""
    if sqlite.SCHEMA.version.number == VERSION:
        return
    for schema, table in ((postgres, "hotplate.runs"), (sqlite, "runs")):
        sql = f"alter table {table} add column colour text not null default 'grey';"
        since = VERSION if BREAKS in os.environ else 1
        step = Step(version=VERSION, compatible_from=since, what=WHAT, sql=sql)
        schema.SCHEMA = schema.SCHEMA.then(step)
    of_postgres = postgres_ledger._INSERT.decode()
    of_postgres = _replaced(of_postgres, "retry_of, parent_id, trace)", "trace)", "trace, colour)")
    of_postgres = _replaced(of_postgres, "n_trace from new", " from", ", 'blue' from")
    postgres_ledger._INSERT = of_postgres.encode()
    of_sqlite = _replaced(sqlite_ledger._INSERT, "trace) values", "trace)", "trace, colour)")
    sqlite_ledger._INSERT = of_sqlite.removesuffix(")") + ", 'blue')"


def _replaced(text: str, where: str, old: str, new: str) -> str:
    assert where in text
    return text.replace(where, where.replace(old, new))


def create_app(**config: Any) -> Flask:
    come()
    return app.create_app(**config)


if __name__ == "__main__":
    come()
    group(prog_name="hotplate")
