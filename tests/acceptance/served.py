"""The application of the acceptance tests for ASGI servers."""

from __future__ import annotations

from hotplate import asgi
from tests.acceptance.app import create_app

app = asgi(create_app())
