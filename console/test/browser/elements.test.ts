/** Elements in a page of somebody else's: the one of the guide, with its strict policy. */
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { isInstalled, launch, open, problemsOf } from "./chromium";
import { Server } from "./server";

const ROOT = resolve(import.meta.dirname, "../../..");
const GUIDE = readFileSync(join(ROOT, "docs/guide/elements.md"), "utf8");
const APP = /^```python\n(.*?)^```$/ms.exec(GUIDE)![1]!;

/** Besides what the guide has. */
const MORE = `

@hp.method
def add(a: int, b: int = 2) -> int:
    """The sum."""
    return a + b


@hp.job
def wait() -> None:
    """Goes on until it is cancelled."""
    import time

    for _ in progress(range(10_000)):
        time.sleep(0.02)
`;

describe.skipIf(!Server.isThere || !isInstalled)("elements", () => {
  const server = new Server("app.py");
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  let sockets: string[];

  beforeAll(async () => {
    writeFileSync(join(server.folder, "app.py"), APP + MORE);
    [browser] = await Promise.all([launch(), server.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });

  beforeEach(async () => {
    context = await open(browser);
    page = await context.newPage();
    sockets = [];
    page.on("websocket", (socket) => sockets.push(socket.url()));
    await page.goto(server.url);
  });
  afterEach(async () => {
    expect(problemsOf(page)).toEqual([]);
    await context.close();
  });

  /** Puts another element into the page; what it tells is kept in `window.told`. */
  const add = (name: string, attributes: Record<string, string>) =>
    page.evaluate(
      ([name, attributes]) => {
        const kept = window as unknown as { told: unknown[] };
        kept.told ??= [];
        const element = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        for (const type of ["hotplate-started", "hotplate-finished"])
          element.addEventListener(type, (event) => kept.told.push([type, (event as CustomEvent).detail]));
        document.body.append(element);
      },
      [name, attributes] as const,
    );
  const told = (count: number) =>
    page
      .waitForFunction((count) => ((window as any).told ?? []).length >= count && (window as any).told, count)
      .then((handle) => handle.jsonValue() as Promise<[string, any][]>);

  test("the page of the guide runs a job, shows it, and is told of its end", async () => {
    const form = page.locator("hotplate-form");
    await expect.poll(() => form.getByLabel("times").inputValue()).toBe("40");
    await form.getByRole("button", { name: "Start" }).click();
    await form.getByText("Succeeded").waitFor();
    const run = (await server.call("run.list", { job: "roll" })).runs[0];
    await expect.poll(() => page.textContent("#said")).toBe(`rolled: ${run.result}`);
    expect(page.url()).toBe(`${server.url}/`);
  });

  test("a method answers in its form, and says so", async () => {
    await add("hotplate-form", { function: "add", params: '{"a": 40}' });
    const form = page.locator("hotplate-form[function=add]");
    await form.getByRole("button", { name: "Call" }).click();
    expect(await told(1)).toEqual([["hotplate-finished", { function: "add", result: 42 }]]);
    await form.getByText("42", { exact: true }).waitFor();
  });

  test("a run is followed to its end, and another one when the attribute says so", async () => {
    const [first, second] = [await server.run("roll", { times: 3 }), await server.run("roll", { times: 4 })];
    await add("hotplate-run", { "run-id": first.id });
    const run = page.locator("hotplate-run");
    await run.getByText("Succeeded").first().waitFor();
    await page.evaluate((id) => document.querySelector("hotplate-run")!.setAttribute("run-id", id), second.id);
    const ends = await told(2);
    expect(ends.map(([type, { id, state, result }]) => [type, id, state, result])).toEqual([
      ["hotplate-finished", first.id, "succeeded", first.result],
      ["hotplate-finished", second.id, "succeeded", second.result],
    ]);
  });

  test("the elements of a page share one connection", async () => {
    const ids = await Promise.all([1, 2].map(async () => (await server.call("wait")).id as string));
    for (const id of ids) await add("hotplate-run", { "run-id": id });
    await expect.poll(() => page.locator("hotplate-run").getByText("Running").count()).toBeGreaterThan(1);
    for (const id of ids) await server.call("run.cancel", { id });
    expect((await told(2)).map(([, { state }]) => state)).toEqual(["cancelled", "cancelled"]);
    expect(sockets).toHaveLength(1);
  });

  test("links lead to the console, in a window of its own", async () => {
    const { id } = await server.run("roll", { times: 3 });
    await add("hotplate-run", { "run-id": id });
    const link = page.locator("hotplate-run").getByRole("link").first();
    expect(await link.getAttribute("href")).toMatch(new RegExp(`^${server.url}/console/`));
    const [opened] = await Promise.all([context.waitForEvent("page"), link.click()]);
    expect(opened.url()).toMatch(`${server.url}/console/`);
    expect(page.url()).toBe(`${server.url}/`);
  });

  test("they take the colours of where they stand, and keep their styles to themselves", async () => {
    const colours = () =>
      page.evaluate(() => {
        const part = document.querySelector("hotplate-form")!.shadowRoot!.querySelector("label, h2, p, .card")!;
        return [getComputedStyle(part).color, getComputedStyle(document.querySelector("h1")!).fontFamily];
      });
    await page.locator("hotplate-form").getByRole("button", { name: "Start" }).waitFor();
    const [light, font] = await colours();
    await page.evaluate(() => document.documentElement.style.setProperty("color-scheme", "dark"));
    const [dark] = await colours();
    expect(dark).not.toBe(light);
    expect(font).not.toContain("system-ui");
  });

  test("an element that is wrong says what to do", async () => {
    await add("hotplate-form", { function: "gone" });
    await page.locator("hotplate-form[function=gone]").getByText("no function gone").waitFor();
    await add("hotplate-form", { function: "add", params: "[1]" });
    await page.getByText("params is no JSON object: [1]").waitFor();
  });

  test("they can be used by whoever hears or sees little", async () => {
    await page.locator("hotplate-form").getByRole("button", { name: "Start" }).click();
    await page.locator("hotplate-form").getByText("Succeeded").waitFor();
    for (const scheme of ["light", "dark"]) {
      await page.evaluate((scheme) => document.documentElement.style.setProperty("color-scheme", scheme), scheme);
      await page.evaluate(readFileSync(join(ROOT, "console/node_modules/axe-core/axe.min.js"), "utf8"));
      const found = await page.evaluate(() =>
        (window as any).axe
          .run("hotplate-form")
          .then(({ violations }: any) =>
            violations
              .filter(({ impact }: any) => ["serious", "critical"].includes(impact))
              .map(({ id, nodes }: any) => `${id}: ${nodes[0].html}`),
          ),
      );
      expect(found, scheme).toEqual([]);
    }
  });
});

describe.skipIf(!Server.isThere || !isInstalled)("elements in a page of another origin", () => {
  let server: Server;
  let browser: Browser;
  const foreign = createServer((_, answer) => {
    const policy = `default-src 'none'; script-src ${server.url}; connect-src ${server.url} ${server.url.replace("http", "ws")}`;
    answer.writeHead(200, { "Content-Type": "text/html", "Content-Security-Policy": policy });
    answer.end(
      `<!doctype html><html lang="en"><title>Elsewhere</title><script type="module" src="${server.url}/console/elements.js">` +
        `</script><hotplate-form function="roll" params='{"times": 9}'></hotplate-form>`,
    );
  });
  const origin = () => `http://127.0.0.1:${(foreign.address() as AddressInfo).port}`;

  beforeAll(async () => {
    await new Promise<void>((resolve) => foreign.listen(0, "127.0.0.1", resolve));
    server = new Server("app.py", { HOTPLATE_ORIGINS: origin() });
    writeFileSync(join(server.folder, "app.py"), APP);
    [browser] = await Promise.all([launch(), server.start()]);
  });
  afterAll(async () => {
    await browser?.close();
    await server?.remove();
    foreign.close();
  });

  test("they work as in the server's own, where that origin is listed", async () => {
    const page = await (await open(browser)).newPage();
    await page.goto(origin());
    const form = page.locator("hotplate-form");
    await form.getByRole("button", { name: "Start" }).click();
    await form.getByText("Succeeded").waitFor();
    const button = form.getByRole("button", { name: "Start" });
    expect(await button.evaluate((one) => getComputedStyle(one).borderRadius)).toBe("6px"); // it is dressed
    expect(problemsOf(page)).toEqual([]);
  });
});
