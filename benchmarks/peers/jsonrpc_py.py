"""jsonrpc-py with the service of `benchmarks.answer_apps`; it knows no types, so `quote` is plain dictionaries."""

from typing import Any

from jsonrpc import ASGIHandler

from ..answer_apps import plain_quote


async def echo(text: str) -> str:
    return text


async def quote(order: dict[str, Any]) -> dict[str, Any]:
    return plain_quote(order)


def make() -> ASGIHandler:
    """The application."""
    app = ASGIHandler()
    app.dispatcher.register(echo)
    app.dispatcher.register(quote)
    return app
