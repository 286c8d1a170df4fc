"""Keeps one server: ends it, with everything it started, when told to or when the process that uses it is gone.

    python tests/keeper.py FOLDER USER SIGNAL COMMAND…

A process of its own, as the one that uses the server may be killed at any time. It starts COMMAND as USER (empty: as
itself) in FOLDER, with what it prints in FOLDER/output.log, and prints its process id. A line on the standard input
ends the server by SIGNAL, the number of the one after which it leaves nothing in the system; so does the input's end,
after which FOLDER is removed too. Whatever the server leaves running when it ends, by itself or not, is killed.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

GRACE_S = 10.0
LOOK_S = 1.0
PR_SET_CHILD_SUBREAPER = 36


def adopt_orphans() -> None:
    """Become the parent of descendants whose own one ends, such as daemons; they escape elsewhere than on Linux."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def identity(user: str | None) -> dict[str, Any]:
    """The arguments of a subprocess that runs as `user`."""
    if not user:
        return {}
    entry = pwd.getpwnam(user)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def start(folder: Path, user: str, command: list[str]) -> subprocess.Popen[bytes]:
    with (folder / "output.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **identity(user),
        )


def wait(server: subprocess.Popen[bytes]) -> bool:
    """Wait until the server ends or has to; whether its user still is there."""
    owner = os.getppid()
    ended, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while server.poll() is None:
        ready, _, _ = select.select([sys.stdin, ended], [], [], LOOK_S)
        if sys.stdin in ready:
            return bool(sys.stdin.readline())
        if ended in ready:
            os.read(ended, 4096)
        if os.getppid() != owner:  # while a process that the owner forked holds the other end of the input
            return False
    return True


def end(server: subprocess.Popen[bytes], gently: int) -> None:
    """End the server, by force if it takes long, and then all that descends from it and what that starts meanwhile."""
    server.send_signal(gently)
    with suppress(subprocess.TimeoutExpired):
        server.wait(GRACE_S)
    while descendants := psutil.Process().children(recursive=True):
        for process in descendants:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(descendants, 0.1)


def main(folder: Path, user: str, gently: int, command: list[str]) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(1))
    adopt_orphans()
    server, used = start(folder, user, command), False
    try:
        with suppress(BrokenPipeError):
            print(server.pid, flush=True)
            used = wait(server)
    finally:
        end(server, gently)
        if not used:
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), sys.argv[4:])
