"""The Monte-Carlo application with Dash, its work in a process of its own: `python dash_console.py PORT FOLDER`."""

import sys
from random import random

import diskcache
import plotly.express as px
from dash import Dash, DiskcacheManager, Input, Output, State, dcc, html

PARTS = 100
manager = DiskcacheManager(diskcache.Cache(sys.argv[2]))
app = Dash(__name__, background_callback_manager=manager, title="estimate_pi")
app.layout = html.Div(
    [
        dcc.Input(id="samples", type="number", value=20_000_000, min=1000),
        html.Button("Run", id="run"),
        html.Button("Cancel", id="cancel"),
        html.Progress(id="progress", value="0"),
        html.Div(id="estimate"),
        dcc.Graph(id="plot"),
    ]
)


@app.callback(
    [Output("estimate", "children"), Output("plot", "figure")],
    Input("run", "n_clicks"),
    State("samples", "value"),
    background=True,
    running=[(Output("run", "disabled"), True, False)],
    cancel=[Input("cancel", "n_clicks")],
    progress=[Output("progress", "value"), Output("progress", "max")],
    prevent_initial_call=True,
)
def estimate_pi(set_progress, clicks, samples):  # type: ignore[no-untyped-def]
    inside, curve = 0, []
    for n in range(1, PARTS + 1):
        inside += sum(random() ** 2 + random() ** 2 < 1 for _ in range(samples // PARTS))
        curve.append(4 * inside * PARTS / n / samples)
        set_progress((str(n), str(PARTS)))
    return f"{curve[-1]:.6f}", px.line(y=curve)


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]), debug=False)
