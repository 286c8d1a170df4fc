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


def params(name: str) -> list[click.Parameter]:
    """The options and arguments of a command and of those below it."""
    command = commands()[name]
    below = command.commands.values() if isinstance(command, click.Group) else ()
    return [param for one in (command, *below) for param in one.params]


@pytest.mark.parametrize("name", sorted(commands()))
def test_each_option_and_argument_is_described(name: str) -> None:
    text = described(name)
    for param in params(name):
        if isinstance(param, click.Option):
            known = [*param.opts, *param.secondary_opts]
            assert not param.hidden
            assert any(f"`{opt}" in text for opt in known), f"hotplate {name} {known} is not described"
        else:
            assert f"`{param.name}`" in text, f"hotplate {name} {param.name} is not described"


def test_each_command_below_another_is_described() -> None:
    for name, command in commands().items():
        for below in command.commands if isinstance(command, click.Group) else ():
            assert f"hotplate {name} {below} " in described(name)


@pytest.mark.parametrize("name", sorted(commands()))
def test_no_option_is_described_that_is_not_there(name: str) -> None:
    given = {opt for param in params(name) for opt in (*param.opts, *param.secondary_opts)}
    listed = re.findall(r"^\| `(--?[\w-]+)", described(name), re.MULTILINE)
    assert set(listed) <= given | set(HELP)
