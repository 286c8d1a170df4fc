"""A stand-in for your own application: a method and a job, for everybody."""

from flask import Flask

from hotplate import Hotplate, progress

app = Flask(__name__)
hp = Hotplate(app)


@hp.method(allow="public")
def hello(name: str = "World") -> str:
    return f"Hello, {name}!"


@hp.job(allow="public", timeout=600)
def count_primes(below: int = 10_000) -> int:
    return sum(all(n % d for d in range(2, int(n**0.5) + 1)) for n in progress(range(2, below)))
