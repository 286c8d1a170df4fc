import { useRun } from "@hotplate/client/react";
import { useEffect, useRef } from "react";

/** What a page is told of a run that has ended. */
export interface Ended {
  id: string;
  job: string;
  state: string;
  result: unknown;
  error: unknown;
}

/** Tells once when a run has ended; shows nothing. */
export function Ending({ id, onEnded }: { id: string; onEnded: (ended: Ended) => void }) {
  const { run, ended } = useRun(id);
  const told = useRef("");
  useEffect(() => {
    if (!ended || !run || told.current === id) return;
    told.current = id;
    const { job, state, result, error } = run;
    onEnded({ id, job, state, result, error });
  }, [ended, run, id, onEnded]);
  return null;
}
