"""The application of the acceptance tests, with all their jobs."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask

from hotplate import Job
from tests.acceptance.jobs import hp
from tests.acceptance.jobs.attempts import *  # noqa: F403 - so that tests find all jobs in one place
from tests.acceptance.jobs.ending import *  # noqa: F403
from tests.acceptance.jobs.files import *  # noqa: F403
from tests.acceptance.jobs.limits import *  # noqa: F403
from tests.acceptance.jobs.nested import *  # noqa: F403
from tests.acceptance.jobs.saying import *  # noqa: F403
from tests.acceptance.jobs.storm import *  # noqa: F403

AnyJob = Job[..., Any]


def create_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config["MOTTO"] = os.environ.get("MOTTO", "slow and steady")
    app.config.update(config)
    hp.init_app(app)
    return app
