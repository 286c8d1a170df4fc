"""How it happens: implementations of the engine's seam, and which of them the settings ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..config import Settings
from ..engine import Engine
from ..job import Job
from . import folder
from .database import Database
from .doorbell import DoorbellFeed, DoorbellQueue
from .files import SqliteFiles
from .sqlite import SqliteLedger


def data_folder(settings: Settings, app_name: str, root_path: str) -> Path:
    """Where the embedded engine keeps its record."""
    return settings.data or folder.default_folder(app_name, root_path)


def open_engine(data: Path, synchronous: str, jobs: Callable[[str], Job[..., Any] | None]) -> Engine:
    """The embedded engine on a data folder. Raises `EngineError` if the folder cannot be used."""
    place = folder.prepare(data)
    database = Database(place / folder.DATABASE, synchronous=synchronous)
    sockets = folder.sockets(place)
    return Engine(
        SqliteLedger(database, folder.NodeLock(place)),
        DoorbellQueue(sockets),
        DoorbellFeed(sockets),
        SqliteFiles(database),
        jobs,
    )
