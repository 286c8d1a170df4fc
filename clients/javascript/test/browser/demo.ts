/** `hotplate serve --with-worker` with the demonstration, whose processes tests may end. */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";

const { HOTPLATE_PYTHON, HOTPLATE_PORT } = process.env;

export class Demo {
  /** Whether the environment says how to start it. */
  static readonly isThere = !!HOTPLATE_PYTHON;
  readonly url = `http://127.0.0.1:${HOTPLATE_PORT}`;
  private _process: ChildProcess | null = null;

  /** Resolves when it answers and takes runs. */
  async start(): Promise<void> {
    const argv = ["-m", "hotplate", "serve", "tests.javascript.pi:app", "--with-worker", "--port", HOTPLATE_PORT!];
    this._process = spawn(HOTPLATE_PYTHON!, argv, { stdio: ["ignore", "ignore", "inherit"] });
    for (const end = Date.now() + 30_000; Date.now() < end; ) {
      const answer = await fetch(`${this.url}/health/ready`).catch(() => null);
      if (answer?.ok && (await answer.json()).nodes) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error("the demonstration has not come up");
  }

  /** Ends all of it, as Ctrl-C does. */
  async end(): Promise<void> {
    const process = this._process;
    this._process = null;
    if (!process || process.exitCode !== null) return;
    const ended = once(process, "exit");
    process.kill("SIGTERM");
    await ended;
  }

  /** The id of the web process. */
  get web(): number {
    return Number(execFileSync("pgrep", ["-P", `${this._process!.pid}`, "-f", "hotplate.cli.web"], { encoding: "utf8" }));
  }
}
