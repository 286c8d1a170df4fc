/** Workers as the console has them: times are dates. */

/** A worker, as the server tells of it. */
export interface WorkerRecord {
  id: string;
  host: string;
  pid: number;
  concurrency: number;
  jobs: string[];
  queues: string[] | null;
  started_at: string;
  seen_at: string;
  running: string[];
  memory: number | null;
}

export interface Worker {
  id: string;
  host: string;
  pid: number;
  /** How many runs it takes side by side. */
  slots: number;
  jobs: string[];
  /** Null for all of them. */
  queues: string[] | null;
  startedAt: Date;
  /** When this page heard of it last: clocks of servers may go wrong. */
  heardAt: Date;
  /** Ids of the runs it executes. */
  running: string[];
  /** In bytes. */
  memory: number | null;
}

export function workerFrom(record: WorkerRecord, heardAt: Date): Worker {
  return {
    id: record.id,
    host: record.host,
    pid: record.pid,
    slots: record.concurrency,
    jobs: [...record.jobs].sort(),
    queues: record.queues,
    startedAt: new Date(record.started_at),
    heardAt,
    running: record.running,
    memory: record.memory,
  };
}

/** A worker beats every few seconds; silent for so long, it is late. In ms. */
const LATE_MS = 10_000;

export const isLate = (worker: Worker, now: number): boolean => now - worker.heardAt.getTime() > LATE_MS;

/** Whether runs wait and nobody is there to take them; not while either is unknown. */
export function isStuck(workers: readonly unknown[] | null, runs: readonly { state: string }[] | null): boolean {
  return workers?.length === 0 && !!runs?.some((run) => run.state === "queued");
}
