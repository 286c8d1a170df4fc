from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

from hotplate.cli import group

PAGE = Path(__file__).parents[2] / "docs/reference/commands.md"
HELP = ["-h", "--help"]


def commands() -> dict[str, click.Command]:
    context = click.Context(group)
    found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in found.items() if command is not None}


def described(name: str) -> str:
    """The part of the page about one command."""
    parts = re.split(r"^## ", PAGE.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return next((part for part in parts if part.startswith(f"hotplate {name}\n")), "")


def test_the_page_has_a_section_for_each_command_and_no_other() -> None:
    assert set(re.findall(r"^## hotplate (\w+)$", PAGE.read_text("utf-8"), re.MULTILINE)) == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_option_and_argument_is_described(name: str) -> None:
    text = described(name)
    for param in commands()[name].params:
        if isinstance(param, click.Option):
            known = [*param.opts, *param.secondary_opts]
            assert not param.hidden
            assert any(f"`{opt}" in text for opt in known), f"hotplate {name} {known} is not described"
        else:
            assert f"`{param.name}`" in text, f"hotplate {name} {param.name} is not described"


@pytest.mark.parametrize("name", sorted(commands()))
def test_no_option_is_described_that_is_not_there(name: str) -> None:
    given = {opt for param in commands()[name].params for opt in (*param.opts, *param.secondary_opts)}
    listed = re.findall(r"^\| `(--?[\w-]+)", described(name), re.MULTILINE)
    assert set(listed) <= given | set(HELP)
