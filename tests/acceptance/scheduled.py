"""An application of schedules alone."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from flask import Flask

from hotplate import Hotplate, current_run
from tests.acceptance.jobs import append, hold_on

APP = "tests.acceptance.scheduled:create_app"
RULES = "SCHEDULED_RULES"
"""In the environment: a file; while there is one the code has another rule for `daily`, and no `extra`."""

hp = Hotplate()


@hp.every(seconds=1, overlap="allow", catch_up="all")
def beat() -> str:
    return current_run.id


@hp.every(hours=24, params={"gate": os.environ.get("GATE", "")})
def guarded(gate: str) -> str:
    append(f"{gate}.begun", current_run.id)
    hold_on(gate)
    return "opened"


if Path(os.environ.get(RULES, "/none")).exists():
    hp.cron("0 4 * * *", timezone="Europe/Berlin", name="daily", params={"gate": "gate"})(guarded)
else:
    hp.cron("30 2 * * *", timezone="Europe/Berlin", name="daily", params={"gate": "gate"})(guarded)
    hp.every(seconds=1, name="extra", overlap="allow")(beat)


def create_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config.update(config)
    hp.init_app(app)
    return app
