import { fromWire, HotplateError, TimeoutError } from "./errors.js";
import type { CallOptions, Http } from "./http.js";
import type { RunTopic, Topic } from "./topic.js";
import type { RunInFull, RunRecord, Update } from "./wire.js";

/** What a run needs of its client. */
export interface RunClient {
  readonly http: Http;
  ask(method: string, params: object, options?: CallOptions): Promise<any>;
  topic(name: string): Topic;
}

/** A run of a job, followed from afar. */
export class Run<Result = unknown> {
  constructor(
    private _client: RunClient,
    /** Random, so that it cannot be guessed. */
    readonly id: string,
  ) {}

  /** The name of its topic. */
  get topic(): string {
    return `run/${this.id}`;
  }

  /** The run as it stands, with its params, its place in the queue, and for operators its traceback. */
  reload(options?: CallOptions): Promise<RunInFull<Result>> {
    return this._client.ask("run.get", { id: this.id }, options);
  }

  /**
   * Its result, as soon as it has ended. Rejects with its error (`JobFailed`, `RunCancelled`, …), with `TimeoutError`
   * if it takes longer than `timeout` seconds, which does not harm the run, and with the signal's reason.
   */
  wait({ signal, timeout }: CallOptions = {}): Promise<Result> {
    return new Promise((resolve, reject) => {
      const topic = this._client.topic(this.topic) as RunTopic;
      const end = () => {
        stop();
        clearTimeout(timer);
        signal?.removeEventListener("abort", abort);
      };
      const abort = () => (end(), reject(signal!.reason));
      const look = () => {
        if (!topic.ended && !topic.error) return;
        end();
        if (topic.error) reject(topic.error);
        else resolve(this._value(topic.record as RunRecord<Result>));
      };
      const late = () => (end(), reject(new TimeoutError(`run ${this.id} has not ended after ${timeout} s`)));
      const timer = timeout === undefined ? undefined : setTimeout(late, timeout * 1000);
      const stop = topic.subscribe(look);
      signal?.addEventListener("abort", abort);
      if (signal?.aborted) abort();
      else look();
    });
  }

  /** Asks it to stop: at once while it is queued; one that has ended stays as it is. */
  cancel(options?: CallOptions): Promise<RunRecord<Result>> {
    return this._client.ask("run.cancel", { id: this.id }, options);
  }

  /** The same job with the same params again: a new run. */
  async retry(options?: CallOptions): Promise<Run<Result>> {
    return new Run(this._client, (await this._client.ask("run.retry", { id: this.id }, options)).id);
  }

  private async _value(run: RunRecord<Result>): Promise<Result> {
    if (run.error) throw fromWire(run.error);
    return run.result_file ? ((await this._client.http.json(run.result_file.url)) as Result) : (run.result as Result);
  }
}

/** The updates of some topics one after the other, until their runs have ended. */
export async function* iterate(topics: Topic[]): AsyncGenerator<Update, void, void> {
  const queue: Update[] = [];
  let error: HotplateError | null = null;
  let wake = () => {};
  const stops = topics.map((topic) =>
    topic.watch(
      (update) => (queue.push(update), wake()),
      (reason) => ((error = reason), wake()),
    ),
  );
  try {
    for (;;) {
      while (queue.length) yield queue.shift()!;
      if (error) throw error;
      if (topics.every((topic) => topic.ended)) return;
      await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    for (const stop of stops) stop();
  }
}
