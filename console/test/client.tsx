/** A page's part with a client that answers as tests say. */
import { HotplateError, type RunRecord, type RunSnapshot, type Update } from "@hotplate/client";
import { HotplateProvider } from "@hotplate/client/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { act, render } from "@testing-library/react";
import type { ReactNode } from "react";
import { Router } from "wouter";
import { memoryLocation } from "wouter/memory-location";

type Answer = (params: any) => unknown;

/** Stands for a client: what was called, and what topics say. */
export class FakeClient {
  readonly url = "http://server.test/rpc";
  readonly calls: [string, any][] = [];
  private _snapshots = new Map<string, unknown>();
  private _listeners = new Map<string, Set<() => void>>();
  private _watchers = new Map<string, Set<(update: Update) => void>>();

  constructor(readonly answers: Record<string, Answer> = {}) {}

  call = async (method: string, params: object = {}): Promise<any> => {
    this.calls.push([method, params]);
    const answer = this.answers[method];
    if (!answer) throw new HotplateError(-32601, `no ${method} in this test`);
    return answer(params);
  };

  start = async (job: string, params: object = {}) => this.run((await this.call("run.start", { job, params })).id);

  run = (id: string) => ({
    id,
    reload: () => this.call("run.get", { id }),
    cancel: () => this.call("run.cancel", { id }),
    retry: () => this.call("run.retry", { id }),
  });

  batch = (fill: (batch: unknown) => Promise<unknown>[]) => Promise.allSettled(fill({ call: this.call }));

  topic = (name: string) => ({
    subscribe: (listener: () => void) => this._into(this._listeners, name, listener),
    getSnapshot: () => this._snapshots.get(name) ?? (name.startsWith("run/") ? UNTOLD : NO_VALUE),
  });

  watch = (name: string, listener: (update: Update) => void) => this._into(this._watchers, name, listener);

  /** What a topic says from now on. */
  tell(name: string, snapshot: unknown): void {
    this._snapshots.set(name, snapshot);
    act(() => this._listeners.get(name)?.forEach((listener) => listener()));
  }

  /** An update comes for those who watch. */
  push(update: Update): void {
    act(() => this._watchers.get(update.topic)?.forEach((listener) => listener(update)));
  }

  /** What was called of a method, in order. */
  called = (method: string): any[] => this.calls.filter(([name]) => name === method).map(([, params]) => params);

  private _into<T>(all: Map<string, Set<T>>, name: string, one: T): () => void {
    const set = all.get(name) ?? new Set();
    all.set(name, set.add(one));
    return () => void set.delete(one);
  }
}

const NO_VALUE = { value: null, error: null };
const UNTOLD: RunSnapshot = { run: null, progress: null, log: [], partials: [], moves: [], ended: false, error: null };

/** What is known of a run. */
export const snapshotOf = (run: RunRecord, more: Partial<RunSnapshot> = {}): RunSnapshot => ({
  ...UNTOLD,
  run,
  progress: run.progress,
  ended: run.finished_at !== null,
  ...more,
});

/** Shows a part of a page at an address; `history` has all addresses that it has led to. */
export function show(part: ReactNode, client: FakeClient, path = "/") {
  const { hook, searchHook, history, navigate } = memoryLocation({ path, record: true });
  const queries = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  const shown = render(
    <HotplateProvider client={client as any}>
      <QueryClientProvider client={queries}>
        <Router hook={hook} searchHook={searchHook}>
          {part}
        </Router>
      </QueryClientProvider>
    </HotplateProvider>,
  );
  return { ...shown, history, navigate };
}
