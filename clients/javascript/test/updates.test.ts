/** How a connection is made, lost and made again. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { connect, NotFound, Unauthenticated } from "../src/index.js";
import type { Client, HttpOptions, Update } from "../src/index.js";
import { ended, FakeWebSocket, going, line, stream, TOPIC } from "./fakes.js";

let client: Client;
let told: Update[];
let failed: Error[];

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal("WebSocket", FakeWebSocket);
  FakeWebSocket.all = [];
  [told, failed] = [[], []];
});
afterEach(() => {
  client.close();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const later = (ms = 1) => vi.advanceTimersByTimeAsync(ms);
const seqs = () => told.map(({ seq, type }) => `${seq} ${type}`);
const watch = (topics: string | string[], options?: HttpOptions) => {
  client = connect("http://server.example/tools/rpc", options);
  return client.watch(topics, (one) => told.push(one), { onError: (error) => failed.push(error) });
};

/** A fetch whose answers are given one after the other, the last one again and again. */
const answers = (...all: (() => Response | Promise<Response>)[]) => {
  const asked: string[] = [];
  const fetch = (async (url, init) => {
    asked.push(`${init?.method ?? "GET"} ${String(url)}`);
    return (all.length > 1 ? all.shift()! : all[0]!)();
  }) as typeof globalThis.fetch;
  return { asked, fetch };
};

const wants = (sent: FakeWebSocket["sent"]) => sent.map(({ method, params }) => ({ method, ...params }));

test("a WebSocket beside the RPC address is asked for each topic", async () => {
  watch([TOPIC, "workers"]);
  await later();
  const socket = FakeWebSocket.last;
  expect([socket.url, socket.protocol]).toEqual(["ws://server.example/tools/updates", "hotplate.v1"]);
  socket.open();
  expect(wants(socket.sent)).toEqual([
    { method: "updates.subscribe", topics: [TOPIC], after: {} },
    { method: "updates.subscribe", topics: ["workers"], after: {} },
  ]);
});

test("after a cut it comes back and asks for what it has not seen; what comes twice is told once", async () => {
  watch(TOPIC);
  await later();
  FakeWebSocket.last.open();
  FakeWebSocket.last.tell(going(0), line(1), line(2));
  FakeWebSocket.last.lose();
  await later(501);
  expect(FakeWebSocket.all).toHaveLength(2);
  FakeWebSocket.last.open();
  expect(wants(FakeWebSocket.last.sent)).toEqual([
    { method: "updates.subscribe", topics: [TOPIC], after: { [TOPIC]: 2 } },
  ]);
  FakeWebSocket.last.tell(going(2), line(2), line(3), ended(4));
  expect(seqs()).toEqual(["0 run", "1 log", "2 log", "2 run", "3 log", "4 run"]);
});

test("a run that has ended is followed no more, and the connection is closed with the last topic", async () => {
  watch([TOPIC, "workers"]);
  await later();
  const socket = FakeWebSocket.last;
  socket.open();
  socket.tell(ended(4));
  await later();
  expect(wants(socket.sent).at(-1)).toEqual({ method: "updates.unsubscribe", topics: [TOPIC] });
  expect(socket.isClosed).toBe(false);
});

test("who leaves and comes back in one go keeps the connection; who stays away closes it", async () => {
  const stop = watch("workers");
  await later();
  FakeWebSocket.last.open();
  stop();
  await later(500);
  const again = client.watch("workers", () => {});
  await later(5000);
  expect(FakeWebSocket.last.isClosed).toBe(false);
  again();
  await later(1100);
  expect(FakeWebSocket.last.isClosed).toBe(true);
  expect(FakeWebSocket.all).toHaveLength(1);
});

test("a server that says nothing for 40 s is left", async () => {
  watch("workers");
  await later();
  FakeWebSocket.last.open();
  await later(39_000);
  FakeWebSocket.last.say({ jsonrpc: "2.0", method: "heartbeat" });
  await later(39_000);
  expect(FakeWebSocket.last.isClosed).toBe(false);
  await later(2_000);
  expect(FakeWebSocket.all).toHaveLength(2);
});

test("a server that restarts is back soon; one that is away is asked ever less often, up to 30 s", async () => {
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  const { fetch } = answers(() => Promise.reject(new TypeError("away")));
  watch("workers", { fetch });
  await later();
  FakeWebSocket.last.open();
  FakeWebSocket.last.lose(1012);
  await later(1000);
  const tries: number[] = [];
  for (let now = 0; now < 240_000; now += 100) {
    const socket = FakeWebSocket.last;
    if (!socket.isClosed) {
      socket.lose();
      tries.push(now);
    }
    await later(100);
  }
  const pauses = tries.slice(1).map((at, i) => Math.round((at - tries[i]!) / 1000));
  expect(pauses.slice(0, 14)).toEqual([1, 1, 1, 2, 3, 4, 6, 9, 13, 19, 29, 30, 30, 30]);
});

test("a browser that is online again tries at once", async () => {
  const page = new EventTarget();
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
  vi.spyOn(Math, "random").mockReturnValue(0.999);
  const { fetch } = answers(() => Promise.reject(new TypeError("away")));
  watch("workers", { fetch });
  for (let i = 0; i < 200; i++) {
    await later(100);
    if (!FakeWebSocket.last.isClosed) FakeWebSocket.last.lose();
  }
  const before = FakeWebSocket.all.length;
  page.dispatchEvent(new Event("online"));
  await later();
  expect(FakeWebSocket.all.length).toBe(before + 1);
});

test("whoever is not signed in is told so, and does not try again until somebody looks anew", async () => {
  watch("workers");
  await later();
  FakeWebSocket.last.open();
  FakeWebSocket.last.lose(4401);
  await later(60_000);
  expect(failed).toEqual([expect.any(Unauthenticated)]);
  expect(FakeWebSocket.all).toHaveLength(1);
});

test("a topic that is not there fails alone", async () => {
  watch([TOPIC, "workers"]);
  await later();
  const socket = FakeWebSocket.last;
  socket.open();
  socket.say({ jsonrpc: "2.0", id: socket.sent[0]!.id, error: { code: -32004, message: "Not found" } });
  expect(failed).toEqual([expect.any(NotFound)]);
  socket.tell({ topic: "workers", seq: 0, type: "workers", data: [] });
  expect(told.at(-1)!.topic).toBe("workers");
});

test("where a WebSocket is refused events are streamed, and where they are refused it is polled", async () => {
  const streamed = answers(() => stream([going(0), line(1)]));
  watch(TOPIC, { fetch: streamed.fetch });
  await later();
  FakeWebSocket.last.lose();
  await later();
  expect(streamed.asked).toEqual([`GET http://server.example/tools/updates?topics=${TOPIC}`]);
  expect(seqs()).toEqual(["0 run", "1 log"]);
  client.close();

  const polled = answers(
    () => new Response("<h1>Not found</h1>", { status: 404 }),
    () => Response.json([]),
  );
  watch("workers", { fetch: polled.fetch });
  await later();
  FakeWebSocket.last.lose();
  await later();
  expect(polled.asked.at(-1)).toBe("POST http://server.example/tools/rpc");
});

test.each([
  [401, Unauthenticated, -32001],
  [404, NotFound, -32004],
])("a topic for which events are refused with %d fails alone", async (status, error, code) => {
  vi.stubGlobal("WebSocket", undefined);
  const refused = () => Response.json({ jsonrpc: "2.0", id: null, error: { code, message: "No" } }, { status });
  const asked: string[] = [];
  const fetch = (async (url, init) => {
    asked.push(`${init?.method ?? "GET"} ${String(url).split("=").at(-1)}`);
    return String(url).includes("workers") ? refused() : stream(init?.method === "HEAD" ? [] : [going(0), line(1)]);
  }) as typeof globalThis.fetch;
  watch([TOPIC, "workers"], { fetch });
  await later(200);
  expect(failed).toEqual([expect.any(error)]);
  expect(seqs()).toEqual(["0 run", "1 log"]);
  expect(asked).toEqual([`GET ${TOPIC},workers`, `HEAD ${TOPIC}`, "HEAD workers", `GET ${TOPIC}`]);
});

test("with a token there is no WebSocket, which cannot send it", async () => {
  const { asked, fetch } = answers(() => stream([]));
  watch("workers", { fetch, token: "secret" });
  await later();
  expect(FakeWebSocket.all).toEqual([]);
  expect(asked).toHaveLength(1);
});

test("a stream that a busy server ends is asked for again when it says, after what was seen", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const { asked, fetch } = answers(
    () => stream([going(0), line(1)], true),
    () => stream([going(1), ended(2)]),
  );
  watch(TOPIC, { fetch });
  await later(900);
  expect(asked).toHaveLength(1);
  await later(1200);
  expect(asked[1]).toBe(`GET http://server.example/tools/updates?topics=${TOPIC}&after=${TOPIC}=1`);
  expect(seqs()).toEqual(["0 run", "1 log", "1 run", "2 run"]);
  await later(60_000);
  expect(asked).toHaveLength(2);
});

test("a record that is away for a while makes polling wait, not fail", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const answer = (body: object) => (_: unknown, init?: RequestInit) =>
    [JSON.parse(String(init!.body))].flat().map(({ id }: any) => ({ id, ...body }));
  const turns = [answer({ error: { code: -32020, message: "away" } }), answer({ result: [] })];
  watch("workers", {
    fetch: async (url, init) =>
      String(url).includes("/updates")
        ? new Response("", { status: 404 })
        : Response.json((turns.length > 1 ? turns.shift()! : turns[0]!)(url, init)),
  });
  await later(3000);
  expect(failed).toEqual([]);
  expect(told[0]).toEqual({ topic: "workers", seq: 0, type: "workers", data: [] });
});

test("a stream that something on the way holds back is given up for polling", async () => {
  vi.stubGlobal("WebSocket", undefined);
  const { asked, fetch } = answers(
    () => new Promise(() => {}),
    () => Response.json([]),
  );
  const abortable = ((url, init) =>
    Promise.race([
      fetch(url, init),
      new Promise((_, reject) => init?.signal?.addEventListener("abort", () => reject(init.signal!.reason))),
    ])) as typeof globalThis.fetch;
  watch("workers", { fetch: abortable });
  await later(10_100);
  expect(asked.at(-1)).toBe("POST http://server.example/tools/rpc");
});

test("objects of state topics are told apart by id, or by name where they have none", async () => {
  watch(["runs", "schedules"]);
  await later();
  FakeWebSocket.last.open();
  const value = (topic: string) => (client.topic(topic).getSnapshot() as { value: unknown }).value;
  const say = (topic: string, type: string, data: unknown) => FakeWebSocket.last.tell({ topic, seq: 1, type, data });
  say("runs", "runs", [{ id: "a" }, { id: "b" }]);
  say("runs", "run", { id: "b", state: "running" });
  say("runs", "run", { id: "c" });
  expect(value("runs")).toEqual([{ id: "c" }, { id: "a" }, { id: "b", state: "running" }]);
  say("schedules", "schedules", [{ name: "daily" }, { name: "weekly" }]);
  say("schedules", "schedule", { name: "weekly", version: 2 });
  expect(value("schedules")).toEqual([{ name: "daily" }, { name: "weekly", version: 2 }]);
});

test("the topic `connection` tells whether updates come, and no server is asked for it", async () => {
  watch(TOPIC);
  const seen: unknown[] = [];
  const connection = client.topic<boolean>("connection");
  const stop = connection.subscribe(() => seen.push(connection.getSnapshot().value));
  await later();
  expect(connection.getSnapshot()).toEqual({ value: null, error: null });
  FakeWebSocket.last.open();
  FakeWebSocket.last.tell(going(0));
  await later();
  FakeWebSocket.last.lose();
  await later(501);
  FakeWebSocket.last.open();
  await later();
  expect(seen).toEqual([true, false, true]);
  expect(wants(FakeWebSocket.last.sent).map(({ topics }) => topics)).toEqual([[TOPIC]]);
  stop();
  client.close();
  await later(2000);
  expect(connection.getSnapshot().value).toBe(false);
});
