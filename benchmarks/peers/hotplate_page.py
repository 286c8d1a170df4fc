"""The application of the page that is measured: a job that says the time by its progress, and a page that shows it."""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import msgspec
from flask import Flask

from hotplate import Hotplate, current_run

app = Flask(__name__)
app.config["HOTPLATE_ACCESS"] = "open"
hp = Hotplate(app)

PAGE = """<!doctype html>
<title>When does progress arrive?</title>
<p></p>
<script type="module">
  import { connect } from "/console/client.js";
  const asked = new URL(location).searchParams;
  if (asked.get("way") === "sse") delete globalThis.WebSocket;
  const shown = document.querySelector("p");
  const arrived = [];
  new MutationObserver(() => {
    arrived.push([Number(shown.textContent), (performance.timeOrigin + performance.now()) / 1000]);
  }).observe(shown, { childList: true });
  const client = connect();
  const run = await client.start("report", [Number(asked.get("times"))]);
  const topic = client.topic(run.topic);
  topic.subscribe(() => {
    const said = topic.getSnapshot().progress?.message;
    if (said && said !== shown.textContent) shown.textContent = said;
  });
  await run.wait();
  await client.call("measured", { arrived });
</script>
"""


@app.get("/page")
def page() -> str:
    return PAGE


@hp.job
def report(times: int) -> None:
    """Say the time so often, never sooner after the last time than it is sent."""
    for step in range(times):
        time.sleep(random.uniform(0.12, 0.2))
        current_run.progress(step, times, str(time.time()))


@hp.method
def measured(arrived: list[tuple[float, float]]) -> None:
    """Keep what the page has found: moments at which something was said, and at which it was shown."""
    Path(os.environ["MEASURED"]).write_bytes(msgspec.json.encode(arrived))
