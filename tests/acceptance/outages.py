"""What goes wrong, and when, while runs are started and executed on many machines: `PLAN` is the list of it."""

from __future__ import annotations

import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.acceptance import app as jobs
from tests.acceptance.engines import Cluster
from tests.acceptance.home import Home, gone, kill, lines
from tests.acceptance.machines import Machine, Machines
from tests.acceptance.storm import Storm, Submitter, check, ended
from tests.acceptance.trials import Figures
from tests.processes import until

KILL_EVERY_S = 2.0
LOOK_EVERY_S = 0.05
SETTLED_S = 15.0
"""All runs have ended at the latest so long after the last fault."""
HOUR_S = 3600
UNDONE = "select count(*) from runs where finished_at is null"
GAVE_UP = "host ended by itself, and started again"
LONG = 2
"""So many long runs go on while the database is away."""


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong. `strike` brings it about, and waits until what is broken has been mended."""

    name: str
    strike: Callable[[Outages], None]


@dataclass(frozen=True)
class Scale:
    """How much is done meanwhile: at least so many runs of so many seconds, with a pause after the start of each 20."""

    runs: int
    seconds: float
    pause: float
    timeout: float
    """How long anything of it may take, in seconds."""


class Outages(Storm):
    """Two machines, a web server, a database and a broker, which fail one after the other in every way known."""

    def __init__(self, machines: Machines, scale: Scale, seed: int) -> None:
        self.machines, self.scale = machines, scale
        self.up: list[Machine] = []
        self.seconds: defaultdict[str, list[float]] = defaultdict(list)
        self.charged = 0
        super().__init__(machines.home, seed)
        self.where = self.home.folder / "steps"
        self.finals = Finals(self.home)
        self.submitter = Submitter(self.url, "step", self._params, range(20 * scale.runs), scale.pause)
        self.killer = Killer(self)

    def _params(self, number: int) -> dict[str, object]:
        return {"where": str(self.where), "number": number, "seconds": self.scale.seconds}

    def follow_plan(self) -> None:
        """Let each fault strike as soon as its share of the runs has ended."""
        for share, fault in PLAN:
            self.until(lambda: ended(self.home) >= share * self.scale.runs, "some runs to end")  # noqa: B023
            self.finals.look()
            self.faults[fault.name] += 1
            fault.strike(self)
            self.finals.look()

    def end_starts(self) -> float:
        """Let the last fault have been, and then the last start; when that fault was, by the monotonic clock."""
        self.until(lambda: ended(self.home) >= self.scale.runs, "the number of runs")
        self.killer.stop()
        calm = time.monotonic()
        self._more_start()
        self.submitter.stop()
        return calm

    def until(self, look: Callable[[], object], what: str) -> None:
        """Wait for an event, and start hosts that have ended by themselves, as a supervisor would."""

        def supervised() -> object:
            for machine in self.up:
                if machine.host.poll() is not None:
                    self.faults[GAVE_UP] += 1
                    machine.start()
            return look()

        until(supervised, what, self.scale.timeout, LOOK_EVERY_S)

    # What is broken and mended

    def restart_web(self) -> None:
        """The web server is killed and started again."""
        self.home.processes.end(self._web)
        self._web = self._start_web()
        with self._timed("web server killed, until it has started a run again"):
            self._more_start()

    def wipe_broker(self) -> None:
        """The broker is killed, and comes back with nothing in it."""
        assert isinstance(self.home.ground, Cluster)
        self.home.ground.broker.kill()
        self._more_end()
        self.home.ground.broker.wipe_and_start()
        self._more_end("broker wiped")

    def crash_database(self) -> None:
        """The database ends as by a crash, and is started again."""
        self.machines.database.crash()
        self.machines.database.start()
        self._more_end("database crashed")

    def take_database_away(self) -> None:
        """The database is away for longer than the lease, while long runs go on. No worker is killed meanwhile."""
        with self.killer.paused():
            gate, where = self.home.folder / f"gate-{time.time()}", self.home.folder / f"long-{time.time()}"
            long = [jobs.hold.options(priority=1).start(str(gate), str(where)) for _ in range(LONG)]
            self.until(lambda: len(lines(where)) == len(long), "the long runs to begin")
            self._more_end()
            before = self._lost()
            self.machines.database.crash()
            time.sleep(1.5 * self.machines.lease)  # the fault itself
            self.machines.database.start()
            self._more_end("database away")
            gate.touch()
            assert [run.wait(self.scale.timeout) for run in long] == ["opened"] * len(long)
            moves = [self.home.moves(run) for run in long]
            assert [run.reload().attempt for run in long] == [1] * len(long), f"charged by an outage: {moves}"
            assert len(lines(where)) == len(long), "a long run was begun by another worker"
            self.charged += self._lost() - before

    def lose_machine(self) -> None:
        """A machine is dead for good; another one comes in its place."""
        machine = self._pick()
        node = machine.node_id
        self.up.remove(machine)
        machine.die()
        with self._timed("machine dead, until its runs were given to others"):
            self.until(lambda: not self._is_on_record(node), "the dead to be known")
        self._start_node()

    def kill_host(self) -> None:
        """The process that `hotplate worker` started is killed, and started again."""
        machine = self._pick()
        node, below = machine.node_id, machine.nodes + machine.workers
        machine.host.kill()
        machine.host.wait()
        machine.start()
        with self._timed("host killed, until its machine served again"):
            self.until(lambda: machine.node_id not in ("", node), "the machine to serve again")
        self.until(lambda: gone(below), "the end of its node")

    def kill_a_node(self) -> None:
        """A node is killed; its host starts another one."""
        machine = self._pick()
        node = machine.node_id
        for pid in machine.nodes:
            kill(pid)
        with self._timed("node killed, until its machine served again"):
            self.until(lambda: machine.node_id not in ("", node), "the machine to serve again")

    def stop_machine(self) -> None:
        """A machine stands still until it is taken for dead, and goes on."""
        machine = self._pick()
        node = machine.node_id
        machine.stop()
        with self._timed("machine stopped, until its runs were given to others"):
            self.until(lambda: not self._is_on_record(node), "the machine to be taken for dead")
        machine.go_on()
        with self._timed("machine goes on, until it served again"):
            self.until(lambda: machine.node_id, "the return of the machine")

    def cut_database(self) -> None:
        """No byte passes between a machine and the database, until it is taken for dead."""
        machine = self._pick()
        node = machine.node_id
        machine.database.close()
        with self._timed("machine cut off from the database, until its runs were given to others"):
            self.until(lambda: not self._is_on_record(node), "the machine to be taken for dead")
        machine.database.heal()
        with self._timed("machine no longer cut off, until it served again"):
            self.until(lambda: machine.node_id, "the return of the machine")

    def cut_broker(self) -> None:
        """No byte passes between a machine and the broker for a lease."""
        machine = self._pick()
        assert machine.broker
        node = machine.node_id
        machine.broker.close()
        time.sleep(self.machines.lease)  # the fault itself
        machine.broker.heal()
        assert self._is_on_record(node), "a machine without a broker was taken for dead"

    def move_clock(self) -> None:
        """The clock of a machine is wrong by an hour for longer than the lease."""
        machine = self._pick()
        nodes = {one.node_id for one in self.up}
        machine.move_clock(self.random.choice([HOUR_S, -HOUR_S]))
        time.sleep(1.5 * self.machines.lease)  # in which a wrong judgement would be made
        machine.move_clock(0)
        assert all(map(self._is_on_record, nodes)), "a wrong clock made somebody count as dead"

    # What they are seen by

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        yield
        self.seconds[what].append(time.monotonic() - began)

    def _more_end(self, after: str = "") -> None:
        """Wait until more runs end; how long that takes is recovery `after` something."""
        before, began = ended(self.home), time.monotonic()
        self.until(lambda: ended(self.home) > before, "more runs to end")
        if after:
            self.seconds[f"{after} and started, until runs ended again"].append(time.monotonic() - began)

    def _more_start(self) -> None:
        before = len(self.submitter.acknowledged)
        self.until(lambda: len(self.submitter.acknowledged) > before, "more runs to be started")

    def _is_on_record(self, node: str) -> bool:
        return self.home.rows("select count(*) from nodes where id = ?", node) == [(1,)]

    def _lost(self) -> int:
        """How often a worker was lost, over all runs."""
        ((n,),) = self.home.rows("select sum(lost) from runs")
        return int(n)

    def _pick(self) -> Machine:
        self.until(lambda: all(machine.node_id for machine in self.up), "all machines to serve")
        return self.random.choice(self.up)

    def _workers(self) -> list[int]:
        return [worker for machine in self.up for worker in machine.workers]

    def _start_node(self) -> subprocess.Popen[bytes]:
        machine = self.machines.start()
        self.up.append(machine)
        return machine.host


class Killer:
    """Kills a worker every `KILL_EVERY_S` seconds, in a thread of its own, until it is told to `stop`."""

    def __init__(self, storm: Storm) -> None:
        self._storm, self._kills, self._stopping = storm, threading.Lock(), threading.Event()
        self._thread = threading.Thread(target=self._go, name="killer", daemon=True)
        self._thread.start()

    def paused(self) -> threading.Lock:
        """While this is held it kills nobody."""
        return self._kills

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _go(self) -> None:
        while not self._stopping.wait(KILL_EVERY_S):
            with self._kills:
                self._storm.kill_worker()


class Finals:
    """The runs that have ended, each as it was when it was first seen so: nothing of it may change any more."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._seen: dict[str, str] = {}
        self.changed: set[str] = set()

    def look(self) -> None:
        rows = self._home.rows("select id, md5(runs::text) from runs where finished_at is not null")
        now = dict[str, str](rows)
        self.changed |= {run_id for run_id, row in self._seen.items() if now.get(run_id) != row}
        self._seen = now | self._seen


WEB = Fault("web server killed and started again", Outages.restart_web)
BROKER = Fault("broker killed, wiped and started again", Outages.wipe_broker)
DATABASE = Fault("database crashed (SIGQUIT) and started again", Outages.crash_database)
DATABASE_AWAY = Fault("database away for longer than the lease, while long runs go on", Outages.take_database_away)
MACHINE_DEAD = Fault("machine dead for good, another one in its place", Outages.lose_machine)
MACHINE_STOPPED = Fault("machine stopped (SIGSTOP) beyond the lease", Outages.stop_machine)
HOST = Fault("host killed and started again", Outages.kill_host)
NODE = Fault("node killed", Outages.kill_a_node)
CUT_DATABASE = Fault("machine cut off from the database beyond the lease", Outages.cut_database)
CUT_BROKER = Fault("machine cut off from the broker", Outages.cut_broker)
CLOCK = Fault("clock of a machine wrong by an hour", Outages.move_clock)

PLAN = (
    (0.02, WEB),
    (0.06, NODE),
    (0.10, DATABASE),
    (0.15, BROKER),
    (0.20, MACHINE_STOPPED),
    (0.30, WEB),
    (0.35, HOST),
    (0.40, CUT_BROKER),
    (0.45, DATABASE_AWAY),
    (0.50, CLOCK),
    (0.60, CUT_DATABASE),
    (0.68, WEB),
    (0.70, MACHINE_DEAD),
    (0.80, BROKER),
    (0.90, DATABASE),
    (0.95, NODE),
)
"""The share of the runs that has ended, and what happens then. All the while a worker is killed every two seconds."""


def outages(machines: Machines, scale: Scale) -> Figures:
    """Everything on two machines fails, by `PLAN`, while runs are started and executed."""
    storm = Outages(machines, scale, seed=5)
    storm.follow_plan()
    calm = storm.end_starts()
    storm.until(lambda: machines.home.rows(UNDONE) == [(0,)], "the end of all")
    settled = time.monotonic() - calm
    storm.finals.look()
    assert settled <= SETTLED_S, f"all ended only {settled:.1f} s after the last fault"
    assert not storm.finals.changed, f"final, and changed: {storm.finals.changed}"
    assert storm.charged == 0, "charged by an outage"
    longest = {f"s, {what}, longest": max(seconds) for what, seconds in sorted(storm.seconds.items())}
    storm.faults["worker killed"] = storm.faults.pop("worker")
    return {
        **{f"times {what}": n for what, n in sorted(storm.faults.items())},
        **check(machines.home, storm.submitter.acknowledged, storm.where),
        "final states changed": len(storm.finals.changed),
        "runs charged by an outage": storm.charged,
        "s from the last fault to the last end": settled,
        **longest,
    }
