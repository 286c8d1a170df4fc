"""The demonstration, with a page of its own that shows a run: started by its button, or named in the address."""

from __future__ import annotations

from hotplate.demo.app import app

__all__ = ["app"]

PAGE = """<!doctype html>
<title>Pi</title>
<p id="done"></p><p id="result"></p><button>Start</button>
<script type="module">
  import { connect } from "/console/client.js";
  const client = connect();
  const show = (id, text) => (document.getElementById(id).textContent = text);
  const follow = (run) => {
    const topic = client.topic(run.topic);
    topic.subscribe(() => show("done", topic.getSnapshot().progress?.done ?? ""));
    run.wait().then(({ estimate }) => show("result", estimate), (error) => show("result", error));
  };
  document.querySelector("button").onclick = async () => {
    const samples = Number(new URL(location).searchParams.get("samples"));
    const run = await client.start("estimate_pi", { samples });
    location.hash = run.id;
    follow(run);
  };
  if (location.hash) follow(client.run(location.hash.slice(1)));
</script>
"""


@app.get("/page")
def page() -> str:
    return PAGE
