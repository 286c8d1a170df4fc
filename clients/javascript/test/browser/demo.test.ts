/** Runs of the demonstration go on in pages whatever happens to the pages and to the server. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect, type Run } from "../../src/index.js";
import { isInstalled, launch, textOf } from "./chromium.js";
import { Demo } from "./demo.js";

type Estimate = { estimate: number };

/** What the network lets through; the client takes the best of it. */
const WAYS: Record<string, { isTaken: (urls: string[]) => boolean; limit: (context: BrowserContext) => Promise<unknown> }> = {
  WebSocket: { isTaken: (urls) => urls.some((url) => url.startsWith("ws:")), limit: async () => {} },
  "server-sent events": {
    isTaken: (urls) => urls.some((url) => url.includes("/updates?")) && !urls.some((url) => url.startsWith("ws:")),
    limit: (context) => context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket")),
  },
  polling: {
    isTaken: (urls) => !urls.some((url) => url.startsWith("ws:") || url.includes("/updates?")),
    async limit(context) {
      await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
      await context.route(/\/updates\?/, (route) => route.fulfill({ status: 404, body: "no such page" }));
    },
  },
};

describe.skipIf(!Demo.isThere || !isInstalled)("a run of the demonstration", { timeout: 100_000 }, () => {
  const demo = new Demo();
  const client = connect(demo.url);
  const contexts = new Map<string, BrowserContext>();
  /** What has answered on a page. */
  const answered = new Map<Page, string[]>();
  let browser: Browser;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), demo.start()]);
    for (const [way, { limit }] of Object.entries(WAYS)) {
      const context = await browser.newContext();
      await limit(context);
      contexts.set(way, context);
    }
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    await demo.end();
  });

  const open = async (way: string, query = ""): Promise<Page> => {
    const page = await contexts.get(way)!.newPage();
    const urls: string[] = [];
    answered.set(page, urls);
    page.on("websocket", (socket) => socket.on("framereceived", () => urls.push(socket.url())));
    page.on("response", (answer) => answer.ok() && urls.push(answer.url()));
    await page.goto(`${demo.url}/page${query}`);
    return page;
  };

  /** A run that has been started by a click, and a page for each way, on which it is shown. */
  const begin = async (samples: number): Promise<{ run: Run<Estimate>; pages: Map<string, Page> }> => {
    const first = await open("WebSocket", `?samples=${samples}`);
    await first.click("button");
    await first.waitForURL(/#/);
    const run = client.run<Estimate>(new URL(first.url()).hash.slice(1));
    const pages = new Map([["WebSocket", first]]);
    for (const way of ["server-sent events", "polling"]) pages.set(way, await open(way, `#${run.id}`));
    return { run, pages };
  };

  /** How much of a run that has not come to its end is done. */
  const doneOn = async (page: Page) => {
    expect(await textOf(page, "result")).toBe("");
    return Number(await textOf(page, "done"));
  };
  const goesOn = (page: Page, beyond: number) =>
    page.waitForFunction((beyond) => Number(document.getElementById("done")!.textContent) > beyond, beyond);
  const eachOf = <T>(pages: Map<string, Page>, look: (page: Page, way: string) => Promise<T>) =>
    Promise.all([...pages].map(([way, page]) => look(page, way)));

  /** All pages show the run's end, by the way that each was to take. */
  const showsTheResult = async (run: Run<Estimate>, pages: Map<string, Page>) => {
    const { estimate } = await run.wait({ timeout: 60 });
    await eachOf(pages, async (page, way) => {
      await page.waitForFunction(() => document.getElementById("result")!.textContent !== "");
      expect(await textOf(page, "result")).toBe(String(estimate));
      expect(WAYS[way]!.isTaken(answered.get(page)!), `${way}: ${answered.get(page)}`).toBe(true);
      await page.close();
    });
  };

  /** So many samples as keep a worker of this machine busy for some seconds. */
  const samplesFor = async (seconds: number) => {
    const probe = await client.start("estimate_pi", { samples: 2_000_000 });
    const topic = client.topic(`run/${probe.id}`);
    const stop = topic.subscribe(() => {});
    await probe.wait();
    stop();
    return Math.round(topic.getSnapshot().progress!.rate! * seconds);
  };

  test("goes on when its page is reloaded, and when it is closed and opened again", async () => {
    const { run, pages } = await begin(await samplesFor(8));
    const again = new Map<string, Page>();
    await eachOf(pages, async (page, way) => {
      await goesOn(page, 0);
      const before = await doneOn(page);
      await page.reload();
      await goesOn(page, before);
      const later = await doneOn(page);
      await page.close();
      again.set(way, await open(way, `#${run.id}`));
      await goesOn(again.get(way)!, later);
    });
    await showsTheResult(run, again);
    expect((await run.reload()).attempt).toBe(1);
  });

  test("goes on in open pages when the web process is killed", async () => {
    const { run, pages } = await begin(await samplesFor(8));
    await eachOf(pages, (page) => goesOn(page, 0));
    const killed = demo.web;
    process.kill(killed, "SIGKILL");
    await eachOf(pages, async (page) => goesOn(page, await doneOn(page)));
    expect(demo.web).not.toBe(killed);
    await showsTheResult(run, pages);
    expect((await run.reload()).attempt).toBe(1);
  });

  test("goes on in open pages when server and worker are ended and started again", async () => {
    const { run, pages } = await begin(await samplesFor(10));
    await eachOf(pages, (page) => goesOn(page, 0));
    await demo.end();
    const before = await eachOf(pages, doneOn);
    await demo.start();
    await Promise.all([...pages.values()].map((page, i) => goesOn(page, before[i]!)));
    await showsTheResult(run, pages);
  });
});
