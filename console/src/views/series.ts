/** Values that can be drawn: series of numbers over numbers, times or names. */
import type { View } from "../schema";
import { heading, namesIn, type Column, type Table } from "./columns";

export type ChartKind = "line" | "bar" | "scatter";
export type AxisType = "number" | "time" | "text";

export interface Axis {
  label: string;
  type: AxisType;
  isLog: boolean;
}

export interface Series {
  label: string;
  /** One for each x; null where there is no number. */
  values: (number | null)[];
}

export interface Chart {
  kind: ChartKind;
  title: string;
  x: Axis & { values: number[]; texts: string[] };
  y: Axis;
  series: Series[];
  /** Whether its rows are a series by nature: x rises from each row to the next. */
  isSeries: boolean;
}

const KINDS: readonly unknown[] = ["line", "bar", "scatter"];

/** A table as a chart; null where it has no numbers, or not those that `hint` names. */
export function chartOf(table: Table, hint: View | null, position: string): Chart | null {
  const places = new Map(table.columns.map((column, place) => [column.title, place]));
  const x = xOf(table, hint, places);
  if (x === undefined) return null;
  const ys = ysOf(table, hint, places, x);
  if (!ys.length) return null;
  const axis = axisOf(table, x);
  const { order, isRising } = orderOf(axis.values);
  const pick = <T>(list: T[]): T[] => (order ? order.map((place) => list[place]!) : list);
  return {
    kind: kindOf(hint, axis.type, table),
    title: text(hint?.title),
    x: {
      label: text(hint?.x_label) || (x === null ? position : table.columns[x]!.title),
      type: axis.type,
      isLog: hint?.x_log === true,
      values: pick(axis.values),
      texts: pick(axis.texts),
    },
    y: { label: text(hint?.y_label), type: "number", isLog: hint?.y_log === true },
    series: ys.map((y) => ({
      label: table.columns[y]!.title || (ys.length > 1 ? heading(table, y) : ""),
      values: pick(table.rows.map((row) => numberIn(row[y]))),
    })),
    isSeries: isRising && axis.type !== "text" && table.rows.length > 2,
  };
}

const text = (option: unknown): string => (typeof option === "string" ? option : "");

const numberIn = (cell: unknown): number | null => {
  const number = typeof cell === "number" ? cell : typeof cell === "string" ? Number(cell || NaN) : NaN;
  return Number.isFinite(number) ? number : null;
};

function kindOf(hint: View | null, type: AxisType, table: Table): ChartKind {
  if (KINDS.includes(hint?.kind)) return hint!.kind as ChartKind;
  return type === "text" || table.of === "members" ? "bar" : "line";
}

/** The column of x; null for the position; undefined where the hint names none that is there. */
function xOf(table: Table, hint: View | null, places: Map<string, number>): number | null | undefined {
  if (typeof hint?.x === "string") return places.get(hint.x);
  if (table.of === "members") return 0;
  if (table.of === "arrays") return table.columns.length > 1 ? 0 : null;
  if (hint?.type === "chart" || table.columns.length < 2) return null;
  const [first] = table.columns;
  return first && isPlace(first, table) ? 0 : null;
}

/** Whether a column that nobody named is the place of the others. */
function isPlace({ kind }: Column, { rows }: Table): boolean {
  if (kind === "time") return true;
  if (kind !== "number") return false;
  return rows.every((row, i) => typeof row[0] === "number" && (!i || (rows[i - 1]![0] as number) < row[0]));
}

function ysOf(table: Table, hint: View | null, places: Map<string, number>, x: number | null): number[] {
  const isNumbers = (place: number | undefined): place is number => table.columns[place ?? -1]?.kind === "number";
  const wanted = namesIn(hint?.y);
  if (wanted.length) return wanted.map((name) => places.get(name)).filter(isNumbers);
  return table.columns.map((_, place) => place).filter((place) => place !== x && isNumbers(place));
}

/** Where each row stands. What has no place of its own is left out: NaN. */
function axisOf(table: Table, x: number | null): { type: AxisType; values: number[]; texts: string[] } {
  const { rows } = table;
  if (x === null) return { type: "number", values: rows.map((_, row) => row), texts: [] };
  const { kind } = table.columns[x]!;
  if (kind === "number") return { type: "number", values: rows.map((row) => numberIn(row[x]) ?? NaN), texts: [] };
  if (kind === "time") {
    const values = rows.map((row) => (typeof row[x] === "string" ? Date.parse(row[x] as string) / 1000 : NaN));
    return { type: "time", values, texts: [] };
  }
  return { type: "text", values: rows.map((_, row) => row), texts: rows.map((row) => String(row[x] ?? "")) };
}

/** The rows in the order of their x, as drawing needs it; null where they stand so. */
function orderOf(values: number[]): { order: number[] | null; isRising: boolean } {
  const isRising = values.every((value, i) => !Number.isNaN(value) && (!i || values[i - 1]! < value));
  if (isRising) return { order: null, isRising };
  const order = values.map((_, place) => place).filter((place) => !Number.isNaN(values[place]));
  return { order: order.sort((a, b) => values[a]! - values[b]!), isRising };
}
