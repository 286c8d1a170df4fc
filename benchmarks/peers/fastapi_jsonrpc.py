"""fastapi-jsonrpc with the service of `benchmarks.answer_apps`: pydantic models, `async def`, which it answers fastest.

Its annotations are not postponed: FastAPI evaluates them in the module alone.
"""

from fastapi import Body
from fastapi_jsonrpc import API, Entrypoint

from .flask_jsonrpc import Order, Quote, echo as plain_echo, quote as plain_quote


async def echo(text: str = Body(...)) -> str:
    return plain_echo(text)


async def quote(order: Order = Body(...)) -> Quote:  # noqa: B008 - FastAPI's way
    return plain_quote(order)


def make() -> API:
    """The application."""
    app, rpc = API(), Entrypoint("/rpc")
    rpc.method(name="echo")(echo)
    rpc.method(name="quote")(quote)
    app.bind_entrypoint(rpc)
    return app
