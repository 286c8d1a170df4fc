from __future__ import annotations

import click

from .app import app_name, argument, load_app


@click.command("describe")
@argument
def command(app: str | None) -> None:
    """Print what APP declares, as an OpenRPC document."""
    print(load_app(app_name(app)))
