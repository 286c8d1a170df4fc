/** Functions are called, and runs started, from their forms. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isInstalled, launch, open, problemsOf } from "./chromium";
import { Server } from "./server";

const NASTY = 'it\'s "quoted" \\ `$HOME` $(id) <b>äö💡\u2028</b>';

describe.skipIf(!Server.isThere || !isInstalled)("functions", { timeout: 60_000 }, () => {
  const server = new Server();
  let browser: Browser;
  let context: BrowserContext;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
    context = await open(browser, { timezoneId: "Europe/Vienna", reducedMotion: "reduce" });
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });

  const visit = async (path: string): Promise<Page> => {
    const page = await context.newPage();
    await page.goto(server.page(path));
    await page.locator("form").waitFor();
    return page;
  };

  /** Goes on by the Tab key to what has this name. */
  const tabTo = async (page: Page, name: string) => {
    for (let press = 0; press < 80; press++) {
      await page.keyboard.press("Tab");
      const found = await page.evaluate(() => {
        const at = document.activeElement as HTMLInputElement;
        return at.getAttribute("aria-label") ?? at.labels?.[0]?.textContent ?? at.textContent ?? "";
      });
      if (found.trim() === name) return;
    }
    throw new Error(`the Tab key does not lead to ${name}`);
  };

  /** Fills a form by the keyboard: for each field the keys that are pressed, or the text that is typed. */
  const fill = async (page: Page, fields: [name: string, ...keys: string[]][]) => {
    for (const [name, ...keys] of fields) {
      await tabTo(page, name);
      for (const key of keys) {
        if (/^\{[A-Z][\w+]*\}$/.test(key)) await page.keyboard.press(key.slice(1, -1));
        else await page.keyboard.type(key);
      }
    }
  };

  /** Sends the form, and what was sent and answered, as texts: numbers are not rounded in them. */
  const send = async (page: Page, method: string) => {
    const isIt = (body: string | null) => !!body?.includes(`"method":"${method}"`);
    const [response] = await Promise.all([
      page.waitForResponse((one) => isIt(one.request().postData())),
      page.keyboard.press("Control+Enter"),
    ]);
    return { sent: response.request().postData()!, answer: await response.text() };
  };

  const filled: [string, [string, ...string[]][], unknown][] = [
    [
      "kinds.texts",
      [
        ["short", NASTY, "{Shift+Enter}", "second line"],
        ["long", "{Control+a}", "a", "{Enter}", "b"],
        ["code", "{Control+a}", "XYZ-9"],
      ],
      { short: `${NASTY}\nsecond line`, long: "a\nb", maybe: null, code: "XYZ-9" },
    ],
    [
      "kinds.choices",
      [
        ["fast", "{ArrowRight}"],
        ["green", "{ArrowRight}"],
        ["2", "{ArrowLeft}"],
        ["whole number", "{ArrowRight}"],
        ["either: text", "7"],
        ["Circle", "{ArrowRight}"],
        ["side", "2.5"],
        ["turned", "{Space}"],
        ["Set choice", "{Enter}"],
      ],
      {
        mode: "slow",
        colour: "blue",
        level: 1,
        either: "7",
        shape: { type: "square", side: 2.5, turned: true },
        choice: {},
      },
    ],
    [
      "kinds.times",
      [
        // in the order of days, months and hours that the browser has
        ["day", "02022026"],
        ["at", "02022026", "083015a"],
        ["clock", "091500a"],
        ["lasting", "{Control+a}", "1h 30m"],
        ["key", "5f0c9f8e-6b1d-4c52-9f59-0d6a1c2e7b10"],
      ],
      {
        day: "2026-02-02",
        at: "2026-02-02T08:30:15+01:00",
        clock: "09:15:00",
        lasting: "PT5400S",
        key: "5f0c9f8e-6b1d-4c52-9f59-0d6a1c2e7b10",
        maybe: null,
      },
    ],
  ];

  test.each(filled)(
    "%s is filled in by the keyboard alone, and comes back as it was typed",
    async (method, fields, answered) => {
      const page = await visit(`/functions/${method}`);
      await fill(page, fields);
      const { answer } = await send(page, method);
      expect(JSON.parse(answer).result).toEqual(answered);
      await page.getByRole("region", { name: "Answer" }).waitFor();
      expect(problemsOf(page)).toEqual([]);
      await page.close();
    },
  );

  test("models, lists, tuples, dictionaries and tables are filled in by the keyboard alone", async () => {
    const page = await visit("/functions/kinds.nested");
    await fill(page, [
      ["name", "steel"],
      ["density", "{Control+a}", "7.8e3"],
      ["Add an item to tags", "{Enter}"],
    ]);
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "tags, item 1");
    await page.keyboard.type(NASTY);
    await fill(page, [
      ["Set tree", "{Enter}"],
      ["value", "1"],
      ["Add an item to below", "{Enter}"],
    ]);
    await page.waitForFunction(() => document.activeElement?.closest("[data-row]"));
    await page.keyboard.press("Shift+Tab"); // the item begins with what folds it
    await fill(page, [
      ["value", "2"],
      ["Set places", "{Enter}"],
      ["Add an item to places", "{Enter}"],
    ]);
    await page.waitForFunction(
      () => (document.activeElement as HTMLInputElement).labels?.[0]?.textContent === "Item 1",
    );
    await page.keyboard.type("1.5");
    await fill(page, [
      ["Item 2", "-2"],
      ["Item 3", "here"],
      ["Set sizes", "{Enter}"],
      ["Add an entry", "{Enter}"],
    ]);
    await page.waitForFunction(() => document.activeElement?.getAttribute("aria-label") === "sizes, key 1");
    await page.keyboard.type("__proto__");
    await fill(page, [
      ["matrix", "1\t2", "{Enter}", "3\t4.5"],
      ["Item 1", "{Control+a}", "-1"],
      ["anything", "{Control+a}", `{"list": [null, true, 1.5, "x"], "": {}}`],
    ]);
    const { answer } = await send(page, "kinds.nested");
    expect(answer).toContain(`"sizes":{"__proto__":[]}`);
    expect(JSON.parse(answer).result).toMatchObject({
      material: { name: "steel", density: 7800, colour: "red", tags: [NASTY] },
      tree: { value: 1, below: [{ value: 2, below: [] }] },
      places: [[1.5, -2, "here"]],
      matrix: [
        [1, 2],
        [3, 4.5],
      ],
      corner: [-1, 0],
      anything: { list: [null, true, 1.5, "x"], "": {} },
    });
    await page.close();
  });

  test("numbers are sent to their last digit", async () => {
    const page = await visit("/functions/kinds.numbers");
    await fill(page, [
      ["whole", "-123456789012345678901234567890"],
      ["real", "{Control+a}", "1e-300"],
      ["price", "{Control+a}", "0.10"],
      ["maybe", "0.1"],
      ["is_exact", "{Space}"],
    ]);
    const { answer } = await send(page, "kinds.numbers");
    for (const told of [
      `"whole":-123456789012345678901234567890`,
      `"limited":3`,
      `"real":1e-300`,
      `"huge":9007199254740993`,
      `"price":"0.10"`,
      `"maybe":0.1`,
      `"is_exact":false`,
    ]) {
      expect(answer).toContain(told);
    }
    await page.close();
  });

  test("what the server alone finds wrong stands at the field", async () => {
    const params = JSON.stringify({ day: "0000-01-01", at: "2026-11-21T08:00:00Z" });
    const page = await visit(`/functions/kinds.times?params=${encodeURIComponent(params)}`);
    await page.keyboard.press("Control+Enter");
    const day = page.getByLabel("day", { exact: true });
    await page.locator('input[aria-invalid="true"]').waitFor();
    expect(await day.getAttribute("aria-invalid")).toBe("true");
    await page.waitForFunction(() => (document.activeElement as HTMLInputElement).labels?.[0]?.textContent === "day");
    await page.getByRole("alert").getByText("Invalid RFC3339 encoded date").waitFor();
    await page.close();
  });

  test("a click on what moves because a field was left is a click nevertheless", async () => {
    const page = await visit("/functions/kinds.numbers");
    await page.getByLabel("whole", { exact: true }).fill("1");
    await page.getByLabel("limited", { exact: true }).fill("11");
    await page.getByRole("button", { name: "Call" }).click();
    await page.getByText("1 field needs another look").waitFor();
    await page.close();
  });

  test("files are sent with their forms", async () => {
    const path = join(server.folder, `${"a 'b'"}.txt`);
    writeFileSync(path, "contents of the file");
    const page = await visit("/functions/measure");
    await page.getByLabel("file", { exact: true }).setInputFiles(path);
    await page.getByText("a 'b'.txt").waitFor();
    await page.getByLabel("others", { exact: true }).setInputFiles([path, path]);
    await page.waitForFunction(() => document.querySelectorAll(".file-name").length === 3);
    await page.locator("form progress").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Start" }).click();
    await page.waitForURL(/\?run=/);
    const id = new URL(page.url()).searchParams.get("run")!;
    await expect
      .poll(async () => (await server.call("run.wait", { id })).result, { timeout: 20_000 })
      .toEqual({ name: "a 'b'.txt", size: 20, type: "text/plain", head: "contents of the file", others: 2 });
    expect(problemsOf(page)).toEqual([]);
    await page.close();
  });

  test("a run that was started is there after a reload, with what was typed", async () => {
    const page = await visit("/functions/climb");
    await page.getByLabel("steps", { exact: true }).fill("7");
    await page.getByLabel("pause", { exact: true }).fill("0");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\?run=/);
    await page.getByText("Succeeded").waitFor();
    await page.reload();
    await page.getByText("Succeeded").waitFor();
    expect(await page.getByLabel("steps", { exact: true }).inputValue()).toBe("7");
    await page.goBack();
    await page.getByText("A run that is started here").waitFor();
    await page.close();
  });

  test("a run's inputs are taken over and changed", async () => {
    const { id } = await server.run("climb", { steps: 4, pause: 0 });
    const page = await visit(`/functions/climb?from=${id}`);
    await page.getByRole("link", { name: id }).waitFor();
    const steps = page.getByLabel("steps", { exact: true });
    expect(await steps.inputValue()).toBe("4");
    await steps.fill("5");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\?run=/);
    const run = await server.call("run.get", { id: new URL(page.url()).searchParams.get("run")! });
    expect(run.params).toEqual({ steps: 5, pause: 0 });
    await page.close();
  });

  test("a function is found by the keyboard", async () => {
    const page = await context.newPage();
    await page.goto(server.page("/functions"));
    await page.getByRole("link", { name: /kinds\.texts/ }).waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("some kinds");
    await page.getByText("1 of").waitFor();
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/functions\/kinds\.texts$/);
    await page.close();
  });
});
