/** Runs of whose end people want to be told, by a notification of the browser, while the console is open. */
import { useSyncExternalStore } from "react";
import { words } from "../../words";
import type { Run } from "./domain";

/** Calls `ended` when a run comes to its end, until the function returned is called. */
export type Follow = (ended: (run: Run) => void) => () => void;

/** By the ids of the runs: what ends the following. */
const wanted = new Map<string, () => void>();
const listeners = new Set<() => void>();

const tell = () => listeners.forEach((listener) => listener());

const subscribe = (listener: () => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** Whether people want to be told of the end of a run. */
export const useBell = (id: string): boolean => useSyncExternalStore(subscribe, () => wanted.has(id));

/** Whether this browser can tell. */
export const canRing = (): boolean => "Notification" in globalThis;

/** Asks the browser's leave the first time; false if that is refused. `open` shows the run. */
export async function wantRing(id: string, follow: Follow, open: () => void): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  if (!wanted.has(id)) {
    wanted.set(id, () => {});
    const stop = follow((run) => {
      if (!wanted.has(id)) return;
      unwantRing(id);
      ring(run, open);
    });
    if (wanted.has(id)) wanted.set(id, stop);
    else stop(); // it had ended already
    tell();
  }
  return true;
}

export function unwantRing(id: string): void {
  wanted.get(id)?.();
  wanted.delete(id);
  tell();
}

function ring(run: Run, open: () => void): void {
  try {
    const text = words.runs.notified[run.state as keyof typeof words.runs.notified](run.job);
    const note = new Notification(text, { body: run.error?.message, tag: run.id });
    note.onclick = () => {
      window.focus();
      open();
      note.close();
    };
  } catch {
    // a browser in which only service workers may tell
  }
}
