import { words } from "../../words";

/** How a worker is started for this application, whose import name is its title. */
export function command(): string {
  const { title = "" } = document.body.dataset;
  return words.workers.command(/^\w+(\.\w+)*$/.test(title) ? title : "APP");
}
