"""The client on an event loop, against a real server and a real worker node: what `Client` does, awaited."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from hotplate import errors
from hotplate.client import AsyncClient, AsyncRun, TimeoutError, TransportError
from hotplate.run import new_id
from tests.acceptance.engines import NewGround
from tests.processes import Processes, free_port

pytestmark = pytest.mark.any_broker

APP = str(Path(__file__).with_name("kitchen.py"))


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory, engine: NewGround) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("kitchen")
    ground, processes = engine(folder / "data"), Processes(folder)
    ground.node(processes, APP, "--concurrency", "2", environ=ground.environ)
    yield processes.flask(APP, environ=ground.environ).url
    processes.end_all()
    ground.close()


Asked = Callable[[AsyncClient], Awaitable[Any]]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[AsyncClient]:
    async with asyncio.timeout(60), AsyncClient(url) as client:
        yield client


def ask(url: str, asked: Asked) -> Any:
    """What `asked` gives."""

    async def main() -> Any:
        async with opened(url) as client:
            return await asked(client)

    return asyncio.run(main())


def test_functions_are_called(url: str) -> None:
    async def asked(client: AsyncClient) -> Any:
        await client.notify("reverse", "unheard")
        with pytest.raises(errors.MethodNotFound):
            await client.revers(text="abc")
        with pytest.raises(errors.Error, match="No such bird"):
            await client.find("dodo")
        return await asyncio.gather(*[client.reverse(text=f"{n}a") for n in range(10)])

    assert ask(url, asked) == [f"a{n}" for n in range(10)]


def test_calls_are_sent_together(url: str) -> None:
    async def asked(client: AsyncClient) -> Any:
        async with client.batch() as batch:
            reversed_ = batch.reverse(text="abc")
            wrong = batch.call("find", "dodo")
            run = batch.start("count", {"upto": 3})
            batch.notify("reverse", "unheard")
        with pytest.raises(errors.Error, match="No such bird"):
            wrong.result()
        started = run.result()
        assert isinstance(started, AsyncRun)
        return reversed_.result(), await started.wait(20)

    assert ask(url, asked) == ("cba", 3)


def test_a_run_is_followed(url: str) -> None:
    async def asked(client: AsyncClient) -> None:
        run = await client.count.start(upto=30, pause=0.01)
        assert [progress.done async for progress in run.progress][-1] == 30
        assert (await run.wait(), run.state) == (30, "succeeded")
        assert run.id in [other.id async for other in client.runs(job="count")]
        assert [other.id async for other in client.runs(text=run.id, sort="finished")] == [run.id]
        assert (await (await client.run(run.id)).reload()).result == 30
        squares = await client.squares(upto=4)
        assert [value async for value in squares.partials] == [0, 1, 4, 9]
        talk = await client.talk.start()
        assert "printed" in [line.text async for line in talk.log]

    ask(url, asked)


def test_a_run_is_cancelled_and_tried_again(url: str, tmp_path: Path) -> None:
    async def asked(client: AsyncClient) -> None:
        run = await client.start("hold", {"gate": str(tmp_path / "gate")}, key="once")
        assert (await client.start("hold", {"gate": str(tmp_path / "gate")}, key="once")).id == run.id
        with pytest.raises(TimeoutError):
            await run.wait(0.1)
        await run.cancel()
        with pytest.raises(errors.RunCancelled):
            await run.wait(20)
        (tmp_path / "gate").touch()
        again = await run.retry()
        assert await again.wait(20) is not None
        assert again.record.retry_of == run.id

    ask(url, asked)


def test_files_go_there_and_back(url: str, tmp_path: Path) -> None:
    async def asked(client: AsyncClient) -> bytes:
        letter = await client.upload(io.BytesIO(b"psst"), name="letter.txt")
        run = await client.shout.start(letter=letter)
        loud = await run.wait(20)
        await client.download(loud, tmp_path / "loud.txt")
        with pytest.raises(errors.NotFound):
            await client.download(new_id(), tmp_path / "none")
        return (tmp_path / "loud.txt").read_bytes()

    assert ask(url, asked) == b"PSST"


def test_a_result_above_a_mebibyte_is_fetched(url: str) -> None:
    async def asked(client: AsyncClient) -> Any:
        return await (await client.repeat.start(text="ab", times=1_000_000)).wait(30)

    assert ask(url, asked) == "ab" * 1_000_000


def test_updates_are_watched_beside_other_things(url: str) -> None:
    async def asked(client: AsyncClient) -> Any:
        runs = [await client.squares.start(upto=n) for n in (2, 5, 9)]

        async def partials(run: AsyncRun) -> list[int]:
            return [update.data["data"] async for update in client.watch(run) if update.type == "partial"]

        return await asyncio.gather(*map(partials, runs))

    assert ask(url, asked) == [[n * n for n in range(upto)] for upto in (2, 5, 9)]


def test_what_is_not_there_is_said(url: str) -> None:
    async def asked(client: AsyncClient) -> None:
        with pytest.raises(errors.NotFound):
            await anext(aiter(client.watch(f"run/{new_id()}")))
        with pytest.raises(errors.NotFound):
            await client.run(new_id())

    ask(url, asked)


def test_a_server_that_is_not_there_is_an_error() -> None:
    async def asked(client: AsyncClient) -> None:
        with pytest.raises(TransportError, match="cannot reach"):
            await anext(aiter(client.watch("runs", patience=0.2)))
        with pytest.raises(TransportError, match="cannot reach"):
            await client.reverse("abc")

    ask(f"http://127.0.0.1:{free_port()}", asked)
