/** A run in each state, as the server tells of it. */
import type { RunRecord, State } from "@hotplate/client";

const START = Date.parse("2026-11-21T03:20:00Z");

/** So many seconds after the runs below were created. */
export const moment = (seconds: number): string => new Date(START + seconds * 1000).toISOString();

const BASE: RunRecord = {
  id: "5f0c9f8e-6b1d-4c52-9f59-0d6a1c2e7b10",
  job: "estimate_pi",
  state: "queued",
  attempt: 0,
  max_attempts: 3,
  created_at: moment(0),
  due_at: moment(0),
  started_at: null,
  finished_at: null,
  progress: null,
  queue: "default",
  priority: 0,
  key: null,
  caller: "anonymous",
  retry_of: null,
  parent_id: null,
  waiting_for: null,
  stop_requested: null,
  seq: 0,
  result: null,
  result_file: null,
  error: null,
};

const BY_STATE: Record<State, Partial<RunRecord>> = {
  queued: {},
  running: {
    attempt: 1,
    started_at: moment(2),
    seq: 5,
    progress: { done: 57, total: 100, fraction: 0.57, message: "darts", rate: 12.5, eta_s: 3.4 },
  },
  succeeded: { attempt: 1, started_at: moment(2), finished_at: moment(10), seq: 9, result: 3.14159 },
  failed: {
    attempt: 3,
    started_at: moment(7),
    finished_at: moment(9),
    seq: 14,
    error: { code: -32010, message: "The job failed", data: { error_id: "7d1f", type: "ValueError" } },
  },
  cancelled: {
    attempt: 1,
    started_at: moment(2),
    finished_at: moment(4),
    seq: 7,
    stop_requested: "cancel",
    error: { code: -32011, message: "Cancelled", data: null },
  },
};

/** The run of a state, with what differs. */
export function runRecord(state: State, more: Partial<RunRecord> = {}): RunRecord {
  return { ...BASE, state, ...BY_STATE[state], ...more };
}
