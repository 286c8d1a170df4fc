"""The settings: HOTPLATE_* keys of the Flask config, else of the environment, as one frozen record.

Every key is a row of `KEYS`; docs/reference/settings.md lists the same rows, which a test holds together.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from .errors import ConfigError


class Settings(Struct, frozen=True, kw_only=True):
    """What the application was told. Sizes in bytes, times in seconds."""

    access: str = "accounts"
    prefix: str = ""
    rpc_path: str = "/rpc"
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    max_body: int = 4 * 1024**2
    max_batch: int = 100
    max_file: int = 1024**3
    threads: int = 40
    data: Path | None = None
    synchronous: str = "FULL"
    database_url: str = ""
    broker_url: str = ""
    concurrency: int = 0
    grace: float = 5.0
    keep: float = 30 * 86400.0
    lease: float = 15.0
    streams: int = 2
    log_format: str = "text"


class Place(Struct, frozen=True, kw_only=True):
    """Where the engine's record lies, as every process of an application finds it.

    data: the data folder of the embedded engine; synchronous: as in `Settings`.
    database_url: the PostgreSQL database of the cluster engine, empty for the embedded one.
    has_broker: whether Celery's broker wakes the nodes; else the database does. lease: as in `Settings`.
    """

    data: str
    synchronous: str = "FULL"
    database_url: str = ""
    has_broker: bool = False
    lease: float = 15.0


class Key(NamedTuple):
    """One setting: its field in `Settings`, how its value is read, and what is allowed, in words."""

    field: str
    read: Callable[[Any], Any]
    allowed: str
    meaning: str


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if str(value) not in words:
            raise ValueError
        return str(value)

    return read


def _whole(least: int) -> Callable[[Any], int]:
    def read(value: Any) -> int:
        if isinstance(value, bool | float) or int(value) < least:
            raise ValueError
        return int(value)

    return read


def _seconds(value: Any) -> float:
    number = float(value)
    if isinstance(value, bool) or not 0 <= number < float("inf"):
        raise ValueError
    return number


def _lease(value: Any) -> float:
    if _seconds(value) < 1:
        raise ValueError
    return _seconds(value)


def _days(value: Any) -> float:
    return _seconds(value) * 86400.0


def _path(value: Any) -> str:
    text = str(value)
    if not text.startswith("/") or text.endswith("/") and text != "/" or any(c in text for c in "?#<> "):
        raise ValueError
    return text


def _prefix(value: Any) -> str:
    return "" if value in ("", "/") else _path(value)


def _names(value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else list(value)
    names = tuple(str(part).strip().lower() for part in parts)
    if any(not name or "*" in name or name == "null" for name in names if name or len(names) > 1):
        raise ValueError
    return tuple(name for name in names if name)


def _origins(value: Any) -> tuple[str, ...]:
    names = _names(value)
    if any(not name.startswith(("http://", "https://")) or name.count("/") != 2 for name in names):
        raise ValueError
    return names


def _database(value: Any) -> str:
    scheme, found, rest = str(value).partition("://")
    if not found or scheme not in ("postgresql", "postgres", "postgresql+psycopg") or not rest:
        raise ValueError
    return f"postgresql://{rest}"


def _broker(value: Any) -> str:
    scheme, found, rest = str(value).partition("://")
    if not found or scheme not in ("amqp", "amqps", "pyamqp", "redis", "rediss", "sentinel") or not rest:
        raise ValueError
    return str(value)


KEYS: Mapping[str, Key] = {
    "HOTPLATE_ACCESS": Key(
        "access",
        _one_of("accounts", "open"),
        "'accounts' or 'open'",
        "Who may call: people with an account, or everybody.",
    ),
    "HOTPLATE_PREFIX": Key(
        "prefix",
        _prefix,
        "'' or a path such as '/tools', beginning and not ending with '/'",
        "What stands before every address of Hotplate's own.",
    ),
    "HOTPLATE_RPC_PATH": Key(
        "rpc_path", _path, "a path beginning with '/'", "Address of the JSON-RPC endpoint, below the prefix."
    ),
    "HOTPLATE_HOSTS": Key(
        "hosts",
        _names,
        "host names, a list or separated by commas, without wildcards",
        "Host names the server answers to, besides loopback names, its address and Flask's SERVER_NAME.",
    ),
    "HOTPLATE_ORIGINS": Key(
        "origins",
        _origins,
        "origins such as 'https://app.example.org', a list or separated by commas, without wildcards",
        "Foreign origins whose pages may call (CORS).",
    ),
    "HOTPLATE_MAX_BODY": Key("max_body", _whole(1), "a whole number of bytes, at least 1", "Largest body of a call."),
    "HOTPLATE_MAX_BATCH": Key("max_batch", _whole(1), "a whole number, at least 1", "Most calls in a batch."),
    "HOTPLATE_MAX_FILE": Key("max_file", _whole(1), "a whole number of bytes, at least 1", "Largest uploaded file."),
    "HOTPLATE_THREADS": Key(
        "threads",
        _whole(1),
        "a whole number, at least 1",
        "Threads in which an ASGI process does what would hold up its event loop: `def` methods, the other pages.",
    ),
    "HOTPLATE_DATA": Key(
        "data",
        lambda value: Path(value).expanduser().absolute(),
        "the path of a folder on a local disk",
        "Folder of the embedded engine's record; without it, one in the XDG state folder.",
    ),
    "HOTPLATE_SYNCHRONOUS": Key(
        "synchronous",
        _one_of("FULL", "NORMAL"),
        "'FULL' or 'NORMAL'",
        "SQLite's flush at each commit: NORMAL is faster and may forget the last moments after a power cut.",
    ),
    "HOTPLATE_DATABASE_URL": Key(
        "database_url",
        _database,
        "an address such as 'postgresql://user:password@host:5432/name'",
        "PostgreSQL database of the record, for several machines; without it, SQLite in the data folder.",
    ),
    "HOTPLATE_BROKER_URL": Key(
        "broker_url",
        _broker,
        "an address such as 'amqp://user:password@host:5672//' or 'redis://:password@host:6379/0'",
        "Celery's broker, which wakes the workers of all machines; needs HOTPLATE_DATABASE_URL.",
    ),
    "HOTPLATE_CONCURRENCY": Key(
        "concurrency", _whole(0), "a whole number; 0 means one for each core", "Runs that a node executes side by side."
    ),
    "HOTPLATE_GRACE": Key(
        "grace",
        _seconds,
        "a number of seconds, 0 or more",
        "How long a run that was asked to stop may take before its processes are ended.",
    ),
    "HOTPLATE_KEEP": Key("keep", _days, "a number of days, 0 or more", "How long ended runs and their files are kept."),
    "HOTPLATE_LEASE": Key(
        "lease",
        _lease,
        "a number of seconds, at least 1",
        "How long a node may be silent before the others take it for dead, with HOTPLATE_DATABASE_URL.",
    ),
    "HOTPLATE_STREAMS": Key(
        "streams",
        _whole(0),
        "a whole number, 0 or more",
        "Streams of updates that a WSGI process keeps open, each in one of its threads: half of these, say.",
    ),
    "HOTPLATE_LOG_FORMAT": Key(
        "log_format",
        _one_of("text", "json"),
        "'text' or 'json'",
        "How `hotplate dev` and `hotplate worker` write their log: for reading, or one JSON object a line.",
    ),
}

CELERY_KEY = "CELERY"
"""In the Flask config: the user's settings for Celery, under its own lower-case names."""

APP_KEY = "HOTPLATE_APP"
"""The application that a node or a command loads, when none is named on the command line; then FLASK_APP."""


def load(config: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of `config`, else of the environment, else the defaults. Raises `ConfigError`."""
    env = os.environ if environ is None else environ
    found: dict[str, Any] = {}
    for name, key in KEYS.items():
        if config.get(name) is not None:
            found[key.field] = _read(name, key, config[name])
        elif env.get(name):
            found[key.field] = _read(name, key, env[name])
    _refuse_unknown([name for name in config if name.startswith("HOTPLATE_")])
    if found.get("database_url"):
        # Celery's own settings name the broker too
        celery = config.get(CELERY_KEY) or {}
        found.setdefault("broker_url", celery.get("broker_url") or env.get("CELERY_BROKER_URL") or "")
    elif found.get("broker_url"):
        raise ConfigError(
            "HOTPLATE_BROKER_URL is set, but not HOTPLATE_DATABASE_URL: workers of other machines need a database that "
            "they can reach; set it, or leave the broker out."
        )
    return replace(Settings(), **found)


def _read(name: str, key: Key, value: Any) -> Any:
    try:
        return key.read(value)
    except (ValueError, TypeError):
        raise ConfigError(f"{name} is {value!r}; allowed: {key.allowed}.") from None


def _refuse_unknown(names: list[str]) -> None:
    for name in names:
        if name not in KEYS and name != APP_KEY:
            raise ConfigError(f"{name} is no setting of Hotplate; the settings are {', '.join(KEYS)}.")
