/** The browser that is installed, and pages in it. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is one. */
export const isInstalled = existsSync(CHROMIUM);

export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: CHROMIUM, args: process.getuid?.() === 0 ? ["--no-sandbox"] : [] });

export const WIDE = { width: 1280, height: 900 };
export const NARROW = { width: 390, height: 844 };

/** A window in English, whose pages keep what went wrong in them: see `problemsOf`. */
export async function open(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: WIDE, locale: "en-GB", ...options });
  context.on("page", (page) => {
    const problems: string[] = [];
    found.set(page, problems);
    page.on("pageerror", (error) => problems.push(String(error)));
    page.on("console", (said) => {
      if (said.type() === "error" && !/Failed to load resource|WebSocket connection/.test(said.text()))
        problems.push(said.text());
    });
    page.on("dialog", (dialog) => {
      problems.push(`a dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
  });
  return context;
}

const found = new WeakMap<Page, string[]>();

/** What the page's code has raised, refused by its Content-Security-Policy or said to be an error. */
export const problemsOf = (page: Page): string[] => found.get(page) ?? [];
