/** What holds for every page: nothing scrolls sideways, everybody can use it, nothing runs that came as a value. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isInstalled, launch, NARROW, open, problemsOf, WIDE } from "./chromium";
import { Server } from "./server";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const NASTY = `<img src=x onerror="document.title='ran'"><svg onload="document.title='ran'">[x](javascript:alert(1))`;

const FUNCTIONS = [
  "kinds.texts",
  "kinds.numbers",
  "kinds.choices",
  "kinds.times",
  "kinds.nested",
  "kinds.raw",
  "measure",
];
const PAGES = [
  "/functions",
  "/runs",
  "/live",
  "/schedules",
  "/workers",
  "/nowhere",
  "/runs/unknown",
  "/functions/unknown",
];

/** A job and params for each kind of run that can be looked at. */
const RUNS: Record<string, [string, object]> = {
  number: ["climb", { steps: 3, pause: 0 }],
  partials: ["converge", { upto: 20, pause: 0 }],
  log: ["talk", { lines: 60 }],
  failed: ["fail", { message: NASTY }],
  file: ["write", { name: "a <b>.csv" }],
  picture: ["picture", {}],
  large: ["large", {}],
};

describe.skipIf(!Server.isThere || !isInstalled)("every page", { timeout: 100_000 }, () => {
  const server = new Server();
  let browser: Browser;
  const runs: Record<string, string> = {};

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
    for (const [kind, [job, params]] of Object.entries(RUNS)) runs[kind] = (await server.run(job, params)).id;
    runs.running = (await server.call("climb", { steps: 10, gated: true })).id;
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });

  /** Until all that the page asks for is there. */
  const settled = async (page: Page) => {
    await page.locator("main h1").first().waitFor({ timeout: 10_000 });
    await page.waitForFunction(() => !document.querySelector(".waiting"), undefined, { timeout: 10_000 });
  };

  /** What is wrong with a page, as lines. */
  const complaints = async (page: Page, path: string): Promise<string[]> => {
    await page.goto(server.page(path));
    const late = await settled(page).then(
      () => [],
      (error: Error) => [error.message.split("\n")[0]!],
    );
    await page.evaluate(AXE);
    const { violations } = await page.evaluate(() => (globalThis as any).axe.run());
    const grave = violations.filter(({ impact }: { impact: string }) => ["serious", "critical"].includes(impact));
    const unusable = grave.flatMap((one: any) => one.nodes.map((node: any) => `${one.id}: ${node.html}`));
    const beyond = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    const all = [
      ...late,
      ...unusable,
      ...(beyond > 0 ? [`scrolls sideways by ${beyond} px`] : []),
      ...problemsOf(page),
    ];
    problemsOf(page).length = 0;
    return all.map((one) => `${path}: ${one}`);
  };

  const paths = () => [
    ...PAGES,
    ...FUNCTIONS.map((name) => `/functions/${name}`),
    ...Object.values(runs).map((id) => `/runs/${id}`),
  ];

  const looks = [
    { colorScheme: "light", viewport: WIDE },
    { colorScheme: "dark", viewport: WIDE },
    { colorScheme: "light", viewport: NARROW },
  ] as const;

  test.each(looks)("can be used by everybody, $colorScheme, $viewport.width px", async (look) => {
    const context = await open(browser, { ...look, reducedMotion: "reduce" });
    const page = await context.newPage();
    const found: string[] = [];
    for (const path of paths()) found.push(...(await complaints(page, path)));
    expect(found).toEqual([]);
    await context.close();
  });

  test("asks no other host, and little of its own", async () => {
    const context = await open(browser);
    const page = await context.newPage();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    page.on("websocket", (socket) => asked.push(socket.url()));
    await page.goto(server.page("/functions"));
    await settled(page);
    await page.waitForFunction(() => document.querySelector('.connection[data-state="on"]'));
    expect(asked.filter((url) => new URL(url).host !== new URL(server.url).host && !url.startsWith("data:"))).toEqual(
      [],
    );
    expect(asked.length, asked.join("\n")).toBeLessThanOrEqual(8);
    await context.close();
  });

  test("draws each line in its own colour, also for whoever wants nothing to move", async () => {
    const context = await open(browser, { reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(server.page(`/runs/${runs.partials}`));
    await page.locator("main canvas").first().waitFor();
    const colours = () =>
      page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>("main canvas")!;
        const { data } = canvas.getContext("2d")!.getImageData(0, 0, canvas.width, canvas.height);
        const found = new Set<string>();
        for (let at = 0; at < data.length; at += 4) if (data[at + 3] === 255) found.add(data.slice(at, at + 3).join());
        return found.size;
      });
    await expect.poll(colours).toBeGreaterThan(2);
    await context.close();
  });

  test("writes what docstrings say in Markdown as it is meant", async () => {
    const context = await open(browser);
    const page = await context.newPage();
    await page.goto(server.page("/functions/kinds.texts"));
    await page.locator("main .markdown table code", { hasText: "ABC-12" }).waitFor();
    expect(await page.getByRole("link", { name: "text area" }).getAttribute("href")).toBe("https://example.org/");
    await context.close();
  });
});
