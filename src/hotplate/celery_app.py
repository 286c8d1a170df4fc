"""`celery -A hotplate.celery_app …`: the Celery application that goes with the application which HOTPLATE_APP names."""

from __future__ import annotations

from .cli.app import app_name, load_app
from .extension import celery_of, state_of

app = celery_of(state_of(load_app(app_name(None))))
