"""The log of a Celery worker that `hotplate worker` has become: what concerns the node, once, in our words."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable

from celery import signals
from celery.exceptions import CPendingDeprecationWarning, SecurityWarning
from celery.worker.consumer import consumer
from msgspec import json

from ..node.host import ARGUMENTS_KEY, NodeArguments

log = logging.getLogger("hotplate.node")


class _Away(logging.Filter):
    """Says once that the broker is away, where Celery says so with every try."""

    is_away = False

    def filter(self, record: logging.LogRecord) -> bool:
        if record.msg == consumer.CONNECTION_ERROR and isinstance(record.args, tuple):
            if not self.is_away:
                self.is_away = True
                log.warning(
                    "the broker cannot be reached (%s); runs are found in the database meanwhile", record.args[1]
                )
            return False
        return consumer.CONNECTION_RETRY not in record.getMessage()

    def back(self) -> None:
        if self.is_away:
            self.is_away = False
            log.warning("the broker can be reached again")


_away = _Away()


def say_connected() -> None:
    """Say that the broker can be reached, if it was said that it cannot."""
    _away.back()


def arrange(show: Callable[[str], None]) -> None:
    """In a worker that `hotplate worker` has become, let `show(level)` arrange the log in Celery's place."""
    told = os.environ.get(ARGUMENTS_KEY)
    if told is None:
        return
    level = json.decode(told, type=NodeArguments).loglevel or "info"
    signals.setup_logging.connect(lambda **_: show(level), weak=False)
    consumer.logger.addFilter(_away)
    warnings.filterwarnings("ignore", category=CPendingDeprecationWarning)
    warnings.filterwarnings("ignore", category=SecurityWarning)  # about pickled tasks; here are no tasks at all
