"""Runs started in transactions of the application's own, on a real PostgreSQL with a real node."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask import Flask
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from hotplate import EngineError, Error, Job
from hotplate.errors import Conflict, NotFound
from tests.acceptance.app import create_app
from tests.acceptance.engines import PostgreSQL, many_nodes
from tests.acceptance.home import Home
from tests.acceptance.jobs.saying import count
from tests.servers import Postgres

pytestmark = [many_nodes, pytest.mark.any_broker]

DRIVERS = ("psycopg", "psycopg2")


@pytest.fixture(scope="module")
def url(shared: Home) -> str:
    """The database of the record, with a table of the application's own."""
    assert isinstance(shared.ground, PostgreSQL)
    with psycopg.connect(shared.ground.url) as own:
        own.execute("create table orders (id bigint generated always as identity primary key, run text)")
    return shared.ground.url


@contextmanager
def engine_on(url: str, driver: str = "psycopg", **options: Any) -> Iterator[Engine]:
    engine = create_engine(url.replace("postgresql:", f"postgresql+{driver}:"), **options)
    yield engine
    engine.dispose()


@contextmanager
def session(url: str, driver: str = "psycopg") -> Iterator[Any]:
    with engine_on(url, driver) as engine, Session(engine) as opened:
        yield opened


@contextmanager
def scoped(url: str) -> Iterator[Any]:
    with engine_on(url) as engine:
        registry = scoped_session(sessionmaker(engine))
        yield registry
        registry.remove()


@contextmanager
def bound(url: str) -> Iterator[Any]:
    with engine_on(url) as engine, engine.connect() as connection:
        yield connection


OPENED: dict[str, Callable[[str], Any]] = {
    "Session": session,
    "Session, psycopg2": lambda url: session(url, "psycopg2"),
    "scoped_session": scoped,
    "Connection": bound,
    "psycopg": lambda url: closing(psycopg.connect(url)),
}


@pytest.fixture(params=OPENED)
def on(request: pytest.FixtureRequest, app: Flask, url: str) -> Iterator[Any]:
    with OPENED[request.param](url) as opened:
        yield opened


@pytest.fixture
def own(app: Flask, url: str) -> Iterator[Session]:
    """A session of the application's own."""
    with session(url) as opened:
        yield opened


def execute(on: Any, sql: str) -> Any:
    return on.execute(sql if isinstance(on, psycopg.Connection) else text(sql))


def rows(url: str, sql: str, *values: Any) -> list[Any]:
    with psycopg.connect(url) as reader:
        return reader.execute(sql.encode(), values).fetchall()


def is_there(url: str, run_id: str) -> bool:
    return rows(url, "select count(*) from hotplate.runs where id = %s", run_id) == [(1,)]


def test_a_run_comes_with_the_commit(on: Any, url: str) -> None:
    run = count.options(on=on).start(3)
    execute(on, f"insert into orders (run) values ('{run.id}')")
    assert not is_there(url, run.id)
    on.commit()
    assert run.wait(20) == 3
    assert run.reload().state == "succeeded"
    assert rows(url, "select count(*) from orders where run = %s", run.id) == [(1,)]


def test_a_run_that_was_rolled_back_never_was(on: Any, url: str) -> None:
    gone = count.start(3, on=on)
    execute(on, f"insert into orders (run) values ('{gone.id}')")
    on.rollback()
    kept = count.start(4, on=on)
    on.commit()
    assert kept.wait(20) == 4
    assert not is_there(url, gone.id)
    assert rows(url, "select count(*) from orders where run = %s", gone.id) == [(0,)]
    with pytest.raises(NotFound, match="rolled back"):
        gone.wait(5)


def test_waiting_within_the_open_transaction_is_an_error(on: Any) -> None:
    run = count.options(on=on).start(1)
    for verb in (run.wait, run.reload, run.cancel):
        with pytest.raises(Conflict, match="transaction that is still open; commit it first"):
            verb()
    on.commit()
    assert run.wait(20) == 1


def test_a_key_works_within_the_transaction(on: Any) -> None:
    key = f"within {type(on)} {id(on)}"
    first = count.options(on=on, key=key).start(1)
    assert (first.key, first.state) == (key, "queued")
    again = count.options(on=on, key=key).start(2)
    assert (again.id, again.params) == (first.id, first.params)
    on.commit()
    assert count.options(on=on, key=key).start(3).id == first.id
    on.rollback()
    assert count.options(key=key).start(4).id == first.id
    assert again.wait(20) == 1


def test_a_run_goes_with_its_savepoint(own: Session, url: str) -> None:
    outside = count.options(on=own).start(1)
    with own.begin_nested():
        kept = count.options(on=own).start(2)
    inner = own.begin_nested()
    gone = count.options(on=own).start(3)
    inner.rollback()
    assert not is_there(url, kept.id)
    own.commit()
    assert (outside.wait(20), kept.wait(20)) == (1, 2)
    assert not is_there(url, gone.id)
    with pytest.raises(NotFound):
        gone.wait(5)


def test_nodes_are_woken_by_the_commit_and_not_before(shared: Home, own: Session) -> None:
    assert isinstance(shared.ground, PostgreSQL)
    with shared.ground.ear(shared.app.name, "unserved") as hears:
        with own.begin_nested():
            count.options(on=own, queue="unserved").start(1)
        assert not hears(0.3)
        own.commit()
        assert hears(20)


def test_a_start_with_the_same_key_waits_for_the_transaction(app: Flask, own: Session) -> None:
    found: list[str] = []

    def start_too() -> None:
        with app.app_context():
            found.append(count.options(key="contested").start(2).id)

    first = count.options(on=own, key="contested").start(1)
    other = threading.Thread(target=start_too)
    other.start()
    other.join(0.2)
    assert found == []
    own.commit()
    other.join(20)
    assert found == [first.id]


def test_a_start_with_the_same_key_does_not_wait_for_ever(own: Session) -> None:
    count.options(on=own, key="held").start(1)
    with pytest.raises(Error, match="Temporarily unavailable"):
        count.options(key="held").start(1)
    own.rollback()


def test_starts_within_long_transactions_hold_up_nobody(app: Flask, own: Session, url: str) -> None:
    with closing(psycopg.connect(url)) as other:
        runs = [count.options(on=on, queue="fresh", priority=n).start(1) for n in range(2) for on in (own, other)]
        assert count.options(queue="fresh").start(5).wait(20) == 5
        own.commit()
        other.commit()
    assert [run.wait(20) for run in runs] == [1] * 4


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_stricter_isolation_meets_no_conflict_over_others_starts(app: Flask, url: str, isolation: str) -> None:
    with engine_on(url, isolation_level=isolation) as engine, Session(engine) as own:
        own.execute(text("select count(*) from orders"))
        count.start(1)
        with Session(engine) as second:
            runs = [count.options(on=on).start(1) for on in (own, second, own)]
            second.commit()
            own.commit()
    assert [run.wait(20) for run in runs] == [1] * 3


@pytest.mark.parametrize("driver", DRIVERS)
def test_a_session_on_another_database_is_refused(app: Flask, postgres: Postgres, driver: str) -> None:
    other = postgres.fresh()
    create_app(HOTPLATE_DATABASE_URL=other).extensions["hotplate"].engine().close()  # with a record of its own
    with session(other, driver) as own:
        with pytest.raises(EngineError, match=r"another database .*HOTPLATE_DATABASE_URL") as refused:
            count.options(on=own).start(1)
        assert "postgres@" not in str(refused.value)
        assert own.execute(text("select count(*) from hotplate.runs")).all() == [(0,)]


def test_without_postgresql_the_error_names_the_setting(url: str, data_folder: Path) -> None:
    embedded = create_app(HOTPLATE_DATA=data_folder)
    with embedded.app_context(), session(url) as own, pytest.raises(EngineError, match="HOTPLATE_DATABASE_URL"):
        count.options(on=own).start(1)
    embedded.extensions["hotplate"].close()


def refused(job: Job[..., Any], on: Any) -> str:
    with pytest.raises(EngineError) as error:
        job.options(on=on).start(1)
    return str(error.value)


def test_what_has_no_transaction_is_refused(app: Flask, url: str, tmp_path: Path) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        assert "with connection.transaction():" in refused(count, connection)
        with connection.transaction():
            run = count.options(on=connection).start(7)
        assert run.wait(20) == 7
    with engine_on(url, isolation_level="AUTOCOMMIT") as engine, Session(engine) as own:
        assert "AUTOCOMMIT" in refused(count, own)
    with closing(create_engine(f"sqlite:///{tmp_path}/other.db").connect()) as connection:
        assert "the session uses sqlite through" in refused(count, connection)
        connection.engine.dispose()


def test_what_is_no_session_is_refused(app: Flask, url: str) -> None:
    assert "asynchronous" in refused(count, AsyncSession())
    with engine_on(url) as engine:
        for other in ("text", engine):
            assert "takes a SQLAlchemy Session, scoped_session or Connection" in refused(count, other)


def test_a_user_with_few_rights_can_start(app: Flask, url: str) -> None:
    with psycopg.connect(url) as owner:
        owner.execute("drop role if exists clerk; create role clerk login; grant usage on schema hotplate to clerk")
        owner.execute("grant insert, select on hotplate.runs to clerk; grant select on hotplate.turns to clerk")
    with closing(psycopg.connect(url, user="clerk")) as connection:
        run = count.options(on=connection, key="of the clerk").start(6)
        connection.commit()
    assert run.wait(20) == 6
