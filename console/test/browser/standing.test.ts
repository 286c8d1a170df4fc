/** How things stand, live: values, schedules, workers; and results that are drawn. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, launch, open, problemsOf } from "./chromium";
import { Server } from "./server";

describe.skipIf(!Server.isThere || !isInstalled)("how things stand", () => {
  const server = new Server();
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });
  beforeEach(async () => {
    context = await open(browser, { acceptDownloads: true });
    page = await context.newPage();
  });
  afterEach(async () => {
    expect(problemsOf(page)).toEqual([]);
    await context.close();
  });

  const card = (name: string) => page.getByRole("article", { name });

  test("live values change by themselves, draw their history, and go on over a restart of the server", async () => {
    await page.goto(server.page("/live"));
    await card("clock")
      .getByRole("img", { name: /wave: from/ })
      .waitFor();
    await server.call("set_level", { to: 7 });
    await card("level").getByText("7", { exact: true }).waitFor();
    await card("troubled").getByText("It cannot be told just now").waitFor();
    await server.end();
    expect(await card("level").getByText("7", { exact: true }).count()).toBe(1);
    await server.start();
    await server.call("set_level", { to: 12 });
    await card("level").getByText("12", { exact: true }).waitFor();
    await card("level").getByRole("img", { name: "level: from 7 to 12, now 12" }).waitFor();
  });

  test("a live value's own page draws what it was, and keeps it while other pages are open", async () => {
    await page.goto(server.page("/live"));
    await page.getByRole("link", { name: "clock", exact: true }).click();
    expect(page.url()).toBe(server.page("/live/clock"));
    const plot = page.getByRole("img", { name: /Line plot of History of clock/ });
    const points = async () => Number(/, (\d+) points?\./.exec((await plot.getAttribute("aria-label"))!)![1]);
    await expect.poll(points).toBeGreaterThan(3);
    const before = await points();
    await page.getByRole("link", { name: "Workers" }).click();
    await page.getByRole("heading", { name: "Workers" }).waitFor();
    await page.goBack();
    await plot.waitFor();
    expect(await points()).toBeGreaterThanOrEqual(before);
  });

  test("a schedule is paused, resumed and fired; whoever looks elsewhere sees it at once", async () => {
    const other = await context.newPage();
    await Promise.all([page.goto(server.page("/schedules")), other.goto(server.page("/schedules"))]);
    await card("every_five").getByText("every 5 minutes").waitFor();
    await card("every_five").getByRole("button", { name: "Pause" }).click();
    const elsewhere = other.getByRole("article", { name: "every_five" });
    await elsewhere.getByText("Paused", { exact: true }).waitFor();
    await elsewhere.getByRole("button", { name: "Resume" }).click();
    await card("every_five").getByText("Paused", { exact: true }).waitFor({ state: "detached" });
    await card("hourly").getByRole("button", { name: "Fire now" }).click();
    await card("hourly").getByRole("link", { name: "run", exact: true }).waitFor();
    await card("hourly").getByText("Succeeded").waitFor();
    await card("hourly").getByRole("link", { name: "Open the run" }).click();
    await page.getByText("Succeeded").first().waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/console\/runs\/[0-9a-f-]{36}$/);
  });

  test("a series is plotted in the colours of the theme, and is a table and a file besides", async () => {
    await page.goto(server.page("/functions/shown.series"));
    await page.getByRole("button", { name: "Call", exact: true }).click();
    const plot = page.getByRole("img", { name: /Line plot of shown.series, 200 points/ });
    await plot.waitFor();
    const drawn = () => plot.locator("canvas").evaluate((canvas: HTMLCanvasElement) => canvas.toDataURL());
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const [light, bright] = [await drawn(), await ground()];
    await page.getByRole("button", { name: "Colours: As the system" }).click();
    await page.getByRole("button", { name: "Colours: Light" }).click();
    await expect.poll(drawn).not.toBe(light);
    expect(await ground()).not.toBe(bright);
    await page.getByLabel("Logarithmic y").check();
    await page.getByRole("button", { name: "Table", exact: true }).click();
    expect(await page.getByRole("row").count()).toBe(101);
    const [file] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("button", { name: "Download CSV" }).click(),
    ]);
    expect(file.suggestedFilename()).toBe("shown.series.csv");
    const lines = readFileSync(await file.path(), "utf8").split("\r\n");
    expect(lines[0]).toBe("n,estimate,error");
    expect(lines).toHaveLength(202);
  });

  test("partial results grow into a plot while their run goes on", async () => {
    const run = await server.call("converge", { upto: 60, pause: 0.05 });
    await page.goto(server.page(`/runs/${run.id}`));
    const plot = page.getByRole("img", { name: /Line plot/ }).first();
    const points = async () => Number(/, (\d+) points?\./.exec((await plot.getAttribute("aria-label"))!)![1]);
    await expect.poll(points).toBeGreaterThan(5);
    const canvas = await plot.locator("canvas").elementHandle();
    const some = await points();
    await expect.poll(points).toBeGreaterThan(some);
    expect(await canvas!.evaluate((one) => one.isConnected)).toBe(true);
  });
});

describe.skipIf(!Server.isThere || !isInstalled)("workers", () => {
  const server = new Server(undefined, {}, []);
  let browser: Browser;
  let page: Page;
  let worker: ChildProcess | null = null;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
    page = await (await open(browser)).newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await endWorker("SIGTERM");
    await server.remove();
  });

  const startWorker = () => {
    const env = { ...process.env, HOTPLATE_DATA: join(server.folder, "data"), GATES: server.folder };
    const argv = ["-m", "hotplate", "worker", server.app];
    worker = spawn(process.env.HOTPLATE_PYTHON!, argv, { cwd: server.folder, env, stdio: "ignore" });
  };
  const endWorker = async (signal: NodeJS.Signals) => {
    if (!worker || worker.exitCode !== null || worker.signalCode !== null) return;
    const ended = once(worker, "exit");
    worker.kill(signal);
    await ended;
  };

  const notice = () => page.getByText("Runs wait, and no worker is alive");

  test("every page says when runs wait for a worker, until there is one", async () => {
    const run = await server.call("climb", { steps: 10, gated: true });
    await page.goto(server.page("/functions"));
    await notice().waitFor();
    expect(await page.locator(".worker-notice pre").textContent()).toMatch(/^hotplate worker \S+$/);
    startWorker();
    await notice().waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Workers" }).click();
    await page
      .getByText(/1 of \d+ slots? busy/)
      .first()
      .waitFor();
    expect(await page.getByRole("link", { name: /climb/ }).first().getAttribute("href")).toBe(
      `/console/runs/${run.id}`,
    );
    await endWorker("SIGKILL");
    await page.getByRole("heading", { name: "No worker is alive" }).waitFor();
    startWorker();
    await page.getByRole("article").waitFor();
    await server.call("open_gate", { id: run.id });
    expect((await server.call("run.wait", { id: run.id })).state).toBe("succeeded");
    expect(problemsOf(page)).toEqual([]);
  });
});

describe.skipIf(!Server.isThere || !isInstalled)("a guest with a link to a run", () => {
  const server = new Server();
  const strict = new Server(
    server.app,
    { HOTPLATE_DATA: join(server.folder, "data"), HOTPLATE_ACCESS: "accounts", GATES: server.folder },
    [],
  );
  let browser: Browser;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
    await strict.start();
  });
  afterAll(async () => {
    await browser?.close();
    await strict.remove();
    await server.remove();
  });

  test.each(["WebSocket", "EventSource"])("follows it, though workers are none of theirs: by %s", async (way) => {
    const run = await server.call("climb", { steps: 6, pause: 0.05, gated: true });
    const { url } = await server.call("run.share", { id: run.id });
    const context = await open(browser);
    if (way !== "WebSocket") await context.addInitScript(() => Reflect.deleteProperty(globalThis, "WebSocket"));
    const page = await context.newPage();
    await page.goto(strict.url + url);
    await page.getByText("at the gate").first().waitFor();
    await server.call("open_gate", { id: run.id });
    await page.getByText("Succeeded").first().waitFor();
    expect(await page.getByText("no worker is alive").count()).toBe(0);
    expect(problemsOf(page)).toEqual([]);
    await context.close();
  });
});
