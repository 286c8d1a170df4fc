"""`python -m hotplate.cli` is the command `hotplate`."""

from . import main

main()
