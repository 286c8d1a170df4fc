"""A share: a link to one run. Whoever has it may read that run, and nothing else.

The link holds a random token. The record holds its hash alone, so that nobody who reads the record has the link.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Mapping
from typing import Protocol

TOKEN_BYTES = 24
"""A token is made of so many random bytes."""

MOST = 100
"""So many links may lead to one run."""


class Shares(Protocol):
    """The record of shares. Every verb is one transaction. They are deleted with their run."""

    def add(self, token_hash: str, run_id: str, caller: str) -> bool:
        """Put a link to a run on record, durably; False if there is no such run, or if `MOST` lead there."""

    def remove(self, run_id: str) -> None:
        """Take back all links to a run, durably."""

    def find(self, hashes: Collection[str]) -> Mapping[str, str]:
        """The runs that links lead to, by the hashes of their tokens; those that lead nowhere are left out."""


def new_token() -> str:
    """A token that nobody can guess, of letters, digits, `-` and `_`."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def hashed(token: str) -> str:
    """What is kept of a token. It is random throughout, so that a quick hash does."""
    return hashlib.sha256(token.encode()).hexdigest()
