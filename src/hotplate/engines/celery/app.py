"""The Celery application that goes with a Flask application: its settings, and what of it is ours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from celery import Celery, Task
from kombu import Queue
from msgspec import Struct

TTL_S = 10.0
"""A wake-up is worth nothing after so many seconds: by then every node has looked by itself."""

MOST = 1000
"""More wake-ups than this need not wait in a queue of the broker."""


_DEFAULTS: Mapping[str, Any] = {
    "task_ignore_result": True,
    # a node does its work without the broker, too: its host waits for the broker for as long as it takes
    "broker_connection_retry_on_startup": True,
    "broker_connection_max_retries": None,
}


class Wakes(Struct, frozen=True):
    """The broker's queues of an application: one for each queue of runs. Messages say nothing but where they lie.

    prefix: see `queue.prefix_of`.
    """

    prefix: str

    def queue(self, name: str) -> Queue:
        return Queue(f"{self.prefix}{name}", routing_key=f"{self.prefix}{name}", message_ttl=TTL_S, max_length=MOST)


def make_celery(
    name: str,
    broker_url: str,
    given: Mapping[str, Any],
    within: Callable[[], AbstractContextManager[Any]],
) -> Celery:
    """A Celery application.

    given: the user's own settings (`app.config["CELERY"]`), which count for the user's own tasks.
    within: the context in which these run.
    """

    class ContextTask(Task):  # type: ignore[misc]  # Celery has no types
        abstract = True

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            with within():
                return self.run(*args, **kwargs)

    celery = Celery(name, task_cls=ContextTask, set_as_current=False)
    celery.conf.update({**_DEFAULTS, **given})
    if broker_url:
        celery.conf.broker_url = broker_url
    return celery
