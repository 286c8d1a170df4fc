"""`python -m hotplate` is the command `hotplate`."""

from __future__ import annotations

from .cli import main

main()
