/** Schedules as the console has them: times are dates. */
import type { State } from "@hotplate/client";

/** A schedule, as the server tells of it. */
export interface ScheduleRecord {
  name: string;
  job: string;
  cron: string | null;
  timezone: string | null;
  every: number | null;
  params: unknown;
  catch_up: string;
  window: number;
  overlap: string;
  next_at: string | null;
  upcoming?: string[];
  waiting_for: string | null;
  paused_at: string | null;
  last_due_at: string | null;
  last_run: string | null;
  skipped: number;
  skipped_at: string | null;
  skipped_for: string | null;
  version: number;
}

export interface Schedule {
  name: string;
  job: string;
  cron: string | null;
  timezone: string | null;
  /** Seconds; null where `cron` is the rule. */
  every: number | null;
  params: Record<string, unknown>;
  nextAt: Date | null;
  /** The moments after the next one. */
  upcoming: Date[];
  waitingFor: string | null;
  pausedAt: Date | null;
  lastDueAt: Date | null;
  lastRun: string | null;
  skipped: number;
  skippedAt: Date | null;
  skippedFor: string | null;
  /** Whether a node has put it on record. */
  isKnown: boolean;
}

/** What is known of the run of the last firing. */
export interface LastRun {
  id: string;
  state: State;
  finishedAt: Date | null;
}

const date = (text: string | null): Date | null => (text === null ? null : new Date(text));

export function scheduleFrom(record: ScheduleRecord): Schedule {
  const { params } = record;
  return {
    name: record.name,
    job: record.job,
    cron: record.cron,
    timezone: record.timezone,
    every: record.every,
    params: typeof params === "object" && params !== null ? (params as Record<string, unknown>) : {},
    nextAt: date(record.next_at),
    upcoming: (record.upcoming ?? []).map((at) => new Date(at)).slice(1),
    waitingFor: record.waiting_for,
    pausedAt: date(record.paused_at),
    lastDueAt: date(record.last_due_at),
    lastRun: record.last_run,
    skipped: record.skipped,
    skippedAt: date(record.skipped_at),
    skippedFor: record.skipped_for,
    isKnown: record.version > 0,
  };
}
