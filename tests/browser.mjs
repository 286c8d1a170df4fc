// A browser that tests in Python steer: a JSON line says what to do, a JSON line answers.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";

const { chromium } = createRequire(`${process.cwd()}/`)("playwright-core");
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
});
const tabs = await browser.newContext();
const pages = [];

function whileItLoads(error) {
  if (!/context was destroyed|navigat/i.test(error.message)) throw error;
}

const commands = {
  async open({ url, init, ...options }) {
    const page = await (init || Object.keys(options).length ? browser.newPage(options) : tabs.newPage());
    if (init) await page.addInitScript(init);
    page.problems = [];
    page.requested = [];
    page.on("pageerror", (error) => page.problems.push(String(error)));
    page.on("console", (said) => {
      if (said.type() === "error" && said.text().includes("Content Security Policy")) page.problems.push(said.text());
    });
    page.on("request", (request) => page.requested.push(request.url()));
    page.on("websocket", (socket) => page.requested.push(socket.url()));
    await page.goto(url);
    return pages.push(page) - 1;
  },
  evaluate: (page, { expression }) => page.evaluate(expression),
  until: async (page, { expression, timeout }) => {
    for (const end = Date.now() + timeout * 1000; ; await sleep(20)) {
      const value = await page.evaluate(expression).catch(whileItLoads); // from here, as pages may forbid to evaluate text
      if (value) return value;
      if (Date.now() > end) throw new Error(`nothing after ${timeout} s`);
    }
  },
  click: (page, { selector }) => page.click(selector),
  close: (page) => page.close().then(() => null),
  reload: (page) => page.reload().then(() => null),
  picture: (page, options) => page.screenshot(options).then(() => null),
  problems: (page) => page.problems,
  requested: (page) => page.requested,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { command, page, ...options } = JSON.parse(line);
  let answer;
  try {
    const result = command === "open" ? commands.open(options) : commands[command](pages[page], options);
    answer = { result: (await result) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
