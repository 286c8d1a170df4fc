"""`run.share` and `run.unshare`: links by which others may read a run."""

from __future__ import annotations

from msgspec import Struct

from ..caller import Caller
from ..errors import Conflict
from ..share import MOST, hashed, new_token
from .start import Starting

ADDRESS = "/console/shared/"
"""Where the links lead, below the prefix; the token follows."""


class Shared(Struct, frozen=True):
    """A link to a run; `url` is a path."""

    url: str


class ShareMethods:
    """For whoever may see the run in full: the caller who started it, and operators. Who has a link is no such one."""

    def __init__(self, starting: Starting, prefix: str) -> None:
        self._starting, self._prefix = starting, prefix

    def share(self, caller: Caller, id: str) -> Shared:
        """A new link: whoever opens it may read this run, and nothing else, until `run.unshare`."""
        run, token = self._starting.run_for(id, caller), new_token()
        if not self._starting.engine().shares.add(hashed(token), run.id, caller.id):
            raise Conflict(data=f"{MOST} links lead to run {run.id}; run.unshare takes them back")
        return Shared(f"{self._prefix}{ADDRESS}{token}")

    def unshare(self, caller: Caller, id: str) -> None:
        """Take back all links to the run: they lead nowhere, and whoever has opened one reads the run no more."""
        run, engine = self._starting.run_for(id, caller), self._starting.engine()
        engine.shares.remove(run.id)
        engine.feed.ring([run.id])
