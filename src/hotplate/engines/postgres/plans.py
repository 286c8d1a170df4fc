"""Plans that stay good while the record grows.

Each connection plans a statement once and keeps the plan until what PostgreSQL knows of a table changes (ANALYZE). It
looks itself whether that is out of date, but once a minute: until then a record that was nearly empty when its first
statements came would be read whole for each run, 10 ms after 30,000 runs. So the sweeper looks, too.
"""

from __future__ import annotations

from .database import Database

GROWTH = 4
"""By which factor a table grows until it is analyzed at once."""

PAGES = 16
"""A table of so few pages is read whole as quickly as by an index."""

_GROWN = """
    select relname from pg_class
    where relnamespace = 'hotplate'::regnamespace and relname in ('runs', 'events')
        and pg_relation_size(oid) > %s * current_setting('block_size')::int * greatest(relpages, %s)
"""


def keep_true(database: Database) -> list[str]:
    """Have all processes plan anew what reads a table that has grown much since it was analyzed; which these are."""
    grown = [table for (table,) in database.read(_GROWN, (GROWTH, PAGES))]
    for table in grown:
        with database.write(durable=False) as cx:
            # not while PostgreSQL does it, or vacuums: it ends with a look of its own
            cx.execute(f"analyze (skip_locked) hotplate.{table}".encode())
    return grown
