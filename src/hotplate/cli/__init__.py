"""The command `hotplate`, also as `flask hotplate`.

A subcommand is a module of this package with a click command called `command`. It is imported when it is used, so that
`hotplate worker` starts without Flask and `hotplate call` without the engine.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import IO, Any, NoReturn

import click

COMMANDS = ("call", "db", "demo", "describe", "dev", "health", "serve", "watch", "worker")

_DEBUG = "hotplate.debug"


class Failure(click.ClickException):
    """Ends the command with one line on stderr and exit code 1."""

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(f"{click.style('hotplate:', fg='red')} {self.message}", file=file or sys.stderr)


class Misuse(Failure):
    """The command line is wrong: exit code 2."""

    exit_code = 2


class Commands(click.Group):
    """Finds subcommands in their modules, and ends every one of them in the same way."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f".{cmd_name}", __name__).command
        return command

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            click.echo(ctx.get_help())
            ctx.exit(Misuse.exit_code)
        # "--debug" is also understood behind the subcommand, where one adds it to a command that has just failed
        end = args.index("--") if "--" in args else len(args)
        if "--debug" in args[:end]:
            args.remove("--debug")
            args.insert(0, "--debug")
        return super().parse_args(ctx, args)

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        with _one_line(None):
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: click.Context) -> Any:
        with _one_line(ctx):
            return super().invoke(ctx)


def is_debugged() -> bool:
    """Whether the command line asks for tracebacks."""
    context = click.get_current_context(silent=True)
    return context is not None and bool(context.meta.get(_DEBUG))


@contextmanager
def _one_line(ctx: click.Context | None) -> Iterator[None]:
    try:
        yield
    except (click.exceptions.Exit, Failure):
        raise
    except (KeyboardInterrupt, click.Abort):
        raise click.exceptions.Exit(130) from None
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "hotplate"
        raise Misuse(f"{error.format_message().rstrip('.')} (see {where} --help)") from None
    except Exception as error:
        _fail(error, ctx is not None and bool(ctx.meta.get(_DEBUG)))


def _fail(error: Exception, debug: bool) -> NoReturn:
    # click itself ends quietly when whoever reads the output has gone (`hotplate describe … | head`).
    if debug or (isinstance(error, OSError) and error.errno == errno.EPIPE):
        raise error
    if isinstance(error, click.ClickException):
        raise Failure(error.format_message()) from None
    if type(error).__module__.startswith("hotplate."):
        raise Failure(str(error)) from None
    raise Failure(f"{type(error).__name__}: {error} (--debug shows where)") from None


@click.group(cls=Commands, name="hotplate", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="hotplate", message="hotplate %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.pass_context
def group(ctx: click.Context, debug: bool) -> None:
    """Heavy Python functions as an interactive web application."""
    ctx.meta[_DEBUG] = debug


def main() -> None:
    """The console script."""
    group(prog_name="hotplate")
