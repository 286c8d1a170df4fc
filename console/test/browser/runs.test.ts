/** Runs in the console, whatever happens to its pages and to the server. */
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, launch, open, problemsOf } from "./chromium";
import { commands, family, ticks } from "./processes";
import { Server } from "./server";

const WITHIN = { timeout: 20_000 };

describe.skipIf(!Server.isThere || !isInstalled)("runs in the console", { timeout: 100_000 }, () => {
  const server = new Server();
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });
  beforeEach(async () => {
    context = await open(browser);
    context.setDefaultTimeout(20_000);
  });
  afterEach(async () => {
    for (const page of context.pages()) expect(problemsOf(page)).toEqual([]);
    await context.close();
  });

  const at = async (path: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(server.page(path));
    return page;
  };
  const badge = (page: Page, state: string) => page.locator(".run-head .badge", { hasText: state }).waitFor(WITHIN);
  const says = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor(WITHIN);
  const click = (page: Page, name: string) => page.getByRole("button", { name, exact: true }).click();
  const idOf = (page: Page) => new URL(page.url()).pathname.split("/").pop()!;

  /** Until something is so. */
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    for (const end = Date.now() + WITHIN.timeout; !(await isSo());) {
      if (Date.now() > end) throw new Error(`it has not come about: ${isSo}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };

  test("a run goes on when its page is reloaded, and closed and opened by its link", async () => {
    const { id } = await server.call("climb", { steps: 20, pause: 0.02, gated: true });
    const page = await at(`/runs/${id}`);
    await badge(page, "Running");
    await says(page, "at the gate");
    expect(await page.title()).toMatch(/^50 % · climb/);
    await page.reload();
    await says(page, "at the gate");
    await says(page, "step 10 of 20");
    await page.close();
    const again = await at(`/runs/${id}`);
    await says(again, "at the gate");
    await server.call("open_gate", { id });
    await badge(again, "Succeeded");
    await says(again, "step 20 of 20");
    await until(async () => (await again.title()).startsWith("Done · climb"));
    expect(await again.getByText(/^step \d+ of 20$/).count()).toBe(20);
  });

  test("a run and its page outlive the death of the server", async () => {
    const { id } = await server.call("climb", { steps: 10, pause: 0.01, gated: true });
    const page = await at(`/runs/${id}`);
    await says(page, "at the gate");
    const all = family(server.pid);
    for (const pid of all) process.kill(pid, "SIGKILL");
    await server.end();
    await until(() => all.every((pid) => !commands([pid])[0]));
    await says(page, "Not connected. Trying again…");
    await badge(page, "Running");
    await server.start();
    await says(page, "its worker was lost; it is run again");
    await says(page, /^Attempt 2, /);
    await server.call("open_gate", { id });
    await badge(page, "Succeeded");
    await says(page, "step 10 of 10");
  });

  test("cancelling frees the processor", async () => {
    const { id } = await server.call("spin", { seconds: 600 });
    const page = await at(`/runs/${id}`);
    await badge(page, "Running");
    const busiest = async () => {
      const before = ticks(family(server.pid));
      await new Promise((resolve) => setTimeout(resolve, 500));
      const after = [...ticks([...before.keys()])].map(([pid, used]) => [pid, used - before.get(pid)!] as const);
      return after.sort(([, a], [, b]) => b - a)[0]!;
    };
    await until(async () => (await busiest())[1] > 5);
    const [pid] = await busiest();
    await click(page, "Cancel");
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the run" }).click();
    await badge(page, "Cancelled");
    await until(() => commands([pid])[0] === "");
  });

  test("cancelling ends what the job has started", async () => {
    const { id } = await server.call("shell", { seconds: 601 });
    const sleeps = () => commands(family(server.pid)).some((command) => command.includes("time.sleep(601"));
    const page = await at("/runs");
    await until(sleeps);
    const row = page.locator(".runs-row", { hasText: id.slice(0, 8) });
    await row.getByRole("button", { name: "Cancel the run of shell" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel the run" }).click();
    await row.getByText("Cancelled", { exact: true }).waitFor(WITHIN);
    await until(() => !sleeps());
  });

  test("a failed run is run again", async () => {
    const { id } = await server.run("fail", { message: "no <b>plate</b>" });
    const page = await at(`/runs/${id}`);
    await says(page, "The job failed");
    await says(page, "ValueError: no <b>plate</b>");
    await says(page, "failed; it is tried again");
    await click(page, "Run again");
    await page.waitForURL((url) => !url.pathname.endsWith(id));
    await badge(page, "Failed");
    expect(await page.getByRole("link", { name: id.slice(0, 8), exact: true }).getAttribute("href")).toContain(id);
    await page.goBack();
    expect(idOf(page)).toBe(id);
  });

  test("a run is run again with other inputs", async () => {
    const { id } = await server.run("climb", { steps: 4, pause: 0.01 });
    const page = await at(`/runs/${id}`);
    await page.getByRole("link", { name: "Edit and run" }).click();
    const steps = page.getByLabel("steps", { exact: false }).first();
    await steps.waitFor();
    expect(await steps.inputValue()).toBe("4");
    await steps.fill("3");
    await click(page, "Start");
    await badge(page, "Succeeded");
    await page.locator(".run-head").getByRole("link", { name: "climb" }).click();
    await page.getByRole("heading", { name: "Inputs" }).waitFor();
    expect((await server.call("run.get", { id: idOf(page) })).params).toMatchObject({ steps: 3 });
  });

  test("a long log is quick to read, and followed until somebody scrolls up", async () => {
    const { id } = await server.run("talk", { lines: 10_000 });
    const page = await at(`/runs/${id}`);
    const box = page.getByRole("log");
    await says(page, "10,002 lines");
    await box.getByText("to the error stream").waitFor(WITHIN);
    expect(await box.locator(".log-line").count()).toBeLessThan(1_000);
    await box.evaluate((box) => box.scrollTo(0, 0));
    await box.getByText("line 0", { exact: true }).waitFor();
    await click(page, "To the end");
    await box.getByText("to the error stream").waitFor();
    await page.getByLabel("Search the log").fill("line 77");
    await says(page, "111 matches in 111 lines");
  });

  test("what a run says comes while it is looked at", async () => {
    const page = await at("/functions/converge?params=%7B%22upto%22%3A200%2C%22pause%22%3A0.02%7D");
    await click(page, "Start");
    await badge(page, "Running");
    await says(page, "Results so far");
    await badge(page, "Succeeded");
    await page.getByText("estimate 200", { exact: true }).waitFor(WITHIN);
  });

  test("two tabs tell the same of all runs and of one", async () => {
    const [list, other] = [await at("/runs"), await at("/runs")];
    const { id } = await server.call("climb", { steps: 10, pause: 0.01, gated: true });
    const rowIn = (page: Page) => page.locator(".runs-row", { hasText: id.slice(0, 8) });
    for (const page of [list, other]) await rowIn(page).getByText("50 %").waitFor(WITHIN);
    await rowIn(other).getByRole("link").click();
    await says(other, "at the gate");
    await rowIn(list).getByRole("button", { name: "Cancel the run of climb" }).click();
    await list.getByRole("dialog").getByRole("button", { name: "Cancel the run" }).click();
    await badge(other, "Cancelled");
    await rowIn(list).getByText("Cancelled", { exact: true }).waitFor(WITHIN);
  });

  test("who has a link looks at its run and at nothing else, until it is taken back", async () => {
    const own = { HOTPLATE_DATA: `${server.folder}/data`, HOTPLATE_ACCESS: "accounts" };
    const outside = new Server(undefined, own, []);
    try {
      await outside.start();
      const { id } = await server.call("climb", { steps: 10, pause: 0.01, gated: true });
      const page = await at(`/runs/${id}`);
      await says(page, "at the gate");
      await click(page, "Share");
      await click(page, "Make a link");
      const link = new URL(await page.getByLabel("Link to share").inputValue());
      const visitors = await open(browser);
      const visitor = await visitors.newPage();
      await visitor.goto(outside.url + link.pathname);
      expect(visitor.url()).toBe(outside.page(`/runs/${id}`));
      await says(visitor, "at the gate");
      await says(visitor, "step 5 of 10");
      await until(async () => !(await visitor.locator(".run-actions").count()));
      await server.call("open_gate", { id });
      await badge(visitor, "Succeeded");
      await visitor.getByRole("heading", { name: "Result" }).waitFor();
      await visitor.goto(outside.page("/runs"));
      await says(visitor, "Runs are shown to those who are signed in");
      await click(page, "Stop sharing");
      await says(page, "Links to this run no longer work.");
      await visitor.goto(outside.page(`/runs/${id}`));
      await says(visitor, "There is no such run");
      expect(problemsOf(visitor)).toEqual([]);
      await visitors.close();
    } finally {
      await outside.remove();
    }
  });

  test("one run is found among 20,000", async () => {
    await server.run("fail", { message: "needle 4711" });
    await server.call("fill", { runs: 20_000 });
    const page = await at("/runs?job=nothing_at_all");
    await says(page, "1–50 of 20,000");
    await page.getByRole("link", { name: "Older" }).click();
    await says(page, "51–100 of 20,000");
    await page.goBack();
    await says(page, "1–50 of 20,000");
    await page.getByLabel("Job").fill("");
    await page.getByRole("navigation", { name: "State" }).getByRole("link", { name: "Failed" }).click();
    await page.getByRole("searchbox").fill("NEEDLE 4711");
    await page.waitForURL(/text=NEEDLE/);
    await until(async () => (await page.locator(".runs-row").count()) === 1);
    await page.locator(".runs-row").getByRole("link").click();
    await says(page, "ValueError: needle 4711");
    await page.goBack();
    expect(await page.getByRole("searchbox").inputValue()).toBe("NEEDLE 4711");
  });
});
