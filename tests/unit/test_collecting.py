"""Long garbage collections of a server are not repeated over the same objects."""

from __future__ import annotations

import subprocess
import sys

SCRIPT = """
import gc
from hotplate.cli import collecting

class Node:
    alive = 0
    def __init__(self):
        self.itself = self
        Node.alive += 1
    def __del__(self):
        Node.alive -= 1

gc.disable()
collecting.LONG_S, collecting.AGAIN_S = {long}, {again}
collecting.Collecting().start()
kept = Node()
gc.collect()
print(gc.get_freeze_count() > 1000)
del kept
gc.collect()
print(Node.alive)
"""


def out(long: float, again: float) -> list[str]:
    script = SCRIPT.format(long=long, again=again)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()


def test_what_a_long_collection_found_in_use_is_left_out_of_the_next() -> None:
    assert out(long=0, again=600) == ["True", "1"]


def test_it_is_looked_at_again_after_a_while() -> None:
    assert out(long=0, again=0) == ["True", "0"]


def test_short_collections_go_on_as_they_are() -> None:
    assert out(long=60, again=600) == ["False", "0"]
