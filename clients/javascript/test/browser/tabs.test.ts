/** Tabs of one browser, which opens six connections to a server, where updates come as server-sent events. */
import type { Browser, BrowserContext, Page, Request, Route } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { connect, type Client, type Run } from "../../src/index.js";
import { isInstalled, launch } from "./chromium.js";

const { HOTPLATE_ASGI_URL: url } = process.env;
const TABS = 8;

describe.skipIf(!url || !isInstalled)("tabs", { timeout: 40_000 }, () => {
  let browser: Browser;
  let context: BrowserContext;
  let client: Client;
  /** The streams that are open. */
  let streams: Set<Request>;
  let errors: unknown[];

  beforeAll(async () => void (browser = await launch()));
  afterAll(() => browser?.close());
  beforeEach(async () => {
    client = connect(url!);
    streams = new Set();
    errors = [];
    context = await browser.newContext();
    await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
    const over = (request: Request) => streams.delete(request);
    context.on("request", (request) => request.url().includes("/updates?") && streams.add(request));
    context.on("requestfinished", over);
    context.on("requestfailed", over);
  });
  afterEach(async () => {
    client.close();
    await context.close();
    expect(errors).toEqual([]);
  });

  /** A tab that follows topics, and keeps what it is told. */
  const open = async (...topics: string[]): Promise<Page> => {
    const page = await context.newPage();
    page.on("pageerror", (error) => errors.push(error));
    page.on("close", () => [...streams].forEach((one) => pageOf(one) === page && streams.delete(one)));
    await page.goto(`${url}/page`);
    // as text, so that it is not compiled here
    await page.evaluate(`(async () => {
      const { connect } = await import("/console/client.js");
      globalThis.told = [];
      globalThis.client = connect();
      client.watch(${JSON.stringify(topics)}, (update) => told.push(update), { onError: (e) => told.push(String(e)) });
    })()`);
    return page;
  };
  const told = (page: Page): Promise<any[]> => page.evaluate("told");
  const hears = (page: Page, what: string) => page.waitForFunction(`told.some((update) => ${what})`);
  const hearsPartial = (page: Page, number: number) =>
    hears(page, `update.type === "partial" && update.data.data === ${number * number}`);
  const partials = async (page: Page) => (await told(page)).filter(({ type }) => type === "partial").length;
  const hearsTheEnd = (page: Page) => hears(page, `update.topic.startsWith("run/") && update.data?.finished_at`);

  /** What happened to a run: what nobody may miss, nor be told twice. */
  const events = (updates: any[]) =>
    updates.filter(({ type }) => ["log", "partial", "move"].includes(type)).map(({ seq, type }) => `${seq} ${type}`);
  const allOf = async (run: Run) => {
    const updates = [];
    for await (const update of client.watch(run)) updates.push(update);
    return events(updates);
  };
  /** A run; without a number it goes on until it is cancelled. */
  const start = (upto = 2000, options = {}) => client.start("squares", { upto, pause: 0.05, ...options });

  /** A run that begins when as many tabs follow it, and goes on until it is cancelled. */
  const startFor = async (tabs: number): Promise<{ run: Run; pages: Page[] }> => {
    const gate = `tabs-${Math.random()}`;
    const run = await start(undefined, { gate });
    const pages = await Promise.all(Array.from({ length: tabs }, () => open(run.topic)));
    await client.call("open_gate", [gate]);
    return { run, pages };
  };
  const pageOf = (request: Request) => request.frame().page();

  /** The only stream. */
  const theStream = async (): Promise<Request> => {
    await expect.poll(() => streams.size, { timeout: 10_000 }).toBe(1);
    return [...streams][0]!;
  };

  test("share one stream, whenever they are opened", async () => {
    const run = await start();
    const pages: Page[] = [];
    for (let i = 0; i < TABS; i++) {
      pages.push(await open(run.topic, "runs"));
      await hearsPartial(pages[i]!, i * 2);
    }
    await theStream();
    await run.cancel();
    await Promise.all(pages.map(hearsTheEnd));
    const all = await allOf(run);
    for (const page of pages) expect(events(await told(page))).toEqual(all);
    const ended = `update.topic === "runs" && update.data.id === "${run.id}" && update.data.finished_at`;
    await Promise.all(pages.map((page) => hears(page, ended)));
  });

  test("go on when the one that has the stream is closed", async () => {
    const { run, pages } = await startFor(4);
    for (const number of [3, 8, 13]) {
      await Promise.all(pages.map((page) => hearsPartial(page, number)));
      const leader = pageOf(await theStream());
      pages.splice(pages.indexOf(leader), 1);
      await leader.close();
    }
    await hearsPartial(pages[0]!, 40);
    expect(pageOf(await theStream())).toBe(pages[0]);
    await run.cancel();
    await hearsTheEnd(pages[0]!);
    expect(events(await told(pages[0]!))).toEqual(await allOf(run));
  });

  test("go on when the one that has the stream is put aside, and it catches up", async () => {
    const { run, pages } = await startFor(3);
    await Promise.all(pages.map((page) => hearsPartial(page, 3)));
    const leader = pageOf(await theStream());
    await leader.evaluate(`document.dispatchEvent(new Event("freeze"))`);
    const heard = await partials(leader);
    await Promise.all(pages.filter((page) => page !== leader).map((page) => hearsPartial(page, heard + 10)));
    expect(pageOf(await theStream())).not.toBe(leader);
    expect(await partials(leader)).toBe(heard);
    await leader.evaluate(`document.dispatchEvent(new Event("resume"))`);
    await hearsPartial(leader, heard + 20);
    await run.cancel();
    await Promise.all(pages.map(hearsTheEnd));
    const all = await allOf(run);
    for (const page of pages) expect(events(await told(page))).toEqual(all);
  });

  test("go on when the one that has the stream says nothing any more, and it catches up", async () => {
    const { run, pages } = await startFor(2);
    await Promise.all(pages.map((page) => hearsPartial(page, 3)));
    const leader = pageOf(await theStream());
    const page = pages.find((one) => one !== leader)!;
    // a minute of silence, without waiting for it: the clock of Playwright is that of all tabs
    await page.evaluate(`{
      const later = setTimeout;
      globalThis.setTimeout = (then, ms) => (ms === 60_000 ? void (globalThis.minuteLater = then) : later(then, ms));
    }`);
    await page.waitForFunction("globalThis.minuteLater");
    let hang: (route: Route) => void;
    const hanging = new Promise<Route>((resolve) => (hang = resolve));
    await context.route(/hang/, (route) => hang(route));
    await leader.evaluate(`void setTimeout(() => {
      const request = new XMLHttpRequest();
      request.open("GET", "/hang", false);
      request.send();
    })`);
    const route = await hanging;
    const heard = await partials(page);
    for await (const { type, data } of client.watch(run)) if (type === "partial" && data.data > (heard + 5) ** 2) break;
    expect(await partials(page)).toBeLessThan(heard + 5);
    await page.evaluate("minuteLater()");
    await hearsPartial(page, heard + 10);

    await route.fulfill({ body: "" });
    await hearsPartial(leader, heard + 20);
    await run.cancel();
    await Promise.all(pages.map(hearsTheEnd));
    const all = await allOf(run);
    for (const one of pages) expect(events(await told(one))).toEqual(all);
  });

  test("are told of their own topics, and of those that are not there", async () => {
    const gate = `tabs-${Math.random()}`;
    const runs = await Promise.all([start(5, { gate }), start(5, { gate })]);
    const pages = await Promise.all(runs.map((run) => open(run.topic)));
    const lost = await open("run/absent");
    await lost.waitForFunction(`told.some((one) => String(one).includes("Not found"))`);
    await Promise.all(pages.map((page) => hears(page, `update.type === "run"`)));
    await theStream();
    await client.call("open_gate", [gate]);
    for (const [i, page] of pages.entries()) {
      await hearsTheEnd(page);
      expect(events(await told(page))).toEqual(await allOf(runs[i]!));
      expect(new Set((await told(page)).map(({ topic }) => topic))).toEqual(new Set([runs[i]!.topic]));
    }
  });

  test("whose topics are more than one stream has room for have each a stream", async () => {
    const [first, second] = await Promise.all([22, 22].map((count) => client.batch((batch) => {
      return Array.from({ length: count }, () => batch.start("climb", { steps: 1 }, { delay: 3600 }));
    })));
    const runs = [first!, second!].map((all) => all.map((one) => (one as PromiseFulfilledResult<Run>).value));
    const pages = await Promise.all(runs.map((some) => open(...some.map(({ topic }) => topic))));
    const hearsOfEach = (page: Page, what: string) =>
      page.waitForFunction(`new Set(told.filter((update) => ${what}).map(({ topic }) => topic)).size === 22`);
    await Promise.all(pages.map((page) => hearsOfEach(page, `update.type === "run"`)));
    await expect.poll(() => new Set([...streams].map(pageOf))).toEqual(new Set(pages));
    await client.batch((batch) => runs.flat().map(({ id }) => batch.call("run.cancel", { id })));
    await Promise.all(pages.map((page) => hearsOfEach(page, "update.data.finished_at")));
  });

  test("that are left and come back to go on", async () => {
    const { run, pages } = await startFor(2);
    await Promise.all(pages.map((page) => hearsPartial(page, 3)));
    const leader = pageOf(await theStream());
    const other = pages.find((page) => page !== leader)!;
    await leader.evaluate("void addEventListener('pageshow', ({ persisted }) => (globalThis.isBack = persisted))");
    await leader.goto(`${url}/health`);
    await hearsPartial(other, (await partials(other)) + 5);
    await leader.goBack({ waitUntil: "commit" });
    expect(await leader.evaluate("globalThis.isBack")).toBe(true);
    await hearsPartial(leader, (await partials(other)) + 5);
    await run.cancel();
    await Promise.all(pages.map(hearsTheEnd));
    const all = await allOf(run);
    for (const page of pages) expect(events(await told(page))).toEqual(all);
  });

  test.each([
    ["headers of their own", "{ headers: { 'X-Tab': `${Math.random()}` } }"],
    ["a fetch of their own", "{ fetch: (...all) => fetch(...all) }"],
    ["a server that does not have all files", "{}", { status: 404 }],
    ["a server that has other ones", "{}", { contentType: "text/javascript", body: "export const other = 1" }],
  ])("have each a stream with %s", async (why, options, answer?: object) => {
    if (answer) await context.route(/shared\.js/, (route) => route.fulfill(answer));
    const run = await start(1, { gate: `tabs-${Math.random()}` });
    const pages = await Promise.all([1, 2].map(() => open()));
    for (const page of pages)
      await page.evaluate(`import("/console/client.js").then(({ connect }) => {
        connect(undefined, ${options}).watch("${run.topic}", (update) => told.push(update));
      })`);
    await Promise.all(pages.map((page) => hears(page, `update.type === "run"`)));
    expect(new Set([...streams].map(pageOf)), why).toEqual(new Set(pages));
    await run.cancel();
    await Promise.all(pages.map(hearsTheEnd));
  });
});
