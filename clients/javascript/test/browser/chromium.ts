/** The browser that is installed, for tests that look at pages. */
import { existsSync } from "node:fs";
import { chromium, type Browser, type Page } from "playwright-core";

const CHROMIUM = "/usr/bin/chromium";

/** Whether there is one. */
export const isInstalled = existsSync(CHROMIUM);

/** As it is for people: pages that are left are kept for a while. */
export const launch = (): Promise<Browser> =>
  chromium.launch({
    executablePath: CHROMIUM,
    args: process.getuid?.() === 0 ? ["--no-sandbox"] : [],
    ignoreDefaultArgs: ["--disable-back-forward-cache"],
  });

/** The text of an element. */
export const textOf = (page: Page, id: string): Promise<string> =>
  page.evaluate((id) => document.getElementById(id)!.textContent!, id);
