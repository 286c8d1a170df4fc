import { fromWire, TransportError } from "./errors.js";
import { Http, type CallOptions, type HttpOptions } from "./http.js";
import { iterate, Run } from "./run.js";
import type { Listener, RunSnapshot, StateSnapshot, Topic } from "./topic.js";
import type { AnyFunctions, CallArguments, Jobs, Methods, ResultOf, RunOf, StartArguments } from "./typed.js";
import { Updates } from "./updates/updates.js";
import { request, type Answer, type Params, type Request, type Update } from "./wire.js";

/** How one run is started. */
export interface StartOptions extends CallOptions {
  /** Starting the same job again under the same key gives this run. */
  key?: string;
  /** Seconds before which no worker takes it. */
  delay?: number;
  /** The higher, the earlier its turn. */
  priority?: number;
  queue?: string;
}

export interface WatchOptions {
  /** Called when no more will be told: there is no such topic, or nobody is signed in. */
  onError?: (error: Error) => void;
  /** Stops the watching. */
  signal?: AbortSignal;
}

type Watchable = string | Run<any>;

/** Built-in methods whose repetition changes nothing. A start carries a key. */
const REPEATABLE = /^(run\.(?!retry)|worker\.|rpc\.)/;

/** One server's functions and runs. `Functions` are types that `hotplate describe --typescript` has written. */
export class Client<Functions = AnyFunctions> {
  /** @internal */
  readonly http: Http;
  private _updates: Updates;

  constructor(url: string, options: HttpOptions) {
    this.http = new Http(url, options);
    this._updates = new Updates(this.http);
  }

  /** The RPC address. */
  get url(): string {
    return this.http.url;
  }

  /**
   * Calls a function, with params by name (an object) or by position (an array). A job answers with its new run's record.
   * Rejects with the server's error, by its code, with `TransportError`, or with the signal's reason.
   */
  call<Name extends keyof Functions & string>(
    method: Name,
    ...[params, options]: CallArguments<Functions, Name>
  ): Promise<ResultOf<Functions, Name>> {
    return this.ask(method, params, options);
  }

  /** Calls a function without an answer: neither its result nor its error comes back. */
  async notify<Name extends keyof Functions & string>(
    method: Name,
    ...[params, options]: CallArguments<Functions, Name>
  ): Promise<void> {
    await this.http.post(request(method, params, true), false, options);
  }

  /** Starts a run of a job. It is sent again where the answer is lost on its way; that starts one run. */
  async start<Name extends Jobs<Functions>>(
    job: Name,
    ...[params, options]: StartArguments<Functions, Name>
  ): Promise<RunOf<Functions, Name>> {
    const { signal, timeout } = options ?? {};
    const run = await this.ask("run.start", startParams(job, params, options), { signal, timeout });
    return this.run(run.id) as RunOf<Functions, Name>;
  }

  /** A run by its id. Nothing is asked yet. */
  run<Result = any>(id: string): Run<Result> {
    return new Run(this, id);
  }

  /**
   * Sends several calls in one request. `fill` makes them and returns what they promise; each is settled by itself:
   *
   *     const [sum, run] = await client.batch((b) => [b.call("add", [1, 2]), b.start("simulate", { n: 10 })]);
   *     if (sum.status === "fulfilled") console.log(sum.value);
   */
  async batch<Promises extends Promise<unknown>[]>(
    fill: (batch: Batch<Functions>) => [...Promises],
    options?: CallOptions,
  ): Promise<{ [I in keyof Promises]: PromiseSettledResult<Awaited<Promises[I]>> }> {
    const batch = new Batch<Functions>(this as Client<any>);
    const settled = Promise.allSettled(fill(batch));
    await batch.send(options);
    return (await settled) as { [I in keyof Promises]: PromiseSettledResult<Awaited<Promises[I]>> };
  }

  /**
   * Follows topics (`run/<id>`, `runs`, `workers`, `schedules`, `live/<name>`) or runs over all cuts: of a run nothing is missed or comes twice.
   * Calls `listener` with each update until the function returned is called. Without a listener, what is returned is
   * iterated over with `for await`, which ends when all runs have ended, and throws where no more will be told.
   */
  watch(topics: Watchable | Watchable[]): AsyncGenerator<Update, void, void>;
  watch(topics: Watchable | Watchable[], listener: Listener, options?: WatchOptions): () => void;
  watch(
    topics: Watchable | Watchable[],
    listener?: Listener,
    { onError, signal }: WatchOptions = {},
  ): AsyncGenerator<Update, void, void> | (() => void) {
    const names = [topics].flat().map((topic) => (typeof topic === "string" ? topic : topic.topic));
    const all = names.map((name) => this._updates.topic(name));
    if (!listener) return iterate(all);
    const stops = all.map((topic) => topic.watch(listener, (error) => onError?.(error)));
    const stop = () => stops.forEach((one) => one());
    signal?.addEventListener("abort", stop);
    if (signal?.aborted) stop();
    return stop;
  }

  /** What is known of a topic, as a store: `subscribe(listener)` and `getSnapshot()`, which gives an immutable object. */
  topic(run: `run/${string}`): Topic<RunSnapshot<any, any>>;
  topic<Value = any>(name: string): Topic<StateSnapshot<Value>>;
  topic(name: string): Topic<any> {
    return this._updates.topic(name);
  }

  /** Ends the connection over which updates come; whoever waits for some is told so by a `TransportError`. */
  close(): void {
    this._updates.close();
  }

  /** @internal */
  async ask(method: string, params?: Params, options?: CallOptions): Promise<any> {
    return result(await this.http.post(request(method, params), REPEATABLE.test(method), options), this.url);
  }
}

/** Collects calls that are sent together. */
export class Batch<Functions = AnyFunctions> {
  private _calls: Request[] = [];
  private _waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: unknown) => void }>();

  /** @internal */
  constructor(private _client: Client<any>) {}

  /** Adds a call. */
  call<Name extends keyof Functions & string>(
    method: Name,
    ...[params]: CallArguments<Functions, Name>
  ): Promise<ResultOf<Functions, Name>> {
    return this._add(request(method, params));
  }

  /** Adds the start of a run. */
  async start<Name extends Jobs<Functions>>(
    job: Name,
    ...[params, options]: StartArguments<Functions, Name>
  ): Promise<RunOf<Functions, Name>> {
    const run = await this._add(request("run.start", startParams(job, params, options)));
    return this._client.run(run.id) as RunOf<Functions, Name>;
  }

  /** Adds a call that is not answered. */
  notify<Name extends Methods<Functions>>(method: Name, ...[params]: CallArguments<Functions, Name>): void {
    this._calls.push(request(method, params, true));
  }

  /** @internal */
  async send(options?: CallOptions): Promise<void> {
    if (!this._calls.length) return;
    const { http, url } = this._client;
    let lacking: unknown = new TransportError(`${url} has not answered this call of the batch`, 200);
    try {
      const answers = await http.post(this._calls, false, options);
      if (Array.isArray(answers)) for (const answer of answers) this._waiting.get(answer.id)?.resolve(answer);
      else if (answers) result(answers, url); // refused as a whole
    } catch (error) {
      lacking = error;
    }
    for (const { reject } of this._waiting.values()) reject(lacking); // what was answered stays as it is
  }

  private _add(call: Request): Promise<any> {
    this._calls.push(call);
    const answer = new Promise<Answer>((resolve, reject) => this._waiting.set(call.id!, { resolve, reject }));
    return answer.then((one) => result(one, this._client.url));
  }
}

/**
 * The client of a server. `url` is its root, or its RPC address if that is not `/rpc`; on a page it may be relative, or
 * missing for the page's own server.
 */
export function connect<Functions = AnyFunctions>(url = "/rpc", options: HttpOptions = {}): Client<Functions> {
  const address = new URL(url, globalThis.location?.href);
  if (address.pathname === "/") address.pathname = "/rpc";
  return new Client(address.href, options);
}

function startParams(job: string, params: Params = {}, { signal, timeout, ...options }: StartOptions = {}): object {
  return { job, params, ...options, key: options.key ?? randomKey() };
}

/** Not `crypto.randomUUID`, which is there in secure contexts only. */
function randomKey(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

function result(answer: unknown, url: string): any {
  const { error, result } = (answer ?? {}) as Answer;
  if (error) throw fromWire(error);
  if (result === undefined) throw new TransportError(`${url} answered without a result`, 200, answer);
  return result;
}
