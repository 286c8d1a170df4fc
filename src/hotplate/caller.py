"""Who asks, and what they may do."""

from __future__ import annotations

from msgspec import Struct


class Caller(Struct, frozen=True):
    """One who calls: `id` names them (runs belong to it), `authenticated` and `operator` say what they may do.

    `authenticated` callers may call everything that is declared; others only what is `allow="public"`.
    An `operator` also sees other callers' runs, and the tracebacks of failed ones.
    Of runs to which one of the links leads that they have opened they may read each; `shares` are the hashes of these.
    """

    id: str
    authenticated: bool = False
    operator: bool = False
    shares: tuple[str, ...] = ()


ANONYMOUS = Caller("anonymous")
"""Somebody unknown: public functions only."""

OPEN = Caller("anonymous", authenticated=True, operator=True)
"""Anybody, where `HOTPLATE_ACCESS` is `open`, and the developer at a loopback address."""

SCHEDULE = Caller("schedule")
"""Whose the runs are that schedules start."""
