/** Hooks for React over the stores of the client. */
import { createContext, createElement, useContext, useMemo, useSyncExternalStore, type ReactNode } from "react";
import { connect, fromWire, type AnyFunctions, type Client, type LiveValue, type Run, type RunSnapshot, type StateSnapshot } from "./index.js";
import type { CallArguments, ResultOf } from "./typed.js";
import { query, type QuerySnapshot } from "./query.js";

/** What is known so far; `idle` where there is nothing to be known. */
export type Status = "idle" | "loading" | "error" | "loaded";

const Context = createContext<Client<any> | null>(null);
let own: Client<any> | null = null;

/** Gives a client to the hooks below. Without it they use that of the page's own server. */
export function HotplateProvider({ client, children }: { client: Client<any>; children?: ReactNode }) {
  return createElement(Context.Provider, { value: client }, children);
}

/** The client that the hooks use. */
export function useClient<Functions = AnyFunctions>(): Client<Functions> {
  return useContext(Context) ?? (own ??= connect());
}

/** What a method answers: asked once by all components that ask the same, and again by `reload()`. */
export interface MethodAnswer<Result> extends QuerySnapshot<Result> {
  reload(): void;
}

/** Calls a method while the component is there, and anew when `params` say something else. */
export function useMethod<Functions = AnyFunctions, Name extends keyof Functions & string = keyof Functions & string>(
  method: Name,
  params?: CallArguments<Functions, Name>[0],
): MethodAnswer<ResultOf<Functions, Name>> {
  const one = query(useClient(), method, params as object | undefined);
  const snapshot = useSyncExternalStore(one.subscribe, one.getSnapshot, one.getSnapshot);
  return useMemo(() => ({ ...snapshot, reload: one.load }), [snapshot, one]) as MethodAnswer<any>;
}

/** A run as it goes on: its record, progress, log and partial results. `run` is a Run, its id, or null for none. */
export function useRun<Result = any, Partial = any>(
  run: Run<Result> | string | null | undefined,
): RunSnapshot<Result, Partial> & { status: Status } {
  const id = typeof run === "string" ? run : run?.id;
  const snapshot = useStore(id ? `run/${id}` : "") ?? NO_RUN;
  const status = !id ? "idle" : snapshot.error ? "error" : snapshot.run ? "loaded" : "loading";
  return useMemo(() => ({ ...snapshot, status }), [snapshot, status]);
}

/** A state topic as it stands: `runs`, `workers`. */
export function useTopic<Value = any>(name: string): StateSnapshot<Value> & { status: Status } {
  const snapshot = useStore(name) as StateSnapshot<Value>;
  const status = snapshot.error ? "error" : snapshot.value === null ? "loading" : "loaded";
  return useMemo(() => ({ ...snapshot, status }), [snapshot, status]);
}

/** A live value: null before the first one, and the last one while its function fails (`error`). */
export function useLive<Value = any>(name: string): StateSnapshot<Value> & { status: Status; at: string | null } {
  const { value: live, error, status } = useTopic<LiveValue<Value>>(`live/${name}`);
  const failed = error ?? (live?.error ? fromWire(live.error) : null);
  return { value: live?.value ?? null, at: live?.at ?? null, error: failed, status: failed ? "error" : status };
}

/** The snapshot of a topic, null where the name is empty. */
function useStore(name: string): any {
  const client = useClient();
  const { subscribe, getSnapshot } = name ? client.topic<any>(name) : NOTHING;
  return useSyncExternalStore<any>(subscribe, getSnapshot, getSnapshot);
}

const NOTHING = { subscribe: () => () => {}, getSnapshot: () => null };
const NO_RUN: RunSnapshot<any, any> = {
  run: null,
  progress: null,
  log: [],
  partials: [],
  moves: [],
  ended: false,
  error: null,
};
