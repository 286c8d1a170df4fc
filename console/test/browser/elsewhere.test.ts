/** The calls that the console writes for other programs do what the form would, whatever was typed. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { build } from "vite";
import { cli, curl, javascriptCall, pythonCall, reactCall, type Called } from "../../src/features/functions/snippets";
import { isInstalled, launch } from "./chromium";
import { Server } from "./server";

const run = promisify(execFile);
const CONSOLE = resolve(import.meta.dirname, "../..");
const ROOT = resolve(CONSOLE, "..");
const python = process.env.HOTPLATE_PYTHON!;
const PATH = [dirname(python), process.env.PATH].join(delimiter);

const TEXTS = [
  `it's "quoted" and \\ escaped`,
  "$HOME ${HOME} $(id) `id` !! %s %PATH%",
  "two\nlines\r\nand\ta tab",
  "äöü 💡 \u2028 \u007f \u0001",
  "</script><!-- {x} ${y}",
  "@/etc/hostname",
  "-x --help",
  "true",
  "12",
  "",
  " spaces ",
  "{}",
  "\\n \\u0041 \\'",
  "'''",
];
const VALUE = {
  texts: TEXTS,
  [TEXTS[0]!]: { [TEXTS[1]!]: null },
  ...(JSON.parse('{"__proto__": {"__proto__": [true, false]}}') as object),
  class: [1.5, -0.001, 1e21, [], {}],
};

describe.skipIf(!Server.isThere || !isInstalled)("a call elsewhere", { timeout: 90_000 }, () => {
  const server = new Server();
  const folder = join(server.folder, "elsewhere");
  let browser: Browser;

  beforeAll(async () => {
    [browser] = await Promise.all([launch(), server.start()]);
    const client = join(folder, "node_modules/@hotplate/client");
    mkdirSync(client, { recursive: true });
    cpSync(join(ROOT, "src/hotplate/web/console/client.js"), join(client, "client.js"));
    cpSync(join(ROOT, "src/hotplate/web/console/shared.js"), join(client, "shared.js"));
    writeFileSync(join(client, "package.json"), '{"name": "@hotplate/client", "type": "module", "main": "client.js"}');
  });
  afterAll(async () => {
    await browser?.close();
    await server.remove();
  });

  const called = (name: string, params: Called["params"], kind: Called["kind"] = "method"): Called => ({
    name,
    kind,
    params,
    url: `${server.url}/rpc`,
  });
  const shell = async (line: string) => (await run("sh", ["-c", line], { env: { ...process.env, PATH } })).stdout;

  const nested = () => called("kinds.nested", { material: { name: TEXTS[0] }, anything: VALUE });
  const job = () => called("nothing_at_all", { n: 7 }, "job");

  /** What a program prints for the call: the result as JSON. */
  const ways: [string, (one: Called) => Promise<any>][] = [
    ["curl", async (one) => JSON.parse(await shell(`${curl(one)} -sS --fail`)).result],
    [
      "Python",
      async (one) => {
        const text = `import json, builtins\nprint = lambda value: builtins.print(json.dumps(value))\n${pythonCall(one)}`;
        return JSON.parse((await run(python, ["-c", text])).stdout);
      },
    ],
    [
      "JavaScript",
      async (one) => {
        const file = join(folder, "call.mjs");
        const log = "console.log = (value) => process.stdout.write(JSON.stringify(value));\n";
        writeFileSync(file, log + javascriptCall(one));
        return JSON.parse((await run(process.execPath, [file])).stdout);
      },
    ],
    ["the command line", async (one) => JSON.parse(await shell(cli(one)))],
  ];

  test.each(ways)("%s gets any values to a method as they are", async (_, ask) => {
    const { anything, material } = await ask(nested());
    expect(Object.entries(anything)).toEqual(Object.entries(VALUE));
    expect(material.name).toBe(TEXTS[0]);
  });

  test.each(ways.slice(1))("%s starts a job and waits for its result", async (_, ask) => {
    expect(await ask(job())).toBe(7);
  });

  test("the command line takes texts for what they are", async () => {
    for (let at = 0; at < TEXTS.length; at += 3) {
      const [short, long = "", maybe = null] = TEXTS.slice(at, at + 3);
      const given = { short, long, maybe, code: "ABC-1" };
      expect(JSON.parse(await shell(cli(called("kinds.texts", given))))).toEqual(given);
    }
  });

  test("integers of any size stay what they are", async () => {
    const one = called("kinds.numbers", { whole: -123456789012345678901234567890n });
    const printed = [
      await shell(`${curl(one)} -sS`),
      await shell(cli(one)),
      (await run(python, ["-c", pythonCall(one)])).stdout,
    ];
    for (const text of printed) expect(text).toContain("-123456789012345678901234567890");
  });

  /** A page of this server on which what React is given runs. */
  const react = async (one: Called) => {
    const app = join(folder, "App.tsx");
    writeFileSync(app, reactCall(one));
    const main = join(folder, "main.tsx");
    writeFileSync(
      main,
      `import { createElement } from "react"; import { createRoot } from "react-dom/client"; import { App } from "./App";
       createRoot(document.body.appendChild(document.createElement("div"))).render(createElement(App));`,
    );
    const client = join(ROOT, "clients/javascript/src");
    const made = await build({
      root: CONSOLE,
      configFile: false,
      logLevel: "error",
      publicDir: false,
      resolve: {
        alias: {
          "@hotplate/client/react": join(client, "react.ts"),
          "@hotplate/client": join(client, "index.ts"),
          "react-dom": join(CONSOLE, "node_modules/react-dom"),
          react: join(CONSOLE, "node_modules/react"),
        },
      },
      define: { "process.env.NODE_ENV": '"production"' },
      oxc: { jsx: { development: false } }, // which these tests are, else
      build: {
        write: false,
        lib: { entry: main, formats: ["iife"], name: "it" },
        rolldownOptions: { output: { codeSplitting: false } },
      },
    });
    const { output } = (Array.isArray(made) ? made[0] : made) as { output: { code: string }[] };
    const page = await browser.newPage();
    await page.goto(`${server.url}/health`);
    await page.evaluate(output[0]!.code);
    return page;
  };

  test("React shows what a method answers", async () => {
    const page = await react(nested());
    const shown = await page.waitForFunction(() => document.querySelector("div > pre")?.textContent);
    const text = await shown.jsonValue();
    expect(Object.entries(JSON.parse(text!).anything)).toEqual(Object.entries(VALUE));
    await page.close();
  });

  test("React starts a job and shows its run", async () => {
    const page = await react(job());
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("succeeded 7").waitFor();
    await page.close();
  });
});
