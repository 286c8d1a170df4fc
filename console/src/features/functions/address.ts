/** What the address of a function's page says besides its name. */
import { parse } from "../../form/exact";
import type { Params } from "./queries";

export interface Asked {
  /** The run that is shown. */
  run: string | null;
  /** The run whose inputs are taken. */
  from: string | null;
  params: Params | null;
  /** Whether there are params that cannot be read. */
  isBad: boolean;
}

export function askedBy(search: URLSearchParams): Asked {
  const text = search.get("params");
  const params = text === null ? null : paramsFrom(text);
  return { run: search.get("run"), from: search.get("from"), params, isBad: text !== null && !params };
}

function paramsFrom(text: string): Params | null {
  try {
    const value = parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Params) : null;
  } catch {
    return null;
  }
}
