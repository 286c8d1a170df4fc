/** Runs as the console has them: times are dates. */
import type { Event, FileInfo, LogLine, Progress, RunRecord, State } from "@hotplate/client";

export type { FileInfo, LogLine, Progress, State };

export const STATES: readonly State[] = ["queued", "running", "succeeded", "failed", "cancelled"];

export interface RunError {
  code: number;
  message: string;
  data: unknown;
  /** How its traceback is found in the log of the worker. */
  errorId: string | null;
}

/** A run among others, which has the beginning of its params as JSON. */
export type Listed = RunRecord & { params_text?: string };

export interface Run {
  id: string;
  job: string;
  state: State;
  attempt: number;
  maxAttempts: number;
  createdAt: Date;
  dueAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  progress: Progress | null;
  queue: string;
  priority: number;
  key: string | null;
  caller: string;
  retryOf: string | null;
  parentId: string | null;
  waitingFor: string | null;
  isStopping: boolean;
  seq: number;
  result: unknown;
  resultFile: FileInfo | null;
  error: RunError | null;
  /** How its params begin, for people; empty where that is not known, or where there are none. */
  inputs: string;
}

/** What only the answer about a single run has. */
export interface RunDetails {
  params: unknown;
  /** Which turn it has in its queue: 1 is the next. Null unless it waits for its turn. */
  place: number | null;
  /** For operators only. */
  traceback: string | null;
}

/** What the answer about a single run has beside the run. */
export interface DetailedRecord extends RunRecord {
  params?: unknown;
  place?: number | null;
  traceback?: string | null;
}

export const detailsFrom = (record: DetailedRecord): RunDetails => ({
  params: record.params ?? null,
  place: record.place ?? null,
  traceback: record.traceback ?? null,
});

/** A change of a run's state. */
export interface Move {
  name: "claim" | "succeed" | "fail" | "cancel" | "retry" | "lose" | "release" | "withdraw";
  at: Date;
  attempt: number;
  seq: number;
}

export const moveFrom = ({ seq, at, data }: Event): Move => ({
  name: data.move,
  at: new Date(at),
  attempt: data.attempt,
  seq,
});

const date = (text: string | null): Date | null => (text === null ? null : new Date(text));

export function runFrom(record: Listed): Run {
  return {
    id: record.id,
    job: record.job,
    state: record.state,
    attempt: record.attempt,
    maxAttempts: record.max_attempts,
    createdAt: new Date(record.created_at),
    dueAt: new Date(record.due_at),
    startedAt: date(record.started_at),
    finishedAt: date(record.finished_at),
    progress: record.progress,
    queue: record.queue,
    priority: record.priority,
    key: record.key,
    caller: record.caller,
    retryOf: record.retry_of,
    parentId: record.parent_id,
    waitingFor: record.waiting_for,
    isStopping: record.stop_requested !== null && record.finished_at === null,
    seq: record.seq,
    result: record.result,
    resultFile: record.result_file,
    error: record.error && {
      code: record.error.code,
      message: record.error.message,
      data: record.error.data ?? null,
      errorId: (record.error.data as { error_id?: string } | null)?.error_id ?? null,
    },
    inputs: inputsFrom(record.params_text ?? ""),
  };
}

export const isFinal = (run: Run): boolean => run.finishedAt !== null;

/** How long the present or last attempt has taken, in ms; null before there is one. */
export function durationOf(run: Run, now: number): number | null {
  if (!run.startedAt || run.state === "queued") return null;
  return Math.max((run.finishedAt?.getTime() ?? now) - run.startedAt.getTime(), 0);
}

/** So many runs there are of each state. */
export type Counts = Record<State, number>;

/** "samples=1000, seed=0" for what a JSON text says; what is cut off or nested stays JSON. */
export function inputsFrom(text: string): string {
  try {
    const params = JSON.parse(text || "{}") as object;
    const said = Object.entries(params).map(([name, value]) => [
      name,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
    return said.map(([name, value]) => (Array.isArray(params) ? value : `${name}=${value}`)).join(", ");
  } catch {
    return `${text.replace(/^[{[]\s*/, "")}…`;
  }
}
