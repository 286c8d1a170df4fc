import type { RunRecord } from "@hotplate/client";
import { useClient, useTopic } from "@hotplate/client/react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { scheduleFrom, type LastRun, type ScheduleRecord } from "./domain";

/** All schedules as they stand, by name. */
export function useSchedules() {
  const { value, error, status } = useTopic<ScheduleRecord[]>("schedules");
  const schedules = useMemo(
    () => value && value.map(scheduleFrom).sort((a, b) => a.name.localeCompare(b.name)),
    [value],
  );
  return { schedules, error, status };
}

export type Verb = "pause" | "resume" | "fire";

/** Pauses, resumes or fires a schedule; firing gives the id of the new run. */
export function useAct(name: string) {
  const client = useClient();
  return useMutation({
    mutationFn: async (verb: Verb): Promise<string | null> => {
      const answer = await client.call(`schedule.${verb}`, { name });
      return verb === "fire" ? (answer as RunRecord).id : null;
    },
  });
}

const LOOK_MS = 2000;

/** The run of the last firing; asked for again until it has ended. */
export function useLastRun(id: string | null) {
  const client = useClient();
  return useQuery({
    queryKey: ["schedules", "run", id],
    enabled: id !== null,
    queryFn: async ({ signal }): Promise<LastRun> => {
      const run = (await client.call("run.get", { id: id! }, { signal })) as RunRecord;
      return { id: run.id, state: run.state, finishedAt: run.finished_at === null ? null : new Date(run.finished_at) };
    },
    refetchInterval: ({ state }) => (state.data && !state.data.finishedAt ? LOOK_MS : false),
  });
}
