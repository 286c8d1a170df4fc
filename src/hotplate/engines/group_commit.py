"""Starts of several threads in one commit, since a flush to disk costs more than a row."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
R = TypeVar("R")


class GroupCommit(Generic[T, R]):
    """Lets threads that write at the same time share one commit, since a flush to disk costs more than a row.

    `commit` takes the items of several callers and gives their results in the same order.
    """

    def __init__(self, commit: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._commit = commit
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_Share[T, R]] = []

    def __call__(self, items: Sequence[T]) -> list[R]:
        share = _Share[T, R](items)
        with self._lock:
            self._waiting.append(share)
        with self._turn:  # whoever comes first commits for all who queue up behind
            if share.results is None and share.error is None:
                self._commit_waiting()
        if share.error is not None:
            raise share.error
        return list(share.results or ())

    def _commit_waiting(self) -> None:
        with self._lock:
            shares, self._waiting = self._waiting, []
        try:
            results = list(self._commit([item for share in shares for item in share.items]))
        except BaseException as error:
            for share in shares:
                share.error = error
            return
        for share in shares:
            share.results, results = results[: len(share.items)], results[len(share.items) :]


class _Share(Generic[T, R]):
    def __init__(self, items: Sequence[T]) -> None:
        self.items = items
        self.results: Sequence[R] | None = None
        self.error: BaseException | None = None
