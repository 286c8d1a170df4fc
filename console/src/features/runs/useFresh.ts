import { useRef } from "react";
import type { Run } from "./domain";

/** The ids of those rows that have come since the page was opened under this key. */
export function useFresh(key: string | undefined, rows: readonly Run[] | null): ReadonlySet<string> {
  const seen = useRef({ key: "", all: new Set<string>(), fresh: new Set<string>() });
  if (key === undefined || !rows) return seen.current.fresh;
  if (seen.current.key !== key) seen.current = { key, all: new Set(rows.map(({ id }) => id)), fresh: new Set() };
  for (const { id } of rows) {
    if (seen.current.all.has(id)) continue;
    seen.current.all.add(id);
    seen.current.fresh.add(id);
  }
  return seen.current.fresh;
}
