"""The record looked at and brought up to date, whichever engine's it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..config import Place
from ..errors import EngineError
from .sqlite.upkeep import SqliteUpkeep
from .standing import Standing

if TYPE_CHECKING:
    from .postgres.upkeep import PostgresUpkeep


def standing(place: Place) -> Standing:
    """How the record stands; changes nothing. Raises `EngineError` if it cannot be read."""
    return _upkeep(place).standing()


def upgrade(place: Place, say: Callable[[str], None]) -> None:
    """Make the record, or the steps that it lacks, telling of each. Raises `EngineError` if that cannot be."""
    _upkeep(place).upgrade(say)


def _upkeep(place: Place) -> SqliteUpkeep | PostgresUpkeep:
    if not place.database_url:
        return SqliteUpkeep(place)
    try:
        from .postgres.upkeep import PostgresUpkeep  # noqa: PLC0415 - psycopg is there with an extra only
    except ImportError as error:
        what = "HOTPLATE_DATABASE_URL needs psycopg: pip install 'hotplate[postgres]'"
        raise EngineError(f"{what} ({error})") from error
    return PostgresUpkeep(place.database_url)
