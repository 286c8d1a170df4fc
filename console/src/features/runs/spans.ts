/** What has become of a run, as spans of time one after the other. */
import type { Move, Run } from "./domain";

export type SpanKind = "delay" | "queue" | "backoff" | "attempt";
export type Ending = "succeeded" | "failed" | "cancelled" | "retried" | "lost" | "released";

export interface Span {
  kind: SpanKind;
  /** That of an attempt, 0 for others. */
  attempt: number;
  /** In ms since 1970. */
  from: number;
  to: number;
  /** Null while it goes on, and where nothing is to be said of it. */
  ending: Ending | null;
  isOpen: boolean;
}

const ENDINGS: Record<string, Ending> = {
  succeed: "succeeded",
  fail: "failed",
  cancel: "cancelled",
  retry: "retried",
  lose: "lost",
  release: "released",
  withdraw: "cancelled",
};

/** Shorter waits for a due moment are not told apart from the queue, in ms. */
const SHORTEST_DELAY_MS = 100;

/** What was given back sooner than this had not begun, in ms: its worker had claimed several runs at once. */
const NOT_BEGUN_MS = 1000;

/**
 * The spans of a run up to `now`, in ms since 1970. An attempt that was claimed and given back at once counts as waiting.
 * The due moment is known of the last wait only: a pause before an earlier attempt is told whole.
 */
export function timeline(run: Run, moves: readonly Move[], now: number): Span[] {
  const made = told(run, moves);
  const spans: Span[] = [];
  const last = made.findLastIndex(({ name }) => name === "claim");
  let from = run.createdAt.getTime();
  let before = "";
  for (const [index, move] of made.entries()) {
    const to = Math.max(move.at.getTime(), from);
    if (move.name === "claim") spans.push(...wait(run, before, from, to, index === last));
    else if (move.name === "withdraw") spans.push(...ended(wait(run, before, from, to, true), "cancelled"));
    else spans.push({ kind: "attempt", attempt: move.attempt, from, to, ending: ENDINGS[move.name]!, isOpen: false });
    from = to;
    before = move.name;
  }
  if (run.finishedAt || ENDINGS[before]?.match(/succeeded|failed|cancelled/)) return spans;
  const to = Math.max(now, from);
  if (before === "claim")
    spans.push({ kind: "attempt", attempt: made.at(-1)!.attempt, from, to, ending: null, isOpen: true });
  else spans.push(...open(wait(run, before, from, to, true)));
  return spans;
}

/** The moves that count; those that a run itself tells of where its moves are not (yet) there. */
function told(run: Run, moves: readonly Move[]): Move[] {
  const made = moves.filter(
    (_, index) => !isNothing(moves[index], moves[index + 1]) && !isNothing(moves[index - 1], moves[index]),
  );
  const ends = { succeeded: "succeed", failed: "fail", cancelled: run.startedAt ? "cancel" : "withdraw" } as const;
  const { attempt, startedAt, finishedAt, state } = run;
  if (!made.length && startedAt) made.push({ name: "claim", at: startedAt, attempt, seq: 0 });
  const isEnded = made.length > 0 && ENDINGS[made.at(-1)!.name]?.match(/succeeded|failed|cancelled/);
  if (finishedAt && !isEnded && state in ends)
    made.push({ name: ends[state as keyof typeof ends], at: finishedAt, attempt, seq: run.seq });
  return made;
}

/** Whether two moves are an attempt that had not begun. */
const isNothing = (one: Move | undefined, next: Move | undefined): boolean =>
  one?.name === "claim" && next?.name === "release" && next.at.getTime() - one.at.getTime() < NOT_BEGUN_MS;

/** How the time before an attempt was spent. isLast: `run.dueAt` is about this wait. */
function wait(run: Run, before: string, from: number, to: number, isLast: boolean): Span[] {
  const made = (kind: SpanKind, from: number, to: number): Span => ({
    kind,
    attempt: 0,
    from,
    to,
    ending: null,
    isOpen: false,
  });
  const kind = before === "retry" ? "backoff" : "delay";
  if (!isLast) return [made(before === "retry" ? "backoff" : "queue", from, to)];
  const due = Math.min(run.dueAt.getTime(), to);
  if (due - from < SHORTEST_DELAY_MS) return [made("queue", from, to)];
  return due < to ? [made(kind, from, due), made("queue", due, to)] : [made(kind, from, to)];
}

const ended = (spans: Span[], ending: Ending): Span[] =>
  spans.map((span, index) => (index === spans.length - 1 ? { ...span, ending } : span));

const open = (spans: Span[]): Span[] =>
  spans.map((span, index) => (index === spans.length - 1 ? { ...span, isOpen: true } : span));
