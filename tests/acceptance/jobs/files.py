"""Files in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hotplate import File

from . import hp


@hp.method
def look_at(letter: File) -> list[Any]:
    return [letter.name, letter.media_type, letter.size, letter.url]


@hp.job
def shout(letter: File, keep: str = "") -> File:
    with letter.open() as text:
        return File.of_bytes(text.read().upper(), f"loud-{letter.name}")


@hp.job
def write_file(folder: str, size: int) -> File:
    place = Path(folder) / "data.csv"
    place.write_bytes(b"1,2,3\n" * (size // 6))
    return File.of(place)
