/** `hotplate serve --with-worker` with the application of these tests, whose processes tests may end. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dirname, "../../..");

/** The interpreter that has Hotplate; tests of pages are left out where there is none. */
const python = process.env.HOTPLATE_PYTHON;

export class Server {
  /** Whether the environment says how to start it. */
  static readonly isThere = !!python;
  /** What is the server's own: its record, its gates. */
  readonly folder = mkdtempSync(join(tmpdir(), "hotplate-console-"));
  private _port = 0;
  private _process: ChildProcess | null = null;

  constructor(
    readonly app = join(ROOT, "tests/console/app.py"),
    private _environ: Record<string, string> = {},
    private _options: string[] = ["--with-worker"],
  ) {}

  /** Its root; the same after each start. */
  get url(): string {
    return `http://127.0.0.1:${this._port}`;
  }

  /** The address of a page of the console, such as `/runs`. */
  page(path: string): string {
    return `${this.url}/console${path}`;
  }

  /** Its first process, whose children are all others. */
  get pid(): number {
    return this._process!.pid!;
  }

  /** Resolves when it answers and takes runs. */
  async start(): Promise<void> {
    this._port ||= await freePort();
    const argv = ["-m", "hotplate", "serve", this.app, ...this._options, "--port", String(this._port)];
    const own = { HOTPLATE_DATA: join(this.folder, "data"), HOTPLATE_ACCESS: "open", GATES: this.folder };
    const env = { ...process.env, ...own, ...this._environ };
    this._process = spawn(python!, argv, { cwd: this.folder, env, stdio: ["ignore", "ignore", "inherit"] });
    const isWaitedFor = this._options.includes("--with-worker");
    for (const end = Date.now() + 30_000; Date.now() < end;) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => null);
      if (answer?.ok && (!isWaitedFor || (await answer.json()).nodes)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the server has not come up");
  }

  /** Ends all of it, as Ctrl-C does, or at once. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    const process = this._process;
    this._process = null;
    if (!process || process.exitCode !== null || process.signalCode !== null) return;
    const ended = once(process, "exit");
    process.kill(signal);
    await ended;
  }

  /** Ends it and removes what it has kept. */
  async remove(): Promise<void> {
    await this.end();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** What a function answers. Throws the server's error. */
  async call<Result = any>(method: string, params: object = {}): Promise<Result> {
    const answer = await fetch(`${this.url}/rpc`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
    });
    const { result, error } = await answer.json();
    if (error) throw new Error(`${method}: ${JSON.stringify(error)}`);
    return result;
  }

  /** A run of the job that has ended. */
  async run(job: string, params: object = {}): Promise<any> {
    let run = await this.call(job, params);
    for (const end = Date.now() + 60_000; !run.finished_at && Date.now() < end;)
      run = await this.call("run.wait", { id: run.id });
    return run;
  }
}

function freePort(): Promise<number> {
  const probe = createServer();
  return new Promise((resolve) =>
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    }),
  );
}
