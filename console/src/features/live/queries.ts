import { fromWire, type HotplateError, type LiveValue } from "@hotplate/client";
import { useClient, useTopic } from "@hotplate/client/react";
import { useEffect, useMemo } from "react";
import { useCalm } from "../../views/calm";
import { historyOf, type Point } from "./history";

export interface Live {
  value: unknown;
  /** When it changed last; null before the first value. */
  at: Date | null;
  /** Why it cannot be told just now; `value` is then the last one that there was. */
  error: HotplateError | null;
  points: readonly Point[];
}

/**
 * A live value as it stands, at most ten times a second. While a component uses it, the server looks at its function: so the
 * history has gaps where nobody looked, rather than a server that works for nobody. `every`: how many seconds apart the server
 * looks at it; null where it is set by hand.
 */
export function useLive(name: string, every: number | null): Live {
  const client = useClient();
  const topic = useTopic<LiveValue>(`live/${name}`);
  const live = useCalm(topic.value, true);
  const history = historyOf(client, name);
  const at = live?.at ?? null;
  const points = useMemo(() => {
    if (live && at !== null && !live.error && (history.points.length || !isLeftOver(Date.parse(at), every)))
      history.add(Date.parse(at), live.value);
    return history.points;
  }, [history, live, at, every]);
  useEffect(() => () => history.pause(), [history]);
  return {
    value: live?.value ?? null,
    at: useMemo(() => (at === null ? null : new Date(at)), [at]),
    error: topic.error ?? (live?.error ? fromWire(live.error) : null),
    points,
  };
}

/** Whether a first value is from when nobody looked: a line from there to now would say what nobody knows. */
const isLeftOver = (at: number, every: number | null): boolean =>
  every !== null && Date.now() - at > 1000 * (10 + 3 * every);
