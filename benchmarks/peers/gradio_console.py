"""The Monte-Carlo application with Gradio: `python gradio_console.py PORT`."""

import sys
from random import random

import gradio as gr
import pandas as pd

PARTS = 100


def estimate_pi(samples: float, progress=gr.Progress()):  # type: ignore[no-untyped-def]  # noqa: B008
    inside, curve = 0, []
    for n in progress.tqdm(range(1, PARTS + 1)):
        inside += sum(random() ** 2 + random() ** 2 < 1 for _ in range(int(samples) // PARTS))
        curve.append((n, 4 * inside * PARTS / n / samples))
    return curve[-1][1], pd.DataFrame(curve, columns=["part", "estimate"])


with gr.Blocks(title="estimate_pi") as page:
    samples = gr.Number(20_000_000, label="samples", precision=0)
    button = gr.Button("Run")
    stop = gr.Button("Cancel")
    estimate = gr.Number(label="estimate")
    plot = gr.LinePlot(x="part", y="estimate")
    event = button.click(estimate_pi, samples, [estimate, plot], concurrency_limit=4)
    stop.click(None, cancels=[event])

if __name__ == "__main__":
    page.queue().launch(server_name="127.0.0.1", server_port=int(sys.argv[1]), quiet=True)
