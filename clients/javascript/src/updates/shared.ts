/**
 * One stream for all tabs of a browser, which opens six connections to a server and no more. The tab that holds a lock
 * leads: it has the stream, and tells the others what comes. Where it ends, the next in the queue goes on.
 *
 * A file of its own, which the client loads where it may be of use: nothing but types is imported here.
 */
import type { ErrorObject, fromWire, HotplateError } from "../errors.js";
import type { Http } from "../http.js";
import type { Topic } from "../topic.js";
import type { Update } from "../wire.js";
import type { Updates } from "./updates.js";
import type { Refused, Way } from "./way.js";

/** Nothing from the leader for so long: its page is frozen, and another one takes over. In ms. */
const SILENCE_MS = 60_000;

/** The leader says something at most so often where there is nothing to tell, in ms. */
const BEAT_MS = 5_000;

/** So many topics one stream can have: a tab for whose topics there is no room has a stream of its own. */
const MOST_TOPICS = 40;

/** What a leader tells all tabs. Of two who believe to lead, `by` is the larger one's who does. */
interface Told {
  by: number;
  /** A stream begins with these topics, each after a seq: whoever has seen as much is told all the rest. */
  open?: Record<string, number>;
  isOpen?: boolean;
  update?: Update;
  failed?: { name: string; error: ErrorObject };
  /** There is no room for that tab. */
  full?: string;
  /** There are no streams here. */
  isRefused?: boolean;
}

/** What a tab asks for: all its topics, and what it has seen of those that it is not told yet. */
interface Asked {
  from: string;
  topics: string[];
  after: Record<string, number>;
}

/** What the client lends. */
interface Core {
  events: Way;
  fromWire: typeof fromWire;
  Refused: typeof Refused;
}

/** Leaders that were silent. */
const silent = new Set<string>();

/**
 * The way over server-sent events, shared by all tabs that reach the same server as the same caller. Its name is another one
 * when it takes something else: a page that is open for long may load it from a newer server.
 */
export async function share(updates: Updates, signal: AbortSignal, core: Core): Promise<number | void> {
  const canLock = await navigator.locks.query().catch(() => null); // frames without an origin cannot
  if (!canLock || updates.http.options.fetch) return core.events(updates, signal);
  return new Tab(await nameOf(updates.http), updates, signal, core).follow();
}

/** It tells nobody what the headers are. */
async function nameOf({ url, options: { token, headers } }: Http): Promise<string> {
  const all = JSON.stringify([url, token, typeof headers === "function" ? headers() : headers]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(all));
  return `hotplate.v1 ${btoa(String.fromCharCode(...new Uint8Array(digest)))}`;
}

class Tab {
  private _id = `${Math.random()}`;
  private _over = new AbortController();
  private _signal: AbortSignal;
  private _channel: BroadcastChannel;
  private _end!: (how: PromiseLike<number | void> | number) => void;
  private _fail!: (error: unknown) => void;
  /** By whom it is told, and the topics of which it is told all. */
  private _by = 0;
  private _joined = new Set<Topic>();
  private _timer: ReturnType<typeof setTimeout> | undefined;
  private _leading: Leading | null = null;

  constructor(
    private _name: string,
    private _updates: Updates,
    private _turn: AbortSignal,
    private _core: Core,
  ) {
    this._signal = AbortSignal.any([_turn, this._over.signal]);
    this._channel = new BroadcastChannel(_name);
  }

  /** Until it leads and its stream has ended. */
  async follow(): Promise<number | void> {
    const { _signal: signal, _name: name } = this;
    try {
      return await new Promise((resolve, reject) => {
        this._end = resolve;
        this._fail = reject;
        signal.addEventListener("abort", () => reject(signal.reason));
        this._channel.onmessage = ({ data }) => this._hear(data);
        addEventListener("pagehide", this._hide);
        document.addEventListener("freeze", this._hide);
        const alive = () => {
          this._updates.onChange = this._ask;
          this._ask();
          return new Promise((release) => signal.addEventListener("abort", release));
        };
        const isSilent = silent.delete(name);
        navigator.locks.request(`${name} ${this._id}`, { signal }, alive).catch(reject);
        navigator.locks.request(name, isSilent ? { steal: true } : { signal }, this._lead).then(resolve, reject);
        this._listen();
      });
    } finally {
      this._leave();
    }
  }

  private _leave(): void {
    this._post({ from: this._id, topics: [], after: {} });
    this._over.abort();
    this._channel.close();
    clearTimeout(this._timer);
    removeEventListener("pagehide", this._hide);
    document.removeEventListener("freeze", this._hide);
  }

  /** A page that is put aside must hold no lock; it comes back when it is shown again. */
  private _hide = ({ type }: Event): void => {
    const [target, back] = type === "freeze" ? [document, "resume"] : [window, "pageshow"];
    this._end(new Promise((resolve) => target.addEventListener(back as string, () => resolve(0), { once: true })));
    this._leave();
  };

  private _listen(): void {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => {
      silent.add(this._name);
      this._end(0);
    }, SILENCE_MS);
  }

  private _ask = (): void => {
    const wanted = this._updates.wanted();
    this._joined = new Set(wanted.filter((topic) => this._joined.has(topic)));
    const after = wanted.filter((topic) => !this._joined.has(topic)).map(({ name, seen }) => [name, seen]);
    this._post({ from: this._id, topics: wanted.map(({ name }) => name), after: Object.fromEntries(after) });
  };

  private _post(message: Told | Asked): void {
    if (this._signal.aborted) return;
    this._channel.postMessage(message);
    this._hear(message);
  }

  private _hear(message: Told | Asked): void {
    if ("from" in message) return this._leading?.admit(message);
    const { by, open, isOpen, update, failed, full, isRefused } = message;
    if (by < this._by) return;
    const isNew = by > this._by;
    const wanted = this._updates.wanted();
    this._listen();
    if (isNew) this._joined.clear();
    this._by = by;
    if (open) this._joined = new Set(wanted.filter(({ name, seen }) => open[name]! <= seen));
    if (isOpen) this._updates.opened();
    if (update && [...this._joined].some(({ name }) => name === update.topic)) this._updates.take(update);
    if (failed) wanted.find(({ name }) => name === failed.name)?.fail(this._core.fromWire(failed.error));
    if (isRefused) this._fail(new this._core.Refused());
    if (full === this._id) {
      this._updates.onChange = null;
      this._leave();
      this._end(this._core.events(this._updates, this._turn) as Promise<number | void>);
    } else if (isNew && wanted.some((topic) => !this._joined.has(topic))) this._ask();
  }

  private _lead = async (): Promise<number | void> => {
    const by = Math.max(Date.now(), this._by + 1);
    const tell = (told: Omit<Told, "by">) => this._post({ by, ...told });
    this._leading = new Leading(this._name, this._id, this._updates.http, this._core, tell);
    tell({}); // so that all say what they want
    return this._leading.run(this._signal);
  };
}

/** The stream, and what all tabs want of it. */
class Leading {
  private _members = new Map<string, string[]>();
  private _cursors = new Map<string, number>();
  private _stream = new AbortController();
  private _isOpen = false;
  private _isStale = false;
  private _toldAt = 0;

  constructor(
    private _name: string,
    private _own: string,
    private _http: Http,
    private _core: Core,
    private _tell: (told: Omit<Told, "by">) => void,
  ) {}

  /** The stream, opened anew whenever somebody wants more of it. */
  async run(signal: AbortSignal): Promise<number | void> {
    for (;;) {
      this._stream = new AbortController();
      this._isOpen = false;
      await this._forgetTheDead();
      try {
        return await this._core.events(this._union(), AbortSignal.any([signal, this._stream.signal]));
      } catch (error) {
        if (error instanceof this._core.Refused) this._tell({ isRefused: true });
        if (signal.aborted || !this._stream.signal.aborted) throw error;
      }
    }
  }

  admit({ from, topics, after }: Asked): void {
    this._members.set(from, topics);
    if (this._names().length > MOST_TOPICS) {
      const others = [...this._members.keys()].filter((id) => id !== this._own);
      for (const id of from === this._own ? others : [from]) {
        this._members.delete(id);
        this._tell({ full: id });
      }
    }
    if (!this._members.has(from)) return;
    for (const [name, seen] of Object.entries(after)) {
      this._cursors.set(name, Math.min(this._cursors.get(name) ?? seen, seen));
      this._isStale = true;
    }
    this._renew();
  }

  /** One that is just being opened is not given up for the next: many may ask at the same time. */
  private _renew(): void {
    if (this._isOpen && this._isStale) this._stream.abort();
  }

  private _names(): string[] {
    return [...new Set([...this._members.values()].flat())];
  }

  private async _forgetTheDead(): Promise<void> {
    const { held } = await navigator.locks.query();
    const alive = held!.map(({ name }) => name);
    for (const id of this._members.keys())
      if (id !== this._own && !alive.includes(`${this._name} ${id}`)) this._members.delete(id);
  }

  /** What the way over server-sent events has to do with, for all tabs. */
  private _union(): Updates {
    const { signal } = this._stream;
    const topics = this._names().map((name) => ({
      name,
      seen: this._cursors.get(name) ?? 0,
      fail: ({ code, message, data }: HotplateError) => this._tell({ failed: { name, error: { code, message, data } } }),
    }));
    this._isStale = false;
    this._tell({ open: Object.fromEntries(topics.map(({ name, seen }) => [name, seen])) });
    return {
      http: this._http,
      wanted: () => topics,
      opened: () => {
        if (!this._isOpen || Date.now() - this._toldAt > BEAT_MS) this._tell({ isOpen: true });
        this._toldAt = Date.now();
        this._isOpen = true;
        this._renew();
      },
      take: (update: Update) => {
        if (signal.aborted) return;
        const { topic, seq, type } = update;
        if (topic.startsWith("run/") && type !== "progress")
          this._cursors.set(topic, Math.max(this._cursors.get(topic) ?? 0, seq));
        this._tell({ update });
      },
    } as unknown as Updates;
  }
}
