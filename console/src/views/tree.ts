/** JSON as a tree of lines, of which only those are made that are open. */

export interface Line {
  /** A JSONPath: unique. */
  path: string;
  key: string | null;
  value: unknown;
  level: number;
  /** How many it has within it; null for what has none. */
  size: number | null;
  isOpen: boolean;
  /** How many more of those within `path` there are: then it is no value, but the way to more. */
  left: number;
  place: number;
  of: number;
}

/** So many within one are shown at first, and with each asking for more. */
export const SLICE = 100;

/** How many of those within it are shown, by path; none for what is closed. */
export type Opened = ReadonlyMap<string, number>;

export function lines(value: unknown, opened: Opened): Line[] {
  const all: Line[] = [];
  add(all, "$", null, value, 1, opened, 1, 1);
  return all;
}

function add(
  all: Line[],
  path: string,
  key: string | null,
  value: unknown,
  level: number,
  opened: Opened,
  place: number,
  of: number,
): void {
  const keys = keysOf(value);
  const most = opened.get(path) ?? 0;
  all.push({ path, key, value, level, size: keys, isOpen: most > 0, left: 0, place, of });
  if (!keys || !most) return;
  const isList = Array.isArray(value);
  const names = isList ? null : Object.keys(value as object);
  const shown = Math.min(most, keys);
  const count = shown + Number(keys > most);
  for (let i = 0; i < shown; i++) {
    const name = names ? names[i]! : String(i);
    const child = isList ? value[i] : (value as Record<string, unknown>)[name];
    add(all, isList ? `${path}[${i}]` : path + step(name), name, child, level + 1, opened, i + 1, count);
  }
  if (keys <= most) return;
  const more = { path: `${path}…`, key: null, value: path, level: level + 1, size: null, isOpen: false };
  all.push({ ...more, left: keys - most, place: count, of: count });
}

function keysOf(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  return typeof value === "object" && value !== null ? Object.keys(value).length : null;
}

const step = (name: string): string => (/^[A-Za-z_]\w*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`);

/** What is open at first: as much as is read at a glance. */
export function firstOpened(value: unknown): Opened {
  const opened = new Map([["$", SLICE]]);
  const made = lines(value, opened);
  if (made.length > 20) return opened;
  for (const line of made) if (line.size && line.level === 2) opened.set(line.path, SLICE);
  return lines(value, opened).length > 60 ? new Map([["$", SLICE]]) : opened;
}

/** A value in a few characters. */
export function brief(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 200 ? `${value.slice(0, 200)}…` : value);
  return String(value);
}
