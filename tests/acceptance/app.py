"""An application whose jobs do, each of them, one thing that a job may do or should not."""

from __future__ import annotations

import ctypes
import logging
import mmap
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from hotplate import Cancelled, Error, File, Hotplate, Job, Stopped, current_run, progress
from hotplate.context import caller

hp = Hotplate()
AnyJob = Job[..., Any]


def create_app(**config: Any) -> Flask:
    app = Flask(__name__)
    app.config["MOTTO"] = os.environ.get("MOTTO", "slow and steady")
    app.config.update(config)
    hp.init_app(app)
    return app


def append(where: str, text: object) -> None:
    """Add a line to a file, whole even if many processes do so at once."""
    fd = os.open(where, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(fd, f"{text}\n".encode())
    os.close(fd)


def hold_on(gate: str) -> None:
    """Wait for a file, reporting progress meanwhile."""
    done = 0
    while not Path(gate).exists():
        done += 1
        current_run.progress(done)
        time.sleep(0.01)


def grind() -> None:
    """Use the processor without end, in C code that hears no signal and lets no other thread run."""
    sum(range(10**15))


# What a run says


@hp.job
def count(upto: int, pause: float = 0.0) -> int:
    for _ in progress(range(upto), label="counting"):
        time.sleep(pause)
    return upto


@hp.job
def sprint(steps: int) -> None:
    for step in range(steps):
        current_run.progress(step + 1, steps)


@hp.job
def progress_in_words() -> None:
    current_run.progress("half")  # type: ignore[arg-type]


@hp.job
def squares(upto: int, gate: str = "") -> Iterator[int]:
    for number in range(upto):
        yield number * number
        if gate and number == upto // 2:
            hold_on(gate)


@hp.job
def talk() -> None:
    log = logging.getLogger("talker")
    print("first", end="")
    print(", and its end")
    log.info("info %d", 1)
    print("to stderr", file=sys.stderr)
    log.warning("warning")
    try:
        raise ValueError("inner trouble")
    except ValueError:
        log.exception("caught")
    log.debug("not shown: the level is INFO")
    print("no newline", end="")


@hp.job
def chatter(lines: int, width: int = 8) -> None:
    for number in range(lines):
        print(f"{number:0{width}}")


@hp.job
def chorus(voices: int, lines: int) -> None:
    def sing(voice: int) -> None:
        for number in range(lines):
            sys.stdout.write(f"{voice} {number}\n")

    threads = [threading.Thread(target=sing, args=(voice,)) for voice in range(voices)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@hp.job
def shut_up() -> str:
    print("before")
    sys.stdout.close()
    os.close(1)
    return "done"


# How a run ends


@dataclass
class Leg:
    port: str
    day: date


@dataclass
class Voyage:
    ship: str
    legs: list[Leg]


@hp.job
def sail(voyage: Voyage, days: int) -> Voyage:
    legs = [Leg(leg.port.upper(), date.fromordinal(leg.day.toordinal() + days)) for leg in voyage.legs]
    return Voyage(voyage.ship, legs)


@hp.job
def repeat(text: str, times: int) -> str:
    return text * times


@hp.job(retries=3, backoff=0)
def refuse(data: Any = None) -> None:
    raise Error(7, "Not today", data)


@hp.job
def stumble(kind: str) -> None:
    raise {
        "exception": RuntimeError("the secret is 1234"),
        "exit": SystemExit(3),
        "interrupt": KeyboardInterrupt(),
        "generator": GeneratorExit(),
        "own stop": Cancelled("by itself"),
        "huge": RuntimeError("ab" * 10**7),
        "broken text": RuntimeError("\ud800 \x1b[31m"),
        "no str": NoStr(),
    }[kind]


class NoStr(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no text for you")


@hp.job
def strange(kind: str) -> Any:
    return {"object": object(), "nan": {"deep": [1.0, float("nan")]}, "surrogate": "\ud800"}[kind]


@hp.job
def bad_error(kind: str) -> None:
    odd: dict[str, tuple[Any, Any, Any]] = {
        "data": (8, "odd", object()),
        "code": ("E42", "odd", 1),
        "large code": (2**80, "odd", 1),
        "yes": (True, "odd", 1),
        "message": (8, Path("odd"), 1),
        "surrogate": (8, "odd \ud800", "\ud800"),
    }
    raise Error(*odd[kind])


@hp.job
def odd_progress(kind: str) -> str:
    odd: dict[str, tuple[Any, Any, Any]] = {
        "nan": (float("nan"), 10, None),
        "infinity": (1, float("inf"), None),
        "message": (1, 2, Path("place")),
        "surrogate": (1, 2, "\ud800"),
        "fraction": (Fraction(1, 2), Fraction(3, 2), "by thirds"),
        "none at all": (0, 0, ""),
    }
    current_run.progress(*odd[kind])
    time.sleep(0.15)  # so that it is sent before the end
    return kind


# How a run is stopped


@hp.job
def hold(gate: str, where: str = "") -> str:
    if where:
        append(where, os.getpid())
    hold_on(gate)
    return "opened"


@hp.job
def grinding(where: str) -> None:
    append(where, os.getpid())
    grind()


@hp.job
def stubborn(where: str, gate: str) -> str:
    """Swallows the request to stop, and goes on."""
    append(where, os.getpid())
    while True:
        try:
            hold_on(gate)
            return "opened"
        except BaseException:
            pass


@hp.job
def family(where: str, gate: str, apart: bool = False) -> None:
    """Has a child, and a grandchild of it; `apart`, in a session of their own."""
    script = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    child = subprocess.Popen([sys.executable, "-c", script], start_new_session=apart)
    append(where, child.pid)
    hold_on(gate)


@hp.job(timeout=0.4, retries=1, backoff=0)
def dawdle(where: str, gate: str) -> None:
    append(where, f"{current_run.attempt} {os.getpid()}")
    hold_on(gate)


@hp.job(timeout=0.4)
def dawdle_in_c(where: str) -> None:
    append(where, os.getpid())
    grind()


@hp.job(timeout=0.4)
def tidy_up(where: str, gate: str) -> str:
    """Uses its grace to clean up and has an answer after all."""
    try:
        hold_on(gate)
    except Stopped as stop:
        append(where, type(stop).__name__)
        return "half done"
    return "done"


@hp.job
def tidy_up_slowly(where: str, gate: str) -> str:
    return tidy_up(where, gate)


# Attempts


@hp.job(retries=4, backoff=0.1)
def flaky(where: str, good: int) -> int:
    append(where, time.time())
    if current_run.attempt < good:
        raise RuntimeError("not yet")
    return current_run.attempt


@hp.job(retries=1, backoff=60)
def slow_to_recover(where: str) -> None:
    append(where, current_run.attempt)
    raise RuntimeError("a minute, please")


@hp.job(retries=1, backoff=0)
def trip(where: str) -> Any:
    if current_run.saved is None:
        current_run.checkpoint({"step": 1})
        raise RuntimeError("a stone")
    return current_run.saved


@hp.job
def worker_pid() -> int:
    return os.getpid()


@hp.job
def fall(where: str, times: int) -> int:
    """Kills its worker, so many times."""
    append(where, current_run.attempt)
    if len(Path(where).read_text().splitlines()) <= times:
        os.kill(os.getpid(), signal.SIGKILL)
    return current_run.attempt


@hp.job(rerun_lost=False, retries=3)
def pay(where: str) -> None:
    append(where, current_run.attempt)
    os.kill(os.getpid(), signal.SIGKILL)


@hp.job(rerun_lost=False)
def pay_slowly(where: str, gate: str) -> None:
    append(where, os.getpid())
    hold_on(gate)


@hp.job(rerun_lost=False)
def pay_small(where: str, text: str) -> None:
    append(where, text)


@hp.job
def quit_process(where: str) -> None:
    append(where, current_run.attempt)
    os._exit(7)


@hp.job(retries=1, backoff=0)
def climb(where: str, gate: str, top: int) -> list[int]:
    """Saves each step; waits for the gate in the middle."""
    begun = current_run.saved or 0
    for step in range(begun, top):
        append(where, f"{current_run.attempt} {step} {os.getpid()}")
        current_run.checkpoint(step + 1)
        if step == top // 2:
            hold_on(gate)
    return [begun, current_run.attempt]


# Limits


@hp.job(memory="96 MiB", retries=2, backoff=0)
def hoard(how: str, mib: int) -> int:
    kept: list[Any] = []
    for _ in range(mib):
        if how == "objects":
            kept.append(bytearray(2**20))
        elif how == "private":
            kept.append(_touched(mmap.mmap(-1, 2**20, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)))
        elif how == "shared":
            kept.append(_touched(mmap.mmap(-1, 2**20)))
            time.sleep(0.005)
        elif how == "native":
            kept.append(_malloc(2**20))
    return len(kept)


def _touched(piece: mmap.mmap) -> mmap.mmap:
    piece.write(b"x" * len(piece))
    return piece


def _malloc(size: int) -> int:
    """Memory that Python knows nothing of, used."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
    place: int | None = libc.malloc(size)
    ctypes.memset(place or 0, 1, size)  # without memory: a write to address 0, as careless C code does
    return place or 0


# Order


@hp.job(concurrency=1)
def turn(where: str, text: str, gate: str = "") -> None:
    append(where, text)
    if gate:
        hold_on(gate)


@hp.job(concurrency=1)
def alone(room: str, pause: float = 0.0) -> None:
    """Tells of any other run of this job that is in the room at the same time."""
    door = Path(room, "door")
    try:
        os.close(os.open(door, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        append(str(Path(room, "met")), current_run.id)
        return
    time.sleep(pause)
    append(str(Path(room, "been")), current_run.id)
    door.unlink()


@hp.job
def maybe_hold(gate: str, where: str) -> None:
    append(where, "")
    if gate:
        hold_on(gate)


@hp.job
def note(where: str, text: str) -> str:
    append(where, text)
    return text


@hp.job(queue="heavy")
def lift(where: str) -> None:
    append(where, "lifted")


# Runs that start runs


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


# Surroundings


@hp.job
def surroundings() -> dict[str, Any]:
    return {
        "motto": current_app.config["MOTTO"],
        "caller": caller.get().id,
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


# Files


@hp.job
def shout(letter: File, keep: str = "") -> File:
    with letter.open() as text:
        return File.of_bytes(text.read().upper(), f"loud-{letter.name}")


@hp.job
def write_file(folder: str, size: int) -> File:
    place = Path(folder) / "data.csv"
    place.write_bytes(b"1,2,3\n" * (size // 6))
    return File.of(place)


if os.environ.get("EXTRA"):

    @hp.job
    def newcomer() -> str:
        return "here at last"


if os.environ.get("NARROW"):
    # a later version of the code, in which a parameter of `reshaped` has another type

    @hp.job
    def reshaped(size: int) -> int:
        return size

else:

    @hp.job  # type: ignore[no-redef]
    def reshaped(size: str) -> str:
        return size
