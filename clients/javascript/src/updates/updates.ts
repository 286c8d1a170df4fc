/** All topics of a client over one connection, which comes back by itself. */
import { fromWire, HotplateError, TransportError } from "../errors.js";
import type { Http } from "../http.js";
import { jitter, sleep } from "../pause.js";
import { RunTopic, StateTopic, type Topic } from "../topic.js";
import type { Update } from "../wire.js";
import { events } from "./events.js";
import { polling } from "./polling.js";
import { Refused, type Way } from "./way.js";
import { websocket } from "./websocket.js";

/** Server-sent events, over one stream for all tabs of a browser where that can be. */
const streaming: Way = async (updates, signal) => {
  const shared = globalThis.document && navigator.locks && (await import("./shared.js").catch(() => null));
  // without a `share` it is the file of a newer server than the page came from
  return (shared?.share ?? events)(updates, signal, { events, fromWire, Refused });
};

/** The best one first. */
const WAYS: Way[] = [websocket, streaming, polling];
const WEBSOCKET = 0;

const CONNECTION = "connection";

/** A connection that has lasted so long was a good one, in ms. */
const STABLE_MS = 10_000;

/** So many topics at once over HTTP, where all stand in the address; the others come when there is room. */
const MOST_TOPICS = 40;

export class Updates {
  /** Told when what is wanted has changed; the way in use may put itself here instead of being started anew. */
  onChange: (() => void) | null = null;
  /** Weak, so that a store kept by somebody stays the only one of its name, and others are forgotten. */
  private _byName = new Map<string, WeakRef<Topic>>();
  private _inUse = new Set<Topic>();
  private _followed = new Set<Topic>();
  private _isGoing = false;
  private _isScheduled = false;
  private _isClosed = false;
  private _failures = 0;
  private _way = WEBSOCKET;
  private _first = WEBSOCKET;
  private _openedAt = 0;
  private _hadWebSocket = false;
  /** Whether updates come, or are waited for: the client's own topic, of which no server tells. */
  private _connection = this.topic(CONNECTION);
  private _turn: AbortController | null = null;
  private _nap: AbortController | null = null;

  constructor(readonly http: Http) {
    if (http.hasHeaders) this._first = this._way = WEBSOCKET + 1;
    globalThis.addEventListener?.("online", this._wake);
    globalThis.document?.addEventListener("visibilitychange", this._wake);
  }

  /** The topic of that name; the same object for as long as somebody has it. */
  topic(name: string): Topic {
    let topic = this._byName.get(name)?.deref();
    if (!topic) {
      topic = name.startsWith("run/") ? new RunTopic(name, this) : new StateTopic(name, this);
      this._byName.set(name, new WeakRef(topic));
    }
    return topic;
  }

  /** What is to be told, at most so many. */
  wanted(most = MOST_TOPICS): Topic[] {
    return (this._isClosed ? [] : [...this._inUse]).filter((topic) => topic.isWanted && topic != this._connection).slice(0, most);
  }

  /** An update has come. */
  take(update: Update): void {
    this._byName.get(update.topic)?.deref()?.take(update);
  }

  /** The way in use works. */
  opened(): void {
    this._openedAt ||= Date.now();
    this._tell(true);
    if (this._way === WEBSOCKET) this._hadWebSocket = true;
    else if (!this._hadWebSocket) this._first = WEBSOCKET + 1;
  }

  private _tell(data: boolean): void {
    this._connection.take({ topic: CONNECTION, seq: 0, type: CONNECTION, data });
  }

  changed(): void {
    if (this._isScheduled) return;
    this._isScheduled = true;
    setTimeout(() => {
      this._isScheduled = false;
      this._sync();
    });
  }

  used(topic: Topic): void {
    this._inUse.add(topic);
    if (this._isClosed && topic.isWanted) topic.fail(closed());
    this.changed();
  }

  dropped(topic: Topic): void {
    this._inUse.delete(topic);
    for (const [name, one] of this._byName) if (!one.deref()) this._byName.delete(name);
    this.changed();
  }

  /** Ends the connection, and all that is watched. */
  close(): void {
    for (const topic of this.wanted(Infinity)) topic.fail(closed());
    this._isClosed = true;
    globalThis.removeEventListener?.("online", this._wake);
    globalThis.document?.removeEventListener("visibilitychange", this._wake);
    this._sync();
  }

  private _wake = (): void => {
    if (globalThis.document?.visibilityState !== "hidden") this._nap?.abort();
  };

  private _sync(): void {
    const wanted = this.wanted();
    if (!wanted.length) {
      this._turn?.abort();
      this._nap?.abort();
    } else if (!this._isGoing) {
      this._isGoing = true;
      void this._go();
    } else if (this.onChange) {
      this.onChange();
    } else if (wanted.some((topic) => !this._followed.has(topic))) {
      this._turn?.abort();
      if (!this._failures) this._nap?.abort();
    }
  }

  private async _go(): Promise<void> {
    for (let wanted = this.wanted(); wanted.length; wanted = this.wanted()) {
      this._followed = new Set(wanted);
      const pause = await this._takeTurn();
      if (pause && this.wanted().length) {
        this._tell(false);
        this._nap = new AbortController();
        await sleep(pause, this._nap.signal).catch(() => {});
        this._nap = null;
      }
    }
    this._isGoing = false;
    this._tell(false);
  }

  /** One connection, from its beginning to its end. The ms after which the next one is to be tried. */
  private async _takeTurn(): Promise<number> {
    const turn = (this._turn = new AbortController());
    this._openedAt = 0;
    try {
      const pause = await WAYS[this._way]!(this, turn.signal);
      this._way = this._first;
      if (pause !== undefined) this._failures = 0;
      return pause ?? this._failed();
    } catch (error) {
      if (turn.signal.aborted) return 0;
      if (error instanceof Refused && this._way + 1 < WAYS.length) {
        this._way++;
        return 0;
      }
      this._way = this._first;
      if (error instanceof HotplateError && error.code && error.code !== -32020) {
        for (const topic of this.wanted(Infinity)) topic.fail(error);
        return 0;
      }
      return this._failed();
    } finally {
      this._turn = this.onChange = null;
    }
  }

  private _failed(): number {
    this._failures = this._openedAt && Date.now() - this._openedAt > STABLE_MS ? 1 : this._failures + 1;
    return jitter(this._failures);
  }
}

const closed = () => new TransportError("the client was closed");
