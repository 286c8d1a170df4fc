/** Requests over HTTP: what is sent, what counts as an answer, and what may be sent again. */
import { fromWire, HotplateError, isErrorObject, TimeoutError, TransportError, Unavailable } from "./errors.js";
import { jitter, sleep } from "./pause.js";

/** How one request is made. */
export interface CallOptions {
  /** Gives the request up; what was called may happen nevertheless. */
  signal?: AbortSignal;
  /** Seconds that the answer may take. */
  timeout?: number;
}

/** How a client reaches its server. */
export interface HttpOptions {
  /** Sent as a bearer token. */
  token?: string;
  /** Sent with every request, or a function that gives them each time. */
  headers?: Record<string, string> | (() => Record<string, string>);
  /** Seconds that an answer may take, unless a call says otherwise: 30. */
  timeout?: number;
  /** Used instead of the global `fetch`. */
  fetch?: typeof fetch;
}

const ATTEMPTS = 4;

export class Http {
  constructor(
    readonly url: string,
    readonly options: HttpOptions,
  ) {}

  /** Whether requests carry headers, which a WebSocket of a browser cannot send. */
  get hasHeaders(): boolean {
    return !!(this.options.token || this.options.headers);
  }

  /** An answer, whatever its status. Rejects with the signal's reason or a `TransportError`. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const { token, headers, fetch: own } = this.options;
    const all = {
      ...init.headers,
      ...(token ? { Authorization: `Bearer ${token}` } : {}),
      ...(typeof headers === "function" ? headers() : headers),
    };
    try {
      // not as a method of ours: browsers insist on their own `this`
      return await (own ?? fetch)(new URL(path, this.url), { credentials: "include", ...init, headers: all });
    } catch (error) {
      init.signal?.throwIfAborted();
      throw new TransportError(`cannot reach ${this.url}: ${(error as Error).message}`, 0, error);
    }
  }

  /** The JSON of an answer, null if it is empty. Rejects with the server's error, or with a `TransportError`. */
  async json(path: string, init: RequestInit = {}, { signal, timeout }: CallOptions = {}): Promise<unknown> {
    const limit = AbortSignal.timeout((timeout ?? this.options.timeout ?? 30) * 1000);
    const both = signal ? AbortSignal.any([signal, limit]) : limit;
    try {
      return await readJson(await this.fetch(path, { ...init, signal: both }), new URL(path, this.url).href);
    } catch (error) {
      signal?.throwIfAborted();
      throw limit.aborted ? new TimeoutError(`no answer in time from ${this.url}`) : error;
    }
  }

  /** The answer to a JSON-RPC body. isRepeatable: whether it is sent again where nobody knows if it has arrived. */
  async post(body: unknown, isRepeatable: boolean, options: CallOptions = {}): Promise<unknown> {
    const init = { method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json" } };
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.json("", init, options);
        const error = (answer as { error?: { code?: number } } | null)?.error;
        if (!isRepeatable || error?.code !== -32020 || attempt >= ATTEMPTS) return answer;
      } catch (error) {
        const isLost = error instanceof Unavailable || (error instanceof TransportError && !error.status);
        if (!isRepeatable || !isLost || error instanceof TimeoutError || attempt >= ATTEMPTS) throw error;
      }
      await sleep(jitter(attempt), options.signal);
    }
  }
}

/** The error that an answer stands for whose status says that it failed. */
export function failure(url: string, status: number, body: unknown): HotplateError {
  const error = (body as { error?: unknown } | null)?.error;
  return isErrorObject(error) ? fromWire(error) : new TransportError(`${url} answered HTTP ${status}`, status, body);
}

async function readJson(answer: Response, url: string): Promise<unknown> {
  const text = await answer.text();
  let body: unknown = null;
  try {
    if (text) body = JSON.parse(text);
  } catch {
    if (answer.ok) throw new TransportError(`${url} answered with what is no JSON`, answer.status, text);
  }
  if (!answer.ok) throw failure(url, answer.status, body);
  return body;
}
