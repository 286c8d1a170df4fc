"""How long a process keeps silent after it has told or asked others something, since that costs everybody."""

from __future__ import annotations

SHORTEST_S, LONGEST_S = 0.001, 0.02
MANY = 8
SHARE, MOST = 0.02, 20.0


def pause_after(things: int, took: float) -> float:
    """Seconds until the next message: few where there was little to say and it was said quickly.

    things: how many had gathered; took: what it took to say them, in seconds.
    """
    return LONGEST_S if things >= MANY else min(max(SHORTEST_S, 3 * took), LONGEST_S)


def rest_after(took: float, least: float) -> float:
    """Seconds until the same is asked again: at least `least`, and longer (20 times that at most) where it took so long
    that asking would take more than a fiftieth of the time."""
    return min(max(least, took / SHARE), MOST * least)
