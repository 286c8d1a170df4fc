"""A worker as its node sees it: a process, two pairs of sockets, and the attempts it was given."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import DecodeError, Struct

from ...engine import Claim
from ...logs import NODE_KEY
from ...options import Known
from ...worker.channel import Buffer, FromWorker, Recall, StopRun, Work, frames, from_worker, pair
from ...worker.family import descendants, end_with_all

NODE_MARK = NODE_KEY
"""Also whatever its jobs start has it in its environment."""


PIECES = 16


class Given(Struct):
    """An attempt that a child was given. Times are `time.monotonic()` seconds.

    `known` is its job as it was then: the code may change, and have no such job, while the run goes on.
    """

    claim: Claim
    known: Known
    begun: float = 0.0
    stopped_for: str | None = None
    kill_at: float | None = None


class Child:
    """One worker process. `given` holds its attempts in order: the first is the one it is executing."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        ours, theirs = pair()
        our_control, their_control = pair()
        fds = (theirs.fileno(), their_control.fileno())
        self.process = subprocess.Popen(
            [*command, str(fds[0]), str(fds[1]), str(os.getpid())],
            pass_fds=fds,
            env=environment,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # a process group of its own, so that its own children can be ended with it
        )
        theirs.close()
        their_control.close()
        ours.setblocking(False)
        self.channel, self._control, self._buffer = ours, our_control, Buffer()
        self._unsent = b""
        self.exit_fd = os.pidfd_open(self.process.pid) if hasattr(os, "pidfd_open") else None
        self.given: deque[Given] = deque()
        self.ready = False
        self.awaited: list[str] = []
        self.baseline = 0
        self.retiring = False
        self.recalled = False
        self.peak = 0
        self.spoke_at = time.monotonic()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def idle(self) -> bool:
        return self.ready and not self.given and not self.retiring

    @property
    def lent(self) -> bool:
        """Whether its run waits for other runs, so that its slot is theirs meanwhile."""
        return bool(self.awaited)

    @property
    def unsent(self) -> bool:
        return bool(self._unsent)

    def give(self, given: Sequence[Given]) -> None:
        """Send attempts to be executed, one after the other."""
        if not self.given:
            given[0].begun = self.spoke_at = time.monotonic()
            if given[0].known.memory is not None:
                self.baseline, self.peak = self.rss(), 0
        self.given.extend(given)
        works = [
            Work(c.id, c.attempt, c.job, c.params, c.caller, c.saved, c.log_bytes, g.known.memory, c.trace)
            for g in given
            for c in (g.claim,)
        ]
        self._unsent += frames(works)
        self.send()

    def send(self) -> None:
        """Send what the socket takes of what is left to be sent."""
        try:
            sent = self.channel.send(self._unsent)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self._unsent)  # it has ended: the exit tells
        self._unsent = self._unsent[sent:]

    def tell(self, message: Struct) -> None:
        """Send a control message."""
        with suppress(OSError):
            self._control.send(frames([message]), socket.MSG_DONTWAIT)

    def receive(self, most: int = PIECES) -> Iterator[FromWorker]:
        """What it has said since the last time; not more than `most` pieces, so that others are heard as well."""
        for _ in range(most):
            try:
                piece = self.channel.recv(1 << 18)
            except (BlockingIOError, ConnectionResetError):
                return
            if not piece:
                return
            try:
                yield from map(from_worker, self._buffer.feed(piece))
            except DecodeError:  # a job has written to a socket that is not its own
                self.kill()
                return

    def done_with(self, run_id: str, attempt: int) -> Given | None:
        """Strike an attempt off the list; the next one is begun."""
        self.spoke_at = time.monotonic()
        for given in self.given:
            if (given.claim.id, given.claim.attempt) == (run_id, attempt):
                if given is self.given[0]:
                    self.awaited = []
                self.given.remove(given)
                if self.given and not self.given[0].begun:
                    self.given[0].begun = self.spoke_at
                return given
        return None

    def recall(self) -> None:
        """Ask for what it has not begun."""
        self.recalled = True
        self.tell(Recall())

    def stop(self, reason: str, grace: float) -> None:
        """Ask the run that is going on to stop; the process group is killed `grace` seconds later."""
        given = self.given[0]
        if given.stopped_for is None:
            given.stopped_for, given.kill_at = reason, time.monotonic() + grace
            self.tell(StopRun(given.claim.id, given.claim.attempt, reason))

    def retire(self) -> None:
        """Let it end after what it has in hand."""
        self.retiring = True
        if not self.given:
            with suppress(OSError):
                self.channel.shutdown(socket.SHUT_WR)

    def kill(self) -> None:
        """End it and all that it has started, at once."""
        end_with_all(self.process.pid)

    def bury(self) -> int:
        """After its end: end what is left of its process group, and close what is open; the exit status."""
        self.kill()
        _, status, usage = os.wait4(self.process.pid, 0)
        self.process.returncode = os.waitstatus_to_exitcode(status)
        self.peak = max(self.peak, usage.ru_maxrss * 1024 - self.baseline)
        self.channel.close()
        self._control.close()
        if self.exit_fd is not None:
            os.close(self.exit_fd)
        return self.process.returncode

    def rss(self) -> int:
        """Memory in use by it and by all processes below it, in bytes; 0 where the platform does not tell."""
        return sum(map(_rss, (self.process.pid, *descendants(self.process.pid))))


_PAGE = os.sysconf("SC_PAGE_SIZE")


def _rss(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except (OSError, IndexError):
        return 0


def end_leftovers(node_id: str) -> None:
    """End what the jobs of a dead node have left behind. Linux only: elsewhere it cannot be told."""
    mark = f"{NODE_MARK}={node_id}".encode()
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                os.kill(int(entry.name), signal.SIGKILL)
