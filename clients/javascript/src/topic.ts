/** What is known of a topic: gathered from its updates, given as immutable snapshots. */
import { HotplateError, NotFound } from "./errors.js";
import type { Event, Progress, RunRecord, Update } from "./wire.js";

/** A line of a run's log. */
export interface LogLine {
  seq: number;
  at: string;
  level: string;
  text: string;
  /** Missing for what was printed. */
  logger?: string;
}

/** A run as its updates tell it. The same object for as long as nothing has changed. */
export interface RunSnapshot<Result = unknown, Partial = unknown> {
  /** Null until something was told. */
  readonly run: RunRecord<Result> | null;
  readonly progress: Progress | null;
  readonly log: readonly LogLine[];
  /** What a generator has yielded. */
  readonly partials: readonly Partial[];
  readonly moves: readonly Event[];
  /** Whether it has come to its final state and all was told. */
  readonly ended: boolean;
  /** Why no more is told. */
  readonly error: HotplateError | null;
}

/** A state topic as it stands: the newest runs, the workers, a value. */
export interface StateSnapshot<Value = unknown> {
  /** Null until something was told. */
  readonly value: Value | null;
  readonly error: HotplateError | null;
}

export type Listener = (update: Update) => void;

/** Who makes topics current while somebody looks at them. */
export interface Source {
  /** Called when somebody begins to look. */
  used(topic: Topic): void;
  /** Called when less is wanted. */
  changed(): void;
  /** Called when nobody has looked for a while. */
  dropped(topic: Topic): void;
}

interface Watcher {
  hear: Listener;
  fail: (error: HotplateError) => void;
}

/** So long it goes on after the last one has left, in ms: React and routers leave and come back in one go. */
const LINGER_MS = 1000;

/** A store, as React's useSyncExternalStore and others want it, and the updates themselves for watchers. */
export abstract class Topic<Snapshot = unknown> {
  /** The seq up to which everything was told. */
  seen = 0;
  ended = false;
  error: HotplateError | null = null;
  private _snapshot: Snapshot | null = null;
  private _subscribers = new Set<() => void>();
  private _watchers = new Set<Watcher>();
  private _users = 0;
  private _isTold = true;
  private _timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly name: string,
    private _source: Source,
  ) {}

  /** Whether more is to be told to somebody. */
  get isWanted(): boolean {
    return (this._users > 0 || !!this._timer) && !this.ended && !this.error;
  }

  /** Keeps the topic current, and calls `listener` after it has changed, until the function returned is called. */
  subscribe = (listener: () => void): (() => void) => {
    const own = () => listener();
    this._subscribers.add(own);
    return this._use(() => this._subscribers.delete(own));
  };

  /** How it stands; the same object until it changes. */
  getSnapshot = (): Snapshot => (this._snapshot ??= this._make());

  /** Calls `hear` with each update: first with what is known already, then as they come. */
  watch(hear: Listener, fail: (error: HotplateError) => void): () => void {
    const watcher = { hear, fail };
    const stop = this._use(() => this._watchers.delete(watcher));
    for (const update of this._known()) call(hear, update);
    this._watchers.add(watcher);
    return stop;
  }

  /** An update has come. */
  take(update: Update): void {
    if (!this._gather(update)) return;
    this._changed();
    for (const watcher of this._watchers) call(watcher.hear, update);
    if (this.ended) this._source.changed();
  }

  /** No more will come. */
  fail(error: HotplateError): void {
    this.error = error;
    this._changed();
    for (const watcher of this._watchers) call(watcher.fail, error);
    this._source.changed();
  }

  /** Takes an update in; false if it says nothing new. */
  protected abstract _gather(update: Update): boolean;

  /** The snapshot of what was gathered. */
  protected abstract _make(): Snapshot;

  /** What was gathered, as updates. */
  protected abstract _known(): Update[];

  private _use(leave: () => boolean): () => void {
    clearTimeout(this._timer);
    this._timer = undefined;
    if (!this._users++ && this.error) {
      this.error = null; // whoever comes anew tries anew
      this._snapshot = null;
    }
    this._source.used(this);
    return () => {
      if (!leave() || --this._users) return;
      this._timer = setTimeout(() => {
        this._timer = undefined;
        this._source.dropped(this);
      }, LINGER_MS);
    };
  }

  private _changed(): void {
    this._snapshot = null;
    if (!this._isTold) return;
    this._isTold = false; // once for all that has come in one piece
    queueMicrotask(() => {
      this._isTold = true;
      for (const listener of [...this._subscribers]) call(listener);
    });
  }
}

/** `run/<id>`: nothing of it is missed or comes twice. */
export class RunTopic extends Topic<RunSnapshot> {
  private _run: RunRecord | null = null;
  private _progress: Progress | null = null;
  private _kept: Update[] = [];
  private _lists: Record<string, unknown[]> = { log: [], partial: [], move: [] };
  private _last: RunSnapshot | null = null;

  /** The run's id. */
  get id(): string {
    return this.name.slice(4);
  }

  /** The run as it stands, null until something was told. */
  get record(): RunRecord | null {
    return this._run;
  }

  protected _gather({ type, seq, data }: Update): boolean {
    const list = this._lists[type];
    if (list) {
      if (seq <= this.seen) return false;
      this.seen = seq;
      this._kept.push({ topic: this.name, seq, type, data });
      list.push(type === "log" ? { ...data.data, seq, at: data.at } : type === "move" ? data : data.data);
    } else if (type === "run") {
      this._run = data;
      this._progress = data.progress;
      this.seen = Math.max(this.seen, seq);
      this.ended = data.finished_at !== null && seq >= data.seq;
    } else if (type === "progress") {
      this._progress = data;
    } else if (type === "gone") {
      this.fail(new NotFound(-32004, "Not found: the run is no longer kept"));
      return false;
    }
    return true;
  }

  protected _make(): RunSnapshot {
    const same = <T>(now: unknown[], before?: readonly T[]) =>
      before?.length === now.length ? before : (now.slice() as T[]);
    const { log, partial, move } = this._lists as Record<"log" | "partial" | "move", unknown[]>;
    return (this._last = {
      run: this._run,
      progress: this._progress,
      log: same(log, this._last?.log),
      partials: same(partial, this._last?.partials),
      moves: same(move, this._last?.moves),
      ended: this.ended,
      error: this.error,
    });
  }

  protected _known(): Update[] {
    if (!this._run) return [];
    const run = (seq: number) => ({ topic: this.name, seq, type: "run", data: this._run });
    const more = this.ended ? [run(this._run.seq)] : [];
    return [run(0), ...this._kept, ...more];
  }
}

/** So many of a list are kept: of runs new ones come and none goes. */
const MOST_ITEMS = 500;

type Named = { id?: string; name?: string };

/** What tells an object of a state topic from the others: runs and workers have ids, schedules are named. */
const nameOf = ({ id, name }: Named) => id ?? name;

/** The topics of live values begin so. */
export const LIVE = "live/";

/** Any other topic: everything, then what changes. A value that is no list comes whole each time. */
export class StateTopic extends Topic<StateSnapshot> {
  private _value: unknown = null;

  /** The type of updates that have everything. */
  get whole(): string {
    return this.name.startsWith(LIVE) ? "value" : this.name;
  }

  protected _gather({ type, data }: Update): boolean {
    const items = this._value as Named[];
    if (items === data) return false;
    const isOne = (item: Named) => nameOf(item) === nameOf(data);
    if (type === this.name || !Array.isArray(items)) this._value = data;
    else if (type === "gone") this._value = items.filter((item) => !isOne(item));
    else if (!items.some(isOne)) this._value = [data, ...items].slice(0, MOST_ITEMS);
    else this._value = items.map((item) => (isOne(item) ? data : item));
    return true;
  }

  protected _make(): StateSnapshot {
    return { value: this._value, error: this.error };
  }

  protected _known(): Update[] {
    return this._value === null ? [] : [{ topic: this.name, seq: 0, type: this.whole, data: this._value }];
  }
}

function call<Arguments extends unknown[]>(listener: (...args: Arguments) => void, ...args: Arguments): void {
  try {
    listener(...args);
  } catch (error) {
    queueMicrotask(() => {
      throw error; // it is the listener's own, and must not stop the others
    });
  }
}
