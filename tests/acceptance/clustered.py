"""The application of the acceptance tests as `celery -A …:celery` finds it, with a Celery task of the user's own."""

from __future__ import annotations

from flask import current_app

from tests.acceptance.app import create_app
from tests.acceptance.jobs import append, hp

app = create_app()
celery = hp.celery


@celery.task
def own(where: str, text: str) -> None:
    append(where, f"{text} in {current_app.name}")
