/** What live values were while somebody looked at them here: kept while the console is open. */

/** At one moment; a gap, in which nobody looked, has no numbers. */
export interface Point {
  /** In ms since 1970. */
  at: number;
  numbers: Readonly<Record<string, number>>;
}

/** So many points are kept of each value. */
export const MOST_POINTS = 300;

/** So many numbers of one value are kept. */
export const MOST_FIELDS = 4;

/** The points of one value, in the order of time. */
export class History {
  private _points: readonly Point[] = [];

  get points(): readonly Point[] {
    return this._points;
  }

  /** Takes a value in, once for each moment. */
  add(at: number, value: unknown): void {
    const last = this._points.at(-1);
    const numbers = numbersIn(value);
    if (!numbers || (last && at <= last.at)) return;
    this._points = [...this._points, { at, numbers }].slice(-MOST_POINTS);
  }

  /** Nobody has looked for a while. */
  pause(): void {
    const last = this._points.at(-1);
    if (last && Object.keys(last.numbers).length) this._points = [...this._points, { at: last.at, numbers: {} }];
  }
}

function numbersIn(value: unknown): Record<string, number> | null {
  if (typeof value === "number") return { "": value };
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const found = Object.entries(value).filter((pair): pair is [string, number] => typeof pair[1] === "number");
  return found.length ? Object.fromEntries(found.slice(0, MOST_FIELDS)) : null;
}

/** The numbers that points have, by name; empty for a value that is one itself. */
export function fieldsOf(points: readonly Point[]): string[] {
  const fields = new Set<string>();
  for (const { numbers } of points) for (const name of Object.keys(numbers)) fields.add(name);
  return [...fields].slice(0, MOST_FIELDS);
}

const kept = new WeakMap<object, Map<string, History>>();

/** The history of a value of a server, which its client stands for. */
export function historyOf(client: object, name: string): History {
  let all = kept.get(client);
  if (!all) kept.set(client, (all = new Map()));
  let history = all.get(name);
  if (!history) all.set(name, (history = new History()));
  return history;
}
