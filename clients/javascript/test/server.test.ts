/** Against a real server with a real worker, whose address is in HOTPLATE_URL. */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { connect, InvalidParams, JobFailed, MethodNotFound, NotFound, RunCancelled, TimeoutError } from "../src/index.js";
import type { Client, HttpOptions, Update } from "../src/index.js";
import { WebSocket as NodeWebSocket } from "ws";
import { cutting, withCuts, withoutStreams } from "./networks.js";

const { HOTPLATE_URL: url, HOTPLATE_ASGI_URL: asgi } = process.env;

let client: Client;
const open = (options?: HttpOptions, at = url) => (client = connect(at, options));
afterEach(() => client?.close());

const name = () => `gate-${Math.random()}`;
const kept = (updates: Update[], ...types: string[]) =>
  updates.filter(({ type }) => types.includes(type)).map(({ seq, type }) => `${seq} ${type}`);
const all = async (updates: AsyncIterable<Update>, seen: Update[] = []) => {
  for await (const update of updates) seen.push(update);
  return seen;
};

describe.skipIf(!url)("calls", () => {
  test("take params by name and by position", async () => {
    expect(await open().call("add", { a: 1, b: 2 })).toBe(3);
    expect(await client.call("add", [40])).toBe(41);
  });

  test("answer null where the function returns nothing", async () => {
    expect(await open().call("nothing")).toBeNull();
  });

  test("reject with the class of the error's code", async () => {
    const error = await open().call("add", { a: "one" }).catch((error) => error);
    expect(error).toBeInstanceOf(InvalidParams);
    expect(error.code).toBe(-32602);
    expect(error.data).toContain("'a'");
    await expect(client.call("subtract")).rejects.toBeInstanceOf(MethodNotFound);
    await expect(client.call("refuse")).rejects.toMatchObject({ code: 4001, message: "No", data: { why: "not today" } });
  });

  test("are given up in time, and by a signal", async () => {
    await expect(open().call("pause", [2], { timeout: 0.05 })).rejects.toBeInstanceOf(TimeoutError);
    const given_up = client.call("pause", [2], { signal: AbortSignal.abort("enough") });
    await expect(given_up).rejects.toBe("enough");
  });

  test("go together in a batch, each with its own outcome", async () => {
    const [sum, bad, run] = await open().batch((batch) => {
      batch.notify("nothing");
      return [batch.call("add", [1, 2]), batch.call("add", []), batch.start("climb", { steps: 2 })];
    });
    expect(sum).toEqual({ status: "fulfilled", value: 3 });
    expect(bad.status === "rejected" && bad.reason).toBeInstanceOf(InvalidParams);
    expect(run.status === "fulfilled" && (await run.value.wait())).toBe(2);
  });

  test("without an answer are done", async () => {
    const gate = name();
    const run = await open().start("climb", { steps: 2, gate });
    await client.notify("open_gate", [gate]);
    expect(await run.wait()).toBe(2);
  });
});

describe.skipIf(!url)("runs", () => {
  test("give their result", async () => {
    expect(await (await open().start("squares", { upto: 3 })).wait()).toEqual([0, 1, 4]);
  });

  test("give their result where it is a file", async () => {
    expect(await (await open().start("large")).wait()).toHaveLength(2_000_000);
  });

  test("reject with their error", async () => {
    const error = await (await open().start("break_down")).wait().catch((error) => error);
    expect(error).toBeInstanceOf(JobFailed);
    expect(error.data.error_id).toBeTruthy();
  });

  test("are cancelled and retried", async () => {
    const run = await open().start("squares", { upto: 1, gate: name() });
    await run.cancel();
    await expect(run.wait()).rejects.toBeInstanceOf(RunCancelled);
    const again = await run.retry();
    expect((await again.reload()).retry_of).toBe(run.id);
    await again.cancel();
  });

  test("are waited for no longer than one wants", async () => {
    const run = await open().start("squares", { upto: 1, gate: name() });
    await expect(run.wait({ timeout: 0.05 })).rejects.toBeInstanceOf(TimeoutError);
    await expect(run.wait({ signal: AbortSignal.timeout(50) })).rejects.toThrow("timeout");
    await run.cancel();
  });

  test("of the same key are one", async () => {
    const key = name();
    const [first, second] = await Promise.all([1, 2].map(() => open().start("climb", { steps: 2 }, { key })));
    expect(first!.id).toBe(second!.id);
  });

  test("that are not there are not found", async () => {
    await expect(open().run("absent").wait()).rejects.toBeInstanceOf(NotFound);
    await expect(client.run("absent").reload()).rejects.toBeInstanceOf(NotFound);
  });
});

describe.skipIf(!url).each([
  { way: "WebSocket", at: asgi, WebSocket: NodeWebSocket, fetch: withoutStreams, moves: ["move"] },
  { way: "server-sent events", at: url, fetch, moves: ["move"] },
  { way: "server-sent events of an ASGI server", at: asgi, fetch, moves: ["move"] },
  { way: "server-sent events where a WebSocket is refused", at: url, WebSocket: NodeWebSocket, fetch, moves: ["move"] },
  { way: "polling", at: url, fetch: withoutStreams, moves: [] },
])("updates by $way", ({ at, WebSocket, fetch, moves }) => {
  const types = ["log", "partial", ...moves];
  const open = () => (client = connect(at, { fetch }));
  beforeEach(() => void vi.stubGlobal("WebSocket", WebSocket));
  afterEach(() => void vi.unstubAllGlobals());

  test("tell a run from its start to its end", async () => {
    const gate = name();
    const run = await open().start("squares", { upto: 5, gate });
    const telling = all(client.watch(run));
    await client.call("open_gate", [gate]);
    const updates = await telling;
    expect(updates.filter(({ type }) => type === "partial").map(({ data }) => data.data)).toEqual([0, 1, 4, 9, 16]);
    expect(updates.at(-1)).toMatchObject({ type: "run", data: { state: "succeeded" } });
    expect(kept(await all(client.watch(run)), ...types)).toEqual(kept(updates, ...types));
  });

  test("are gathered into what is known of the run", async () => {
    const run = await open().start("squares", { upto: 3 });
    const topic = client.topic(`run/${run.id}`);
    expect(topic.getSnapshot()).toMatchObject({ run: null, log: [], partials: [], ended: false, error: null });
    const seen = new Set<object>();
    const stop = topic.subscribe(() => seen.add(topic.getSnapshot()));
    await run.wait();
    await Promise.resolve();
    stop();
    const last = topic.getSnapshot();
    expect(last.partials).toEqual([0, 1, 4]);
    expect(last.log.map(({ text, level, logger }) => [text, level, logger])).toEqual(
      [0, 1, 2].map((number) => [`squaring ${number}`, "WARNING", "squares"]),
    );
    expect(last.run).toMatchObject({ state: "succeeded", result: [0, 1, 4] });
    expect(last.ended).toBe(true);
    expect(seen.has(last)).toBe(true);
  });

  test("tell what runs there are", async () => {
    const runs = open().topic<{ id: string; state: string }[]>("runs");
    const stop = runs.subscribe(() => {});
    const run = await client.start("climb", { steps: 2 });
    await expect
      .poll(() => runs.getSnapshot().value?.find(({ id }) => id === run.id)?.state, { timeout: 10_000 })
      .toBe("succeeded");
    stop();
  });

  test("tell a live value", async () => {
    await open().call("set_level", [1]);
    const seen: unknown[] = [];
    const stop = client.watch("live/level", ({ type, data }) => seen.push([type, data.value]));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual([["value", 1]]);
    await client.call("set_level", [2]);
    await expect.poll(() => seen.length, { timeout: 10_000 }).toBe(2);
    client.watch("live/level", ({ type, data }) => seen.push([type, data.value]))();
    expect(seen.slice(1)).toEqual([["value", 2], ["value", 2]]);
    stop();
  });

  test("of topics that are not there fail, and the others go on", async () => {
    const run = await open().start("squares", { upto: 1, gate: name() });
    const states: unknown[] = [];
    const stop = client.watch(run, ({ data }) => states.push(data?.state));
    await expect(all(client.watch("run/absent"))).rejects.toMatchObject({ code: -32004 });
    await expect(all(client.watch("nonsense"))).rejects.toThrow();
    await run.cancel();
    await expect.poll(() => states.at(-1), { timeout: 10_000 }).toBe("cancelled");
    stop();
  });
});

describe.skipIf(!url)("updates over cuts", () => {
  test("miss nothing and have nothing twice", async () => {
    const network = withCuts(3);
    const run = await open({ fetch: network.fetch }).start("squares", { upto: 60, pause: 0.01 });
    const updates = await all(client.watch(run));
    expect(network.cuts).toBe(3);
    const whole = await all(open().watch(run));
    expect(kept(updates, "log", "partial", "move")).toEqual(kept(whole, "log", "partial", "move"));
    expect(kept(updates, "partial")).toHaveLength(60);
  });

  test("of a WebSocket miss nothing and have nothing twice", async () => {
    const network = cutting(NodeWebSocket, 3);
    vi.stubGlobal("WebSocket", network.WebSocket);
    const run = await open({ fetch: withoutStreams }, asgi).start("squares", { upto: 60, pause: 0.01 });
    const updates = await all(client.watch(run));
    vi.unstubAllGlobals();
    expect(network.cuts).toBe(3);
    const whole = await all(open().watch(run));
    expect(kept(updates, "log", "partial", "move")).toEqual(kept(whole, "log", "partial", "move"));
  });

  test("end when the client is closed", async () => {
    const run = await open().start("squares", { upto: 1, gate: name() });
    const waiting = run.wait();
    client.close();
    await expect(waiting).rejects.toThrow("the client was closed");
    await expect(run.wait()).rejects.toThrow("the client was closed");
    await run.cancel();
  });
});
