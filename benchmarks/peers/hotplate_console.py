from random import random
from typing import Annotated

from flask import Flask

from hotplate import Chart, Hotplate, progress

app = Flask(__name__)
hp = Hotplate(app)


@hp.job
def estimate_pi(samples: int = 20_000_000) -> tuple[float, Annotated[list[float], Chart()]]:
    inside, curve = 0, list[float]()
    for n in progress(range(1, 101)):
        inside += sum(random() ** 2 + random() ** 2 < 1 for _ in range(samples // 100))
        curve.append(400 * inside / n / samples)
    return curve[-1], curve
