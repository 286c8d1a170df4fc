"""`hotplate describe`: what an application declares."""

from __future__ import annotations

import json
from typing import Any

import click

from ..caller import OPEN
from ..errors import from_wire
from .app import app_name, argument, load_app
from .listing import listed
from .typescript import typescript

_DISCOVER = b'{"jsonrpc": "2.0", "id": 1, "method": "rpc.discover"}'


@click.command("describe")
@argument
@click.option("--text", is_flag=True, help="A list for reading instead of JSON.")
@click.option("--typescript", "types", is_flag=True, help="Types for the JavaScript client instead of JSON.")
def command(app: str | None, text: bool, types: bool) -> None:
    """Print what APP declares, as an OpenRPC document.

    APP is a module, module:app, module:factory or a file, as Flask understands it.
    """
    document = _document(app_name(app))
    if types:
        click.echo(typescript(document))
    else:
        click.echo(listed(document) if text else json.dumps(document, indent=2, ensure_ascii=False))


def _document(name: str) -> dict[str, Any]:
    # It brings Flask along, which `hotplate --help` need not wait for.
    from ..extension import state_of  # noqa: PLC0415

    answer = state_of(load_app(name)).answerer(None).answer(_DISCOVER, OPEN)
    response: dict[str, Any] = json.loads(answer or b"{}")
    if "error" in response:
        error = response["error"]
        raise from_wire(error["code"], error["message"], error.get("data"))
    result: dict[str, Any] = response["result"]
    return result
