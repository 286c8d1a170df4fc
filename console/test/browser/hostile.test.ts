/** Whatever comes as a value, a name, a text of a log or of an error stays a text: nothing of it runs. */
import { readFileSync } from "node:fs";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isInstalled, launch, open, problemsOf } from "./chromium";
import { Server } from "./server";

const RUN = "document.title='ran'";

const CORPUS = [
  `<script>${RUN}</script>`,
  `<img src=x onerror="${RUN}">`,
  `<svg onload="${RUN}"><animate onbegin="${RUN}" attributeName=x dur=1s>`,
  `"><iframe srcdoc="<script>parent.${RUN}</script>"></iframe>`,
  `</textarea></pre></code><script>${RUN}</script>`,
  `<a href="javascript:${RUN}">x</a> [x](javascript:${RUN}) <javascript:${RUN}>`,
  `![x](x" onerror="${RUN}) [y]( \u0001javascript:${RUN}) [z](java\tscript:${RUN})`,
  `[x]: javascript:${RUN}\n\n[x] \`\`\`html\n<script>${RUN}</script>\n\`\`\``,
  `{{constructor.constructor("${RUN}")()}} \${${RUN}} #{${RUN}}`,
  `javascript:${RUN}`,
  `data:text/html,<script>${RUN}</script>`,
  `__proto__`,
  `\u202egnp.\u2066\u0000\ud83d\ude00 \u001b[31m`,
  `'; DROP TABLE runs; -- %00 ../../etc/passwd`,
];

describe.skipIf(!Server.isThere || !isInstalled)("what is hostile", { timeout: 100_000 }, () => {
  const server = new Server();
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
    context = await open(browser, { acceptDownloads: true });
    page = await context.newPage();
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });

  const look = async (path: string) => {
    await page.goto(server.page(path));
    await page.locator("main h1").first().waitFor();
    await page.waitForFunction(() => !document.querySelector(".waiting"));
  };
  const isHarmless = async (what: string) => {
    expect(await page.title(), what).not.toBe("ran");
    const live = page.locator("main img[onerror], main script, main iframe, main svg[onload], a[href^='javascript' i]");
    expect(await live.count(), what).toBe(0);
    expect(problemsOf(page), what).toEqual([]);
  };
  const called = async (name: string, text: string) => {
    await look(`/functions/${name}?params=${encodeURIComponent(JSON.stringify({ text }))}`);
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await page.getByRole("region", { name: "Answer" }).waitFor();
  };

  test.each(CORPUS)("stays a text as param, result and Markdown: %s", async (text) => {
    for (const name of ["shown.nasty", "shown.markdown"]) {
      await called(name, text);
      await isHarmless(name);
    }
  });

  test("stays a text in inputs, logs, errors, tracebacks and names of files", async () => {
    const calls = CORPUS.map((message, id) => ({ jsonrpc: "2.0", id, method: "fail", params: { message } }));
    const body = JSON.stringify(calls);
    const headers = { "Content-Type": "application/json" };
    const started = await (await fetch(`${server.url}/rpc`, { method: "POST", headers, body })).json();
    for (const { result } of started) {
      const { id } = result;
      let run = result;
      while (!run.finished_at) run = await server.call("run.wait", { id });
      await look(`/runs/${id}`);
      await page.getByText("about to fail").first().waitFor();
      await isHarmless(JSON.stringify(run.error));
    }
    for (const name of CORPUS.slice(0, 4)) {
      await look(`/runs/${(await server.run("write", { name })).id}`);
      await isHarmless(name);
    }
    await look(`/runs?text=${encodeURIComponent(CORPUS[1]!)}`);
    await isHarmless("the list of runs");
  });

  test("stays a text in live values, docstrings and addresses", async () => {
    await look("/live");
    for (const to of CORPUS) {
      await server.call("set_note", { to });
      await isHarmless(to);
    }
    await page.getByText("DROP TABLE").first().waitFor();
    await isHarmless("live values");
    await look("/functions/shown.hostile");
    await isHarmless("a docstring");
    await look("/functions");
    await isHarmless("summaries");
    for (const part of ["functions", "runs", "live", "shared"]) {
      await look(`/${part}/${encodeURIComponent(CORPUS[1]!)}`);
      await isHarmless(part);
    }
  });

  test("a picture with scripts in it is shown as a picture", async () => {
    await look(`/runs/${(await server.run("picture")).id}`);
    await page.locator("main img").first().waitFor();
    expect(await page.title()).not.toBe("run");
    await isHarmless("a picture");
  });

  test("a file comes as it was written", async () => {
    const run = await server.run("write", { name: "a <b>.csv", size: 3_000_000 });
    await look(`/runs/${run.id}`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /Download/ }).click(),
    ]);
    const got = readFileSync(await download.path());
    expect([got.length, got.toString("latin1", 0, 4)]).toEqual([3_000_000, "x,x,"]);
    expect(download.suggestedFilename()).toMatch(/^a .b..csv$/);
  });
});
