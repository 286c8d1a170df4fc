"""`celery -A hotplate.celery_app …`: the Celery application that goes with the application which HOTPLATE_APP names."""

from __future__ import annotations

import sys

from .cli import Failure, terminal_log
from .cli.app import app_name, load_app
from .engines.celery.log import arrange
from .errors import HotplateError
from .extension import celery_of, state_of


def _show(level: str) -> None:
    terminal_log.show("worker", level)
    terminal_log.show_the_rest("worker")


try:
    name = app_name(None)
    app = celery_of(state_of(load_app(name)), name)
    arrange(_show)
except (Failure, HotplateError) as error:
    failure = error if isinstance(error, Failure) else Failure(str(error))
    failure.show()
    sys.exit(failure.exit_code)
