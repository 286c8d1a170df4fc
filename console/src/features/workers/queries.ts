import type { RunRecord } from "@hotplate/client";
import { useTopic } from "@hotplate/client/react";
import { useMemo, useRef } from "react";
import { isStuck, workerFrom, type WorkerRecord } from "./domain";

/** The workers that are alive, those of one machine side by side. */
export function useWorkers() {
  const { value, error } = useTopic<WorkerRecord[]>("workers");
  const heard = useRef(new Map<string, { seenAt: string; at: Date }>());
  const workers = useMemo(() => {
    if (!value) return null;
    const before = heard.current;
    heard.current = new Map(
      value.map(({ id, seen_at }) => {
        const known = before.get(id);
        return [id, known?.seenAt === seen_at ? known : { seenAt: seen_at, at: new Date() }];
      }),
    );
    return value
      .map((record) => workerFrom(record, heard.current.get(record.id)!.at))
      .sort((a, b) => a.host.localeCompare(b.host) || a.startedAt.getTime() - b.startedAt.getTime());
  }, [value]);
  return { workers, error };
}

/** Whether runs wait and no worker is alive. */
export function useIsStuck(): boolean {
  const workers = useTopic<WorkerRecord[]>("workers");
  const runs = useTopic<RunRecord[]>("runs");
  return !workers.error && !runs.error && isStuck(workers.value, runs.value);
}

/** Whether updates come. */
export function useIsConnected(): boolean {
  return useTopic<boolean>("connection").value !== false;
}

/** The jobs of the newest runs, by the runs' ids. */
export function useJobs(): ReadonlyMap<string, string> {
  const { value } = useTopic<RunRecord[]>("runs");
  return useMemo(() => new Map(value?.map(({ id, job }) => [id, job])), [value]);
}
