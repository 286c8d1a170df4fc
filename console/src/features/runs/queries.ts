import { useRun as useFollowed } from "@hotplate/client/react";
import { useMemo } from "react";
import { runFrom } from "./domain";

/** A run as it goes on, with its log, moves and partial results. */
export function useRun(id: string) {
  const followed = useFollowed(id);
  const run = useMemo(() => followed.run && runFrom(followed.run), [followed.run]);
  return { ...followed, run };
}
