import { lazy, type ComponentType } from "react";
import { isCurrent } from "./queries";

const PAUSE_MS = 1000;
const KEY = "hotplate-loaded-anew";
/** So long after the page was loaded anew it is not again. */
const REST_MS = 10_000;

/**
 * A component whose code is loaded when it is first shown. While the server is away that waits; where the server has got
 * a new version, which has other files, the page is loaded anew.
 */
export function later<Props extends object>(load: () => Promise<{ default: ComponentType<Props> }>) {
  return lazy(() => persist(load));
}

async function persist<Module>(load: () => Promise<Module>): Promise<Module> {
  for (let hasFailed = false; ; await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))) {
    try {
      return await load();
    } catch (error) {
      const current = await isCurrent();
      if (current === false && mayLoadAnew()) {
        location.reload();
        await new Promise(() => {});
      }
      if (current !== null && hasFailed) throw error;
      hasFailed = current !== null;
    }
  }
}

function mayLoadAnew(): boolean {
  if (Date.now() - Number(sessionStorage.getItem(KEY) ?? 0) < REST_MS) return false;
  sessionStorage.setItem(KEY, String(Date.now()));
  return true;
}
