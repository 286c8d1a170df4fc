/** A page in a real browser, which imports the client from the server and follows a run, also after a reload. */
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { connect } from "../../src/index.js";
import { isInstalled, launch } from "./chromium.js";

const { HOTPLATE_URL, HOTPLATE_ASGI_URL, HOTPLATE_GUIDE_URL } = process.env;

describe.skipIf(!HOTPLATE_URL || !isInstalled)("a page without a build step", () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser?.close());

  test("is what the guide shows", async () => {
    const page = await browser.newPage();
    await page.goto(HOTPLATE_GUIDE_URL!);
    await page.click("button");
    await page.waitForFunction(() => {
      const { value } = document.querySelector("progress")!;
      return value > 0 && value < 1;
    });
    await page.waitForFunction(() => document.querySelector("pre")!.textContent === "[0,1,4,9,16,25,36,49,64,81]");
    await page.goto(`${HOTPLATE_GUIDE_URL}/boiler`);
    await page.waitForFunction(() => /^6\d/.test(document.querySelector("output")!.value));
    await page.close();
  });

  test.each([
    ["WSGI", HOTPLATE_URL!, "updates?topics="],
    ["ASGI", HOTPLATE_ASGI_URL!, "websocket"],
  ])("shows a run behind %s, and goes on with it after a reload", async (_, url, way) => {
    const page = await browser.newPage();
    const ways: string[] = [];
    const errors: unknown[] = [];
    page.on("pageerror", (error) => errors.push(error));
    page.on("websocket", (socket) => socket.on("framereceived", () => ways.push("websocket")));
    page.on("response", (response) => response.ok() && ways.push(response.url()));
    const shows = (id: string, text: string) =>
      page.waitForFunction(([id, text]) => document.getElementById(id!)!.textContent!.includes(text!), [id, text]);

    await page.goto(`${url}/page`);
    await page.click("button");
    await shows("progress", '"fraction":0.5');
    expect(ways.some((one) => one.includes(way))).toBe(true);
    const run = new URL(page.url()).hash.slice(1);
    await page.reload();
    await shows("progress", '"fraction":0.5');
    expect(await page.textContent("#result")).toBe("");
    const client = connect(url);
    expect((await client.run(run).reload()).state).toBe("running");
    await client.call("open_gate", [`page-${run}`]);
    await shows("result", "4");
    expect(errors).toEqual([]);
    await page.close();
  });
});
