/** The lines of a run's log: which are shown, and as what. */
import type { LogLine, Move } from "./domain";

/** A line, or the place where another attempt begins. */
export type Item = { kind: "line"; line: LogLine } | { kind: "attempt"; move: Move };

export interface LogFilter {
  /** The lowest level, as Python numbers them. */
  level: number;
  text: string;
}

const LEVELS: Record<string, number> = { DEBUG: 10, INFO: 20, WARNING: 30, ERROR: 40, CRITICAL: 50 };

/** A level of an application's own counts as information. */
export const levelOf = (line: LogLine): number => LEVELS[line.level] ?? Number(/\d+$/.exec(line.level)?.[0] ?? 20);

// what only terminals understand: colours and movements, titles and links, single letters
const ESCAPES = /\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])|[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

const plain = new WeakMap<LogLine, string>();

/** The text of a line without what only terminals understand. */
export function textOf(line: LogLine): string {
  let text = plain.get(line);
  if (text === undefined) plain.set(line, (text = line.text.replace(ESCAPES, "")));
  return text;
}

/** What is shown of a log, with the beginnings of attempts after the first. */
export function itemsOf(log: readonly LogLine[], moves: readonly Move[], { level, text }: LogFilter): Item[] {
  const starts = moves.filter(({ name }) => name === "claim").slice(1);
  const sought = text.toLowerCase();
  const items: Item[] = [];
  let next = 0;
  for (const line of log) {
    while (starts[next] && starts[next]!.seq < line.seq) items.push({ kind: "attempt", move: starts[next++]! });
    if (level && levelOf(line) < level) continue;
    if (sought && !textOf(line).toLowerCase().includes(sought)) continue;
    items.push({ kind: "line", line });
  }
  while (starts[next]) items.push({ kind: "attempt", move: starts[next++]! });
  return items;
}

/** A text cut where what is sought begins and ends: every second part is a match. */
export function cut(text: string, sought: string): string[] {
  if (!sought) return [text];
  const parts: string[] = [];
  const [lower, wanted] = [text.toLowerCase(), sought.toLowerCase()];
  if (lower.length !== text.length) return [text]; // a letter whose small one has another length
  let from = 0;
  for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, from)) {
    parts.push(text.slice(from, at), text.slice(at, at + wanted.length));
    from = at + wanted.length;
  }
  return [...parts, text.slice(from)];
}

const LENGTHS = {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  fractionalSecondDigits: 3,
  hourCycle: "h23",
} as const;
const clock = new Intl.DateTimeFormat("en", LENGTHS);

/** The time of the day at which a line was said, to the millisecond. */
export const clockOf = (at: string | Date): string => clock.format(new Date(at));

/** The lines as a text file has them. */
export const asText = (items: readonly Item[]): string =>
  items
    .map((item) =>
      item.kind === "attempt"
        ? `--- ${item.move.at.toISOString()} attempt ${item.move.attempt}`
        : `${item.line.at} ${item.line.logger === undefined ? "" : `${item.line.level} ${item.line.logger}: `}${textOf(item.line)}`,
    )
    .join("\n");
