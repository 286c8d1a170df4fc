/** What has become of a run, as spans. */
import { expect, test } from "vitest";
import { runFrom, type Move, type Run } from "../../src/features/runs/domain";
import { timeline } from "../../src/features/runs/spans";
import { moment, runRecord } from "../../src/testing/runs";

const run = (...args: Parameters<typeof runRecord>): Run => runFrom(runRecord(...args));

/** Moves by their names and seconds after the start. */
function moves(...made: [Move["name"], number, number][]): Move[] {
  return made.map(([name, seconds, attempt], seq) => ({ name, at: new Date(moment(seconds)), attempt, seq }));
}

/** The spans in short: what, from and to in seconds, and how it ended. */
function short(one: Run, made: Move[], now: number): string[] {
  const start = Date.parse(moment(0));
  return timeline(one, made, Date.parse(moment(now))).map(({ kind, attempt, from, to, ending, isOpen }) =>
    `${kind}${attempt || ""} ${(from - start) / 1000}-${(to - start) / 1000} ${ending ?? (isOpen ? "open" : "")}`.trim(),
  );
}

test("a run waits and is done", () => {
  expect(short(run("succeeded"), moves(["claim", 2, 1], ["succeed", 10, 1]), 99)).toEqual([
    "queue 0-2",
    "attempt1 2-10 succeeded",
  ]);
});

test("what goes on lasts until now", () => {
  expect(short(run("queued"), [], 5)).toEqual(["queue 0-5 open"]);
  expect(short(run("running"), moves(["claim", 2, 1]), 5)).toEqual(["queue 0-2", "attempt1 2-5 open"]);
});

test("an attempt that failed is followed by a pause and another one", () => {
  const made = moves(
    ["claim", 1, 1],
    ["retry", 3, 1],
    ["claim", 6, 2],
    ["retry", 7, 2],
    ["claim", 9, 3],
    ["fail", 10, 3],
  );
  expect(short(run("failed", { due_at: moment(8), finished_at: moment(10) }), made, 99)).toEqual([
    "queue 0-1",
    "attempt1 1-3 retried",
    "backoff 3-6",
    "attempt2 6-7 retried",
    "backoff 7-8",
    "queue 8-9",
    "attempt3 9-10 failed",
  ]);
});

test("a pause that goes on ends with the moment at which the run is due", () => {
  const waiting = run("queued", { attempt: 1, due_at: moment(8) });
  const made = moves(["claim", 1, 1], ["retry", 3, 1]);
  expect(short(waiting, made, 5).at(-1)).toBe("backoff 3-5 open");
  expect(short(waiting, made, 9).slice(-2)).toEqual(["backoff 3-8", "queue 8-9 open"]);
});

test("an attempt whose worker was lost is run again without a pause", () => {
  const made = moves(["claim", 1, 1], ["lose", 4, 1], ["claim", 5, 2]);
  expect(short(run("running", { attempt: 2 }), made, 6)).toEqual([
    "queue 0-1",
    "attempt1 1-4 lost",
    "queue 4-5",
    "attempt2 5-6 open",
  ]);
});

test("a run with a delay is delayed first, then queued", () => {
  const due = { due_at: moment(20) };
  expect(short(run("queued", due), [], 5)).toEqual(["delay 0-5 open"]);
  expect(short(run("queued", due), [], 25)).toEqual(["delay 0-20", "queue 20-25 open"]);
});

test("a run that is cancelled in the queue never had an attempt", () => {
  const one = run("cancelled", { attempt: 0, started_at: null, finished_at: moment(4) });
  expect(short(one, moves(["withdraw", 4, 0]), 99)).toEqual(["queue 0-4 cancelled"]);
  expect(short(one, [], 99)).toEqual(["queue 0-4 cancelled"]);
});

test("an attempt that a worker gave back when it ended is told", () => {
  const made = moves(["claim", 1, 1], ["release", 30, 1], ["claim", 31, 2]);
  expect(short(run("running", { attempt: 2 }), made, 40)).toEqual([
    "queue 0-1",
    "attempt1 1-30 released",
    "queue 30-31",
    "attempt2 31-40 open",
  ]);
});

test("an attempt that was claimed and given back before it had begun counts as waiting", () => {
  const made = moves(["claim", 1, 1], ["release", 1.5, 1], ["claim", 3, 2], ["succeed", 4, 2]);
  expect(short(run("succeeded", { finished_at: moment(4) }), made, 99)).toEqual([
    "queue 0-3",
    "attempt2 3-4 succeeded",
  ]);
});

test("a run whose moves are not there yet tells what it knows itself", () => {
  expect(short(run("succeeded"), [], 99)).toEqual(["queue 0-2", "attempt1 2-10 succeeded"]);
  expect(short(run("running"), [], 5)).toEqual(["queue 0-2", "attempt1 2-5 open"]);
  expect(short(run("cancelled"), moves(["claim", 2, 1]), 99).at(-1)).toBe("attempt1 2-4 cancelled");
});

test("a clock that is behind that of the server turns no span around", () => {
  expect(short(run("running"), moves(["claim", 2, 1]), -60)).toEqual(["queue 0-2", "attempt1 2-2 open"]);
});
