/** Answers of methods as stores, shared by all components that ask the same. */
import type { Client } from "./index.js";

/** What was answered. The same object until that changes. */
export interface QuerySnapshot<Result = unknown> {
  readonly status: "loading" | "error" | "loaded";
  /** The answer; the one before while it is asked for again, and after an error. */
  readonly data: Result | undefined;
  readonly error: Error | null;
}

export interface Query {
  subscribe(listener: () => void): () => void;
  getSnapshot(): QuerySnapshot;
  /** Asks again. */
  load(): void;
}

/** So long an answer is kept after the last one has left, in ms. */
const LINGER_MS = 1000;

const queries = new WeakMap<Client<any>, Map<string, Query>>();

/** The one query for a method and params. Nothing is asked before somebody subscribes. */
export function query(client: Client<any>, method: string, params?: object): Query {
  let known = queries.get(client);
  if (!known) queries.set(client, (known = new Map()));
  const key = JSON.stringify([method, params]);
  let one = known.get(key);
  if (!one) known.set(key, (one = make(client, method, params, known, key)));
  return one;
}

function make(client: Client<any>, method: string, params: object | undefined, known: Map<string, Query>, key: string): Query {
  const listeners = new Set<() => void>();
  let snapshot: QuerySnapshot = { status: "loading", data: undefined, error: null };
  let asking: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const set = (status: QuerySnapshot["status"], data: unknown, error: Error | null) => {
    snapshot = { status, data, error };
    for (const listener of [...listeners]) listener();
  };
  const load = () => {
    asking?.abort();
    const { signal } = (asking = new AbortController());
    if (snapshot.status !== "loading") set("loading", snapshot.data, null);
    client.call(method, params, { signal }).then(
      (data) => signal.aborted || set("loaded", data, null),
      (error) => signal.aborted || set("error", snapshot.data, error),
    );
  };
  const leave = () => {
    asking?.abort();
    asking = null;
    known.delete(key);
  };
  const one: Query = {
    load,
    getSnapshot: () => snapshot,
    subscribe(listener: () => void) {
      const own = () => listener();
      listeners.add(own);
      clearTimeout(timer);
      known.set(key, one);
      if (!asking) load();
      return () => {
        if (listeners.delete(own) && !listeners.size) timer = setTimeout(leave, LINGER_MS);
      };
    },
  };
  return one;
}
