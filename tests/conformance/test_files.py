"""What every place for files does."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hotplate.engine import Files
from hotplate.file import CHUNK

from .conftest import Implementation


@pytest.fixture
def files(engine: Implementation) -> Files:
    return engine.files()


def keep(files: Files, *chunks: bytes, run_id: str | None = None) -> str:
    return files.keep("a.txt", "text/plain", chunks, caller="ada", run_id=run_id).id


def test_a_file_comes_back_byte_for_byte(files: Files, engine: Implementation) -> None:
    chunks = [bytes([n]) * CHUNK for n in range(5)] + [b"end"]
    info = files.keep("a.txt", "text/plain", chunks, caller="ada", run_id=None)
    assert (info.name, info.media_type, info.size) == ("a.txt", "text/plain", 5 * CHUNK + 3)
    assert info.url == f"/files/{info.id}"
    assert b"".join(engine.files().read(info.id)) == b"".join(chunks)


def test_an_empty_file_is_a_file(files: Files) -> None:
    kept = files.info(keep(files))
    assert kept is not None
    assert kept.info.size == 0
    assert list(files.read(kept.info.id)) == []


def test_its_facts_name_its_owner_and_its_run(files: Files) -> None:
    kept = files.info(keep(files, b"x", run_id="run-1"))
    assert kept is not None
    assert (kept.caller, kept.run_id, kept.info.name) == ("ada", "run-1", "a.txt")


def test_an_unknown_file_has_no_facts_and_no_contents(files: Files) -> None:
    assert files.info("nothing") is None
    assert files.info("no\0thing") is None
    assert list(files.read("nothing")) == []


def test_a_file_is_there_only_when_it_is_whole(files: Files, engine: Implementation) -> None:
    seen: list[object] = []

    def chunks() -> Iterator[bytes]:
        yield b"first"
        rows = engine.rows("select id from files")
        seen.extend(files.info(id_) for (id_,) in rows)
        yield b"second"

    info = files.keep("a", "text/plain", chunks(), caller="ada", run_id=None)
    assert seen == [None]
    assert files.info(info.id) is not None


def test_a_file_that_breaks_off_leaves_nothing(files: Files, engine: Implementation) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"first"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.keep("a", "text/plain", chunks(), caller="ada", run_id=None)
    assert engine.rows("select count(*) from files union all select count(*) from chunks") == [(0,), (0,)]


def test_files_kept_at_the_same_time_do_not_mix(files: Files, engine: Implementation) -> None:
    def weave() -> Iterator[bytes]:
        for n in range(3):
            ids.append(keep(engine.files(), b"other", bytes([n])))
            yield b"mine"

    ids: list[str] = []
    mine = files.keep("a", "text/plain", weave(), caller="ada", run_id=None)
    assert b"".join(files.read(mine.id)) == b"mine" * 3
    assert [b"".join(files.read(id_)) for id_ in ids] == [b"other\0", b"other\1", b"other\2"]
