/** Values that are tables: rows and columns out of the lists and objects that functions answer with. */
import { branches, resolve, type Components, type Schema, type View } from "../schema";
import { words } from "../words";

export type CellKind = "number" | "boolean" | "time" | "text" | "any";

export interface Column {
  title: string;
  kind: CellKind;
  schema: Schema;
}

export interface Table {
  columns: Column[];
  rows: readonly (readonly unknown[])[];
  /** What the rows are made of: whether the first column may stand for the others' place. */
  of: "objects" | "arrays" | "scalars" | "columns" | "members";
}

export type Item = Record<string, unknown>;

export const isItem = (value: unknown): value is Item =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;
export const own = (item: Item, key: string): unknown => (Object.hasOwn(item, key) ? item[key] : undefined);

/** More columns than these are a matrix, which is no table that anybody reads. */
const MOST_COLUMNS = 200;

/** A value as a table; null if it is none. `hint` may choose its columns, and makes a table of any object. */
export function tableOf(value: unknown, schema: Schema, components: Components, hint: View | null): Table | null {
  const wanted = namesIn(hint?.columns);
  if (Array.isArray(value)) return value.length ? ofList(value, schema, components, wanted) : null;
  if (!isItem(value) || !Object.keys(value).length) return null;
  return ofColumns(value, schema, components, wanted) ?? (hint?.type === "table" ? ofMembers(value) : null);
}

/** The names that a hint gives: a text or a list of texts. */
export function namesIn(option: unknown): string[] {
  return [option].flat().filter((name): name is string => typeof name === "string");
}

function ofList(list: unknown[], schema: Schema, components: Components, wanted: string[]): Table | null {
  const items = resolve(schema.items || {}, components);
  const some = list.filter((item) => item !== null);
  if (some.length && some.every(isItem)) return ofObjects(list as (Item | null)[], items, components, wanted);
  if (some.length && some.every(Array.isArray))
    return ofArrays(list as (unknown[] | null)[], items, components, wanted);
  if (!list.every(isScalar)) return null;
  const rows = list.map((item) => [item]);
  return { columns: [column(wanted[0] ?? "", schema.items || {}, components, rows, 0)], rows, of: "scalars" };
}

function ofObjects(list: (Item | null)[], schema: Schema, components: Components, wanted: string[]): Table | null {
  const row = branches(schema, components).find((one) => one.properties) ?? schema;
  const known = new Set(Object.keys(row.properties ?? {}));
  const found = new Set<string>();
  for (const item of list) if (item) for (const key of Object.keys(item)) found.add(key);
  const all = [...known].filter((key) => found.has(key)).concat([...found].filter((key) => !known.has(key)));
  const chosen = wanted.filter((key) => found.has(key));
  const keys = chosen.length ? chosen : all;
  if (!keys.length || keys.length > MOST_COLUMNS) return null;
  const rows = list.map((item) => keys.map((key) => (item ? own(item, key) : null)));
  const columns = keys.map((key, place) => column(key, row.properties?.[key] ?? {}, components, rows, place));
  return { columns, rows, of: "objects" };
}

function ofArrays(list: (unknown[] | null)[], schema: Schema, components: Components, wanted: string[]): Table | null {
  let width = 0;
  for (const item of list) width = Math.max(width, item?.length ?? 0);
  if (!width || width > MOST_COLUMNS) return null;
  const rows = list.map((item) => item ?? []);
  const columns = Array.from({ length: width }, (_, place) => {
    const cells = schema.prefixItems?.[place] ?? (schema.items || {});
    return column(wanted[place] ?? cells.title ?? "", cells, components, rows, place);
  });
  return { columns, rows, of: "arrays" };
}

/** An object of lists that are equally long: each of them is a column. */
function ofColumns(value: Item, schema: Schema, components: Components, wanted: string[]): Table | null {
  const all = Object.keys(value);
  const first = value[all[0]!];
  if (!Array.isArray(first) || !first.length || all.length > MOST_COLUMNS) return null;
  const isColumn = (list: unknown) => Array.isArray(list) && list.length === first.length && list.every(isScalar);
  if (!all.every((key) => isColumn(value[key]))) return null;
  const chosen = wanted.filter((key) => Object.hasOwn(value, key));
  const keys = chosen.length ? chosen : all;
  const rows = first.map((_, place) => keys.map((key) => (value[key] as unknown[])[place]));
  const columns = keys.map((key, place) => {
    const list = resolve(memberSchema(schema, key), components);
    return column(key, list.items || {}, components, rows, place);
  });
  return { columns, rows, of: "columns" };
}

function ofMembers(value: Item): Table {
  const rows = Object.entries(value);
  const columns = ["", ""].map((title, place) => column(title, {}, {}, rows, place));
  return { columns, rows, of: "members" };
}

/** An object's members as rows, for objects with many. */
export const membersTable = ofMembers;

/** The schema of an object's member. */
export function memberSchema(schema: Schema, key: string): Schema {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key]!;
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
}

function column(
  title: string,
  schema: Schema,
  components: Components,
  rows: readonly (readonly unknown[])[],
  place: number,
): Column {
  const resolved = resolve(schema, components);
  return { title, schema: resolved, kind: kindOf(resolved, components, rows, place) };
}

function kindOf(
  schema: Schema,
  components: Components,
  rows: readonly (readonly unknown[])[],
  place: number,
): CellKind {
  let kind = "";
  for (const row of rows) {
    const cell = row[place];
    if (cell === null || cell === undefined) continue;
    if (kind && typeof cell !== kind) return "any";
    kind = typeof cell;
  }
  const formats = branches(schema, components).map((one) => one.format);
  if (kind === "string") {
    if (formats.includes("decimal")) return "number";
    return formats.some((format) => format === "date-time" || format === "date") ? "time" : "text";
  }
  return kind === "number" || kind === "boolean" ? kind : "any";
}

/** What stands over a column that has no name of its own. */
export function heading({ columns, of }: Table, place: number): string {
  const { title } = columns[place]!;
  if (title) return title;
  if (of === "arrays") return String(place + 1);
  return of === "members" && place === 0 ? words.views.member : words.views.value;
}

export type Direction = "ascending" | "descending";

/** Rows by one column; nulls come last in either direction, equal ones stay as they were. */
export function sorted(table: Table, place: number, direction: Direction): readonly (readonly unknown[])[] {
  const sign = direction === "ascending" ? 1 : -1;
  const { kind } = table.columns[place]!;
  return [...table.rows].sort((one, other) => {
    const [a, b] = [one[place], other[place]];
    const [lacksA, lacksB] = [a === null || a === undefined, b === null || b === undefined];
    if (lacksA || lacksB) return Number(lacksA) - Number(lacksB);
    return sign * compared(a, b, kind);
  });
}

const texts = new Intl.Collator(undefined, { numeric: true });

function compared(a: unknown, b: unknown, kind: CellKind): number {
  if (kind === "number" || kind === "boolean") return Number(a) - Number(b);
  if (kind === "time") return Date.parse(String(a)) - Date.parse(String(b));
  return texts.compare(plain(a), plain(b));
}

/** A cell as plain text. */
export function plain(cell: unknown): string {
  if (cell === null || cell === undefined) return "";
  return typeof cell === "object" ? JSON.stringify(cell) : String(cell);
}
