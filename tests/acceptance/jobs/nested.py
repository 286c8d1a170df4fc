"""Runs that start runs, threads and processes."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from flask import current_app

from hotplate import current_run, progress
from hotplate.context import current_caller

from . import append, hp
from .ending import hold, repeat, stumble
from .saying import count


@hp.job
def fib(n: int) -> int:
    if n < 2:
        return n
    return sum(run.wait() for run in [fib.start(n - 1), fib.start(n - 2)])  # type: ignore[misc]


@hp.job
def descend(depth: int) -> int:
    return 0 if depth == 0 else int(descend.start(depth - 1).wait()) + 1


@hp.job
def ask(text: str, times: int) -> str:
    return str(repeat.start(text, times).wait(30))


@hp.job
def wait_for_held(gate: str, where: str) -> str:
    return str(hold.start(gate, where).wait())


@hp.job
def lone_parent(times: int) -> int:
    return sum(int(count.start(1).wait()) for _ in range(times))


@hp.job
def ask_in_vain() -> None:
    stumble.start("exception").wait(30)


@hp.job
def start_in_thread() -> str:
    ids: list[str] = []
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]

    def work() -> None:
        with app.app_context():
            ids.append(repeat.start("a", 2).id)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    return ids[0]


@hp.job
def start_in_fork() -> str:
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, repeat.start("a", 2).id.encode())
        os._exit(0)
    os.waitpid(child, 0)
    return os.read(reader, 100).decode()


@hp.job
def fork_and_talk(lines: int) -> str:
    child = os.fork()
    if child == 0:
        for number in range(lines):
            print(f"{'child':>100} {number}")
            current_run.progress(number)
        os._exit(7 if current_run else 0)
    _, status = os.waitpid(child, 0)
    print("parent")
    return f"exit {os.waitstatus_to_exitcode(status)}"


@hp.job
def vandal(where: str) -> str:
    """Writes to sockets that are not its own."""
    append(where, current_run.attempt)
    for fd in map(int, sys.argv[2:4]):
        os.write(fd, b"\x05\0\0\0garbage")
    time.sleep(5)
    return "unharmed"


@hp.job
def kill_own_child() -> int:
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    child.kill()
    return child.wait()


@hp.method
def begin(text: str) -> str:
    """The id of a run that a method starts."""
    return repeat.start(text, 2).id


@hp.job
def surroundings() -> dict[str, Any]:
    return {
        "motto": current_app.config["MOTTO"],
        "caller": current_caller().id,
        "run": current_run.id,
        "job": current_run.job,
        "attempt": current_run.attempt,
        "nice": os.nice(0),
        "stdin": sys.stdin.read(),
    }


@hp.job
def with_threads(n: int) -> dict[str, Any]:
    """Threads report its progress, print, and start a run."""
    ids: list[str] = []

    def work(number: int) -> None:
        current_run.progress(number, n)
        print(f"thread {number}")
        ids.append(current_run.id)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"ids": sorted(set(ids))}


def square(number: int) -> int:
    return number * number


@hp.job
def with_pool(method: str, n: int) -> list[int]:
    """Spreads work over processes of its own."""
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context(method)) as pool:
        return list(progress(pool.map(square, range(n)), total=n))


@hp.job
def with_command(text: str) -> str:
    command = [sys.executable, "-c", "print(input()[::-1])"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout.strip()
