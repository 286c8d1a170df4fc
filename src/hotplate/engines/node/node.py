"""The node: a pool of workers on this machine, and the loop that serves them.

One thread does everything, so that starts, results and claims of the same moment share one commit. The node never
imports the application: it learns from its first worker where the record lies and which jobs there are.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from ...engine import POLL_S, NodeInfo, Note, Outcome, Want
from ...errors import EngineError, Unavailable
from ...failpoint import reach
from ...options import Known
from ...run import new_id
from ...worker.channel import Done, Failed, FromWorker, Hello, Lend, Returned, Said, Save, Saved
from . import judge
from .child import Child, Given
from .crew import Crew, cores
from .ear import Ear
from .host import GONE, Host, NodeArguments
from .pace import STUCK_S, Pace, wanted
from .record import Record
from .report import Report, count
from .sign import Sign
from .ticker import Ticker
from .tidings import Tidings
from .watcher import Watcher

PRUNE_S = 60.0
PRUNE_RUNS = 500
NOTE_S = 0.1
RETRY_S = 0.5
LEAVE_S = 10.0
LOOK_S = 0.005
GATHER_S = 0.003
GATHER_RUNS, GATHER_LEAST = 40, 4

log = logging.getLogger("hotplate.node")


class Node:
    """Runs until it is told to end. `command` starts a worker, `watch` what looks at live values that are looked at
    always; `open_record` opens what a worker's hello names."""

    def __init__(
        self,
        command: Sequence[str],
        watch: Sequence[str],
        open_record: Callable[[str, Hello], Record],
        arguments: NodeArguments,
        host: Host | None = None,
    ) -> None:
        self.id = new_id()
        self._open_record, self._arguments, self._host = open_record, arguments, host
        self._crew = Crew(command, self.id, arguments.concurrency or cores())
        self._selector = selectors.DefaultSelector()
        self._watcher = Watcher(watch, self.id, self._selector)
        self._record: Record | None = None
        self._known: dict[str, Known] = {}
        self._grace, self._keep = 0.0, float("inf")
        self._pace = Pace()
        self._report = Report()
        self._sign = Sign(arguments.ready_file, self.id)
        self._tidings, self._ticker = Tidings(), Ticker(self.id)
        self._outcomes: list[Outcome] = []
        self._notes: list[Note] = []
        self._saves: list[tuple[Child, Save]] = []
        self._rung = True
        self._stopping = 0
        self._end_at = float("inf")
        self._exit = 0
        self._due = float("inf")
        self._away_since = 0.0
        self._at = dict.fromkeys(("poll", "beat", "prune", "sweep", "note", "retry"), 0.0)
        self._at |= dict.fromkeys(("watch", "gather", "look"), float("inf"))
        self.on_log: Callable[[str, str, float, bytes], None] = lambda job, run_id, at, line: None
        self._info = NodeInfo(
            id=self.id, host=socket.gethostname(), pid=os.getpid(), concurrency=self._crew.concurrency,
            started_at=time.time(), queues=list(arguments.queues) if arguments.queues else None,
        )  # fmt: skip

    def run(self) -> int:
        """Serve until the end; the exit status: 0, or 1 if the application could not be loaded."""
        ear = Ear(self._selector)
        self._listen(ear)
        self._spawn(1)  # the others follow when the first has said where the record lies
        try:
            while not self._ended():
                for key, _ in self._selector.select(self._patience()):
                    key.data()
                ear.obey()
                self._step()
        except (EngineError, Unavailable) as error:
            log.error("%s", error.__cause__ if isinstance(error, Unavailable) else error)
            self._exit = 1
        finally:
            ear.close()
            self._leave()
        return self._exit

    def stop(self) -> None:
        """End: the first time after the runs that are going on (for as long as the grace), the second time at once."""
        self._stopping += 1
        self._end_at = time.monotonic() + (self._grace if self._stopping == 1 else 0.0)
        going = len(self._crew.busy())
        if self._stopping == 1:
            if going:
                log.info("ending; waiting for %s to finish, Ctrl-C again ends at once", count(going))
            self._crew.retire_all()
            self._watcher.retire()

    def reload(self) -> None:
        """Let new workers load the application anew, while the old ones finish what they have begun."""
        log.info("loading the application anew")
        self._crew.retire_all()
        self._crew.try_again()
        self._watcher.retire()

    # The loop's steps

    def _step(self) -> None:
        now = time.monotonic()
        self._look_at_crew(now)
        if self._record is None:
            return
        self._sign.renew(now)
        if now < self._at["retry"]:
            return
        if is_rung := self._rung:
            self._at["look"] = min(self._at["look"], now + LOOK_S)  # first of all it claims
        try:
            self._keep_house(self._record, now)
            if self._notes and (self._outcomes or self._saves or now >= self._at["note"]):
                self._write_notes(self._record, now)
            self._settle(self._record)
        except Unavailable as error:
            if not self._away_since:
                self._away_since = now
                log.error("the record cannot be used; trying again, while runs go on: %s", error.__cause__)
            self._rung |= is_rung
            self._at |= {"retry": now + RETRY_S, "beat": 0.0}  # before it claims it learns whether it counts as dead
            return
        if self._away_since:
            log.warning("the record can be used again, after %.0f s", now - self._away_since)
            self._away_since = 0.0
            self._crew.try_again()

    def _look_at_crew(self, now: float) -> None:
        self._at["watch"] = self._crew.watch(now, self._grace)
        self._watcher.keep(now)
        if self._stopping:
            if now >= self._end_at:
                for child in self._crew.children:
                    child.kill()
                self._watcher.kill()
        elif self._record is not None:
            self._spawn(self._crew.missing())
            self._crew.trim()
        elif not self._crew.children:
            self._spawn(self._crew.missing(1))

    def _keep_house(self, record: Record, now: float) -> None:
        polling = now >= self._at["poll"]
        if polling:
            self._at["poll"] = now + self._pace.poll_s(now, record.idle_poll_s, busy=bool(self._crew.busy()))
            self._report.summarise()
        self._tidings.tell(record.feed, now)
        if polling or time.time() >= self._due or now >= self._at["look"]:
            self._rung |= polling
            self._look(record)
        if (polling or now >= self._ticker.at) and not self._stopping:
            self._rung |= self._ticker.tick(record, self._known)
        if now >= self._at["beat"]:
            self._at["beat"] = now + record.beat_s
            self._beat(record)
        if now >= self._at["prune"]:
            more = record.ledger.prune(time.time() - self._keep, PRUNE_RUNS) == PRUNE_RUNS
            self._at["prune"] = now + (POLL_S if more else PRUNE_S)
        if now >= self._at["sweep"]:
            self._at["sweep"] = now + record.sweep_s
            self._sweep(record)

    def _look(self, record: Record) -> None:
        """See what is due by now, and which runs were asked to stop."""
        ready, due = record.ledger.promote()
        self._due = float("inf") if due is None else due
        self._at["look"] = float("inf")
        self._rung |= ready > 0
        if self._crew.busy():
            self._stop_asked(record)

    def _settle(self, record: Record) -> None:
        quick = self._pace.quick(self._known)
        slots = 0 if self._stopping else self._crew.slots()
        spare = 0 if self._stopping else self._crew.spare(quick)
        want = None
        if (slots or spare) and (self._rung or self._outcomes):
            want = wanted(self.id, self._known, self._arguments.queues, slots, quick, spare, self._crew.awaited())
        if (want is None and not self._outcomes) or self._can_gather(slots):
            return
        if record.apart and self._outcomes and want is not None:
            self._commit(record, None, 0, quick)  # so that whoever waits hears of the ends first
            self._rung = True
        self._commit(record, want, slots + spare, quick)

    def _commit(self, record: Record, want: Want | None, most: int, quick: frozenset[str]) -> None:
        """Put the outcomes on record, and claim what is wanted, which is at most so many runs."""
        outcomes = self._outcomes
        accepted, claims = record.ledger.settle(outcomes, want)
        if outcomes:
            reach("node committed")
        if claims:
            reach("node claimed")
        self._outcomes = []
        self._due = min([self._due, *(o.due_at for o in outcomes if o.due_at is not None)])
        if want is not None:
            self._rung = len(claims) >= most
            if self._host:
                self._host.answer(more=self._rung)
        self._report.begin(claims)
        for child in self._crew.hand_out([Given(claim, self._known[claim.job]) for claim in claims], quick):
            self._watch_channel(child)
        if claims:
            reach("node handed out")
        self._tidings.begun(claims)
        self._tidings.ended(record.feed, outcomes)
        self._tell(outcomes, accepted)

    def _can_gather(self, slots: int) -> bool:
        """Whether to wait a moment for more outcomes, since a flush to disk costs more than many rows: only while
        every worker has more in hand."""
        now = time.monotonic()
        few = 0 < len(self._outcomes) < GATHER_RUNS and not slots and not self._stopping
        if few and all(len(child.given) >= GATHER_LEAST for child in self._crew.children):
            self._at["gather"] = min(self._at["gather"], now + GATHER_S)
            if now < self._at["gather"]:
                return True
        self._at["gather"] = float("inf")
        return False

    def _write_notes(self, record: Record, now: float) -> None:
        notes, saves = self._notes, self._saves
        seqs = record.ledger.note(notes)
        self._notes, self._saves = [], []
        self._at["note"] = now + NOTE_S
        for child, save in saves:
            child.tell(Saved(save.id, save.attempt))
        record.feed.ring([note.id for note, seq in zip(notes, seqs, strict=True) if seq is not None])

    def _stop_asked(self, record: Record) -> None:
        asked = {(stop.id, stop.attempt): stop.reason for stop in record.ledger.stops(self.id)}
        self._crew.stop_asked(asked, self._grace)

    # What children say

    def _hear(self, child: Child) -> None:
        if child not in self._crew.children:
            return  # buried a moment ago
        for message in child.receive():
            self._take_in(child, message)
        if child.unsent:
            child.send()
        self._watch_channel(child)

    def _take_in(self, child: Child, message: FromWorker) -> None:
        match message:
            case Done():
                self._done(child, message)
            case Said():
                self._said(message)
            case Save():
                self._notes.append(Note(id=message.id, attempt=message.attempt, saved=message.value))
                self._saves.append((child, message))
            case Lend():
                child.awaited, self._rung = message.awaited if child.given else [], True
            case Returned():
                child.recalled = False
                given = [child.done_with(*of) for of in message.ids]
                self._outcomes += [judge.released(one.claim) for one in given if one]
                if child.retiring:
                    child.retire()
            case Hello():
                self._welcome(child, message)
            case Failed():
                self._failed(message)

    def _done(self, child: Child, done: Done) -> None:
        given = child.done_with(done.id, done.attempt)
        if given is None:
            return
        reach("node received result")
        job = given.claim.job
        self._pace.took(job, done.ended_at - done.begun_at)
        self._outcomes.append(judge.ended(given.claim, given.known, done, given.stopped_for))
        if child.retiring:
            child.retire()

    def _said(self, said: Said) -> None:
        self._notes.append(Note(id=said.id, attempt=said.attempt, progress=said.progress, events=said.events))
        for kind, at, line in said.events:
            if kind == "log":
                self.on_log(self._crew.job_of(said.id), said.id, at, line)

    def _welcome(self, child: Child, hello: Hello) -> None:
        first = self._record is None
        if first:
            self._open(hello)
        if self._record is None:
            return
        if child.retiring:
            return  # it has loaded the code as it was
        self._info.jobs = sorted(job.name for job in hello.jobs)
        try:
            if not first:
                self._beat(self._record)  # enlisting would hide that it was taken for dead
            self._record.ledger.enlist(self._info, hello.jobs)
        except Unavailable as error:
            log.error("the jobs of a new worker cannot be put on record; trying again: %s", error.__cause__)
            child.retire()
            child.kill()  # the next one tries again
            return
        self._known = {job.name: job for job in hello.jobs}
        self._ticker.learn(hello.schedules)
        self._watcher.learn(hello.always)
        self._crew.is_ready(child)
        self._rung = True
        if first:
            self._say_serving(hello)

    def _open(self, hello: Hello) -> None:
        try:
            self._record = self._open_record(self.id, hello)
        except EngineError as error:
            if str(error):
                log.error("%s", error)
            self._give_up()
            return
        self._grace, self._keep = hello.grace, hello.keep
        if not self._arguments.concurrency and hello.concurrency:
            self._crew.concurrency = hello.concurrency
        self._info.concurrency = self._crew.concurrency
        self._selector.register(self._record.bell, selectors.EVENT_READ, self._ring)

    def _say_serving(self, hello: Hello) -> None:
        jobs = ", ".join(job.name for job in hello.jobs) or "none"
        log.info("serving %s with %d workers; jobs: %s", hello.app, self._crew.concurrency, jobs)

    def _sweep(self, record: Record) -> None:
        swept = record.ledger.sweep()
        if swept:
            log.warning("%s of a node that is gone begin again", count(len(swept)))
            record.feed.ring(swept)
            self._rung = True

    def _give_up(self) -> None:
        self._exit, self._stopping, self._end_at = 1, 2, 0.0

    def _failed(self, failed: Failed) -> None:
        log.error("the application could not be loaded: %s", failed.message)
        log.debug("%s", failed.traceback)
        if self._record is None:
            self._give_up()

    # Children, signals, bells

    def _spawn(self, n: int) -> None:
        for _ in range(n):
            child = self._crew.start()
            self._selector.register(child.channel, selectors.EVENT_READ, lambda child=child: self._hear(child))
            if child.exit_fd is not None:
                self._selector.register(child.exit_fd, selectors.EVENT_READ, lambda child=child: self._bury(child))

    def _watch_channel(self, child: Child) -> None:
        if child in self._crew.children:
            events = selectors.EVENT_READ | (selectors.EVENT_WRITE if child.unsent else 0)
            key = self._selector.get_key(child.channel)
            if key.events != events:
                self._selector.modify(child.channel, events, key.data)

    def _bury(self, child: Child) -> None:
        if child not in self._crew.children:
            return
        for message in child.receive(most=1 << 20):
            self._take_in(child, message)
        self._selector.unregister(child.channel)
        if child.exit_fd is not None:
            self._selector.unregister(child.exit_fd)
        status = self._crew.bury(child)
        if not (child.ready or child.retiring or self._stopping) and status not in (0, 1):  # with 1 it has said why
            log.warning("worker %d ended (status %d) while it was loading the application", child.pid, status)
        for at, given in enumerate(child.given):
            self._outcomes.append(self._fate(child, given, status, begun=at == 0))

    def _fate(self, child: Child, given: Given, status: int, *, begun: bool) -> Outcome:
        known = given.known
        if begun and given.stopped_for:
            return judge.killed(given.claim, known, given.stopped_for)
        if begun and self._crew.died_of_memory(child, given):
            return judge.killed(given.claim, known, "memory")
        if not begun or (self._stopping and known.rerun_lost):
            return judge.released(given.claim)
        self._report.died(child.pid, status, given.claim)
        return judge.lost(given.claim, status)

    def _look_soon(self) -> None:
        self._rung = True

    def _lose_host(self) -> None:
        if self._host and self._host.lose(self._selector) and not self._stopping:
            self.stop()

    def _ring(self) -> None:
        assert self._record is not None
        try:
            while True:
                self._record.bell.recv(16)
                self._rung = True
                self._ticker.hear()
        except BlockingIOError:
            return

    def _listen(self, ear: Ear) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            ear.on(number, self.stop)
        ear.on(signal.SIGHUP, self.reload)
        if host := self._host:
            host.begin(self._selector, self._look_soon, self._lose_host)
            ear.on(GONE, self._lose_host)

    def _patience(self) -> float:
        """How long to wait for something to happen, in seconds."""
        now, pending = time.monotonic(), self._at
        if self._record is None:
            return min(max(min(pending["watch"], self._end_at) - now, 0.0) if self._stopping else POLL_S, POLL_S)
        times = [pending["poll"], pending["look"], pending["gather"], self._tidings.at, now + self._due - time.time()]
        times += [pending["note"]] if self._notes else []
        times += [] if self._stopping else [self._ticker.at]
        if any(len(child.given) > 1 for child in self._crew.children):
            times.append(now + STUCK_S)
        if self._stopping:
            times.append(min(self._end_at, now + STUCK_S))
        if self._outcomes and pending["gather"] == float("inf"):
            times.append(now)
        at = min(max(min(times), pending["retry"]), pending["watch"])
        return min(max(at - now, 0.0), POLL_S)

    # The end, and what is told

    def _ended(self) -> bool:
        is_late = self._stopping > 1 or time.monotonic() > self._end_at + LEAVE_S
        has_all = not self._outcomes or self._record is None or (self._away_since > 0 and is_late)
        return self._stopping > 0 and not self._crew.children and self._watcher.is_gone and has_all

    def _leave(self) -> None:
        for child in list(self._crew.children):
            child.kill()
            self._crew.bury(child)
        self._watcher.close()
        self._report.leave(self._outcomes)
        if self._record is not None:
            with suppress(Unavailable):  # then others find out, those of this machine by the lock that is free
                self._record.ledger.retire(self.id)
                self._record.close()
        self._sign.remove()
        self._selector.close()

    def _beat(self, record: Record) -> None:
        self._info.seen_at = time.time()
        self._info.running = [child.given[0].claim.id for child in self._crew.busy()]
        self._info.memory = sum(child.rss() for child in self._crew.children) + self._watcher.memory()
        if not record.ledger.beat(self._info):
            self._return(record)

    def _return(self, record: Record) -> None:
        """Begin anew after others have taken this node for dead: its runs were given back, and may go on elsewhere."""
        record.ledger.enlist(self._info, list(self._known.values()))
        held = set(record.ledger.held(self.id))
        lost = [c for c in self._crew.busy() if not held.issuperset((g.claim.id, g.claim.attempt) for g in c.given)]
        log.warning(
            "this node was taken for dead, for it was silent for long; %s were given to others", count(len(lost))
        )
        for child in lost:
            child.kill()

    def _tell(self, outcomes: Sequence[Outcome], accepted: Sequence[bool]) -> None:
        for outcome, ok in zip(outcomes, accepted, strict=True):
            if not ok:
                self._report.refuse(outcome)
        self._report.tell([outcome for outcome, ok in zip(outcomes, accepted, strict=True) if ok])
