/** Which view a value gets: the one that its type asks for, if the value fits it, else the one that shows it best. */
import { branches, resolve, type Components, type Schema, type View } from "../schema";
import { words } from "../words";
import { isItem, isScalar, membersTable, own, tableOf, type Item, type Table } from "./columns";
import { chartOf, type Chart } from "./series";

export interface FileValue {
  id: string;
  name: string;
  media_type: string;
  size: number;
  url: string;
}

export type Choice =
  | { kind: "null"; isNumber: boolean }
  | { kind: "number"; value: number }
  | { kind: "boolean"; value: boolean }
  | { kind: "decimal" | "text" | "id" | "markdown" | "bytes" | "duration"; value: string }
  | { kind: "time"; value: string; format: string }
  | { kind: "image"; source: ImageSource }
  | { kind: "file"; file: FileValue }
  | { kind: "table"; table: Table; chart: Chart | null; first: "table" | "plot" }
  | { kind: "empty"; of: "list" | "object" }
  | { kind: "list"; items: unknown[]; schema: Schema }
  | { kind: "members"; value: Item; schema: Schema }
  | { kind: "json" };

export type ImageSource = { file: FileValue } | { base64: string; mediaType: string } | { svg: string };

/** So many members are a list of facts; more are a table. */
const MOST_MEMBERS = 40;
const MOST_FILES = 24;
/** So few numbers are read rather than looked at. */
const FEW_NUMBERS = 3;

export function choose(value: unknown, declared: Schema, components: Components): Choice {
  const schema = fitting(declared, components, value);
  const hint = schema["x-hotplate-view"] ?? null;
  return (hint && asked(value, schema, components, hint)) ?? natural(value, schema, components);
}

/** The branch of a schema that a value belongs to, with the hint that stands beside the whole. */
export function fitting(declared: Schema, components: Components, value: unknown): Schema {
  const schema = resolve(declared, components);
  const all = branches(schema, components);
  if (all.length === 1) return schema;
  const branch = all.find((one) => fits(one, value)) ?? {};
  const hint = branch["x-hotplate-view"] ?? schema["x-hotplate-view"];
  return hint ? { ...branch, "x-hotplate-view": hint } : branch;
}

function fits(schema: Schema, value: unknown): boolean {
  if (schema.const !== undefined) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  if (Array.isArray(value)) return schema.type === "array";
  if (!isItem(value)) return !schema.type || isOfType(schema.type as string, value);
  if (schema.type !== "object") return !schema.type;
  const tags = Object.entries(schema.properties ?? {}).filter(([, one]) => one.enum?.length === 1);
  return (
    (schema.required ?? []).every((key) => Object.hasOwn(value, key)) &&
    tags.every(([key, one]) => own(value, key) === undefined || one.enum![0] === own(value, key))
  );
}

function isOfType(type: string, value: unknown): boolean {
  if (type === "null") return value === null;
  if (type === "integer") return Number.isInteger(value);
  return typeof value === type;
}

/** What a hint asks for; null where the value does not fit it. */
function asked(value: unknown, schema: Schema, components: Components, hint: View): Choice | null {
  if (hint.type === "markdown") return typeof value === "string" && value ? { kind: "markdown", value } : null;
  if (hint.type === "image") return image(value, schema, hint);
  if (hint.type !== "chart" && hint.type !== "table") return null;
  const table = tableOf(value, schema, components, hint.type === "table" ? hint : null) ?? numbers(value, hint);
  if (!table) return null;
  const chart = chartOf(table, hint.type === "chart" ? hint : null, words.views.position);
  if (hint.type === "table")
    return { kind: "table", table, chart: table.of === "members" ? null : chart, first: "table" };
  return chart && { kind: "table", table, chart, first: "plot" };
}

/** An object of numbers, of which a chart makes a bar each. */
function numbers(value: unknown, hint: View): Table | null {
  if (hint.type !== "chart" || !isItem(value)) return null;
  const all = Object.values(value);
  return all.some((one) => typeof one === "number") && all.every((one) => one === null || typeof one === "number")
    ? membersTable(value)
    : null;
}

function image(value: unknown, schema: Schema, hint: View): Choice | null {
  const given = typeof hint.media_type === "string" ? hint.media_type : "";
  if (isFile(value)) return isImage(given || value.media_type) ? { kind: "image", source: { file: value } } : null;
  if (typeof value !== "string" || !value) return null;
  if (schema.contentEncoding === "base64") {
    return isImage(given) ? { kind: "image", source: { base64: value, mediaType: given } } : null;
  }
  return /^\s*<(\?xml|!--|!doctype svg|svg)/i.test(value) ? { kind: "image", source: { svg: value } } : null;
}

/** A media type of a picture. What it says beyond that is the browser's to judge: in `<img>` nothing runs. */
export const isImage = (type: string): boolean => /^image\/[\w.+-]+$/.test(type);

export function isFile(value: unknown): value is FileValue {
  if (!isItem(value)) return false;
  const { id, url, name, media_type, size } = value;
  return [id, url, name, media_type].every((one) => typeof one === "string") && url !== "" && typeof size === "number";
}

function natural(value: unknown, schema: Schema, components: Components): Choice {
  if (value === null || value === undefined) return { kind: "null", isNumber: isNumeric(schema) };
  if (typeof value === "number") return { kind: "number", value };
  if (typeof value === "boolean") return { kind: "boolean", value };
  if (typeof value === "string") return ofText(value, schema);
  if (Array.isArray(value)) return ofList(value, schema, components);
  return isItem(value) ? ofItem(value, schema, components) : { kind: "json" };
}

const isNumeric = ({ type }: Schema): boolean => type === "number" || type === "integer";

function ofText(value: string, { format, contentEncoding }: Schema): Choice {
  if (contentEncoding === "base64" && value) return { kind: "bytes", value };
  if (format === "decimal" || format === "duration") return { kind: format, value };
  if (format === "uuid") return { kind: "id", value };
  if ((format === "date-time" || format === "date") && !Number.isNaN(Date.parse(value))) {
    return { kind: "time", value, format };
  }
  return { kind: "text", value };
}

function ofList(value: unknown[], schema: Schema, components: Components): Choice {
  if (!value.length) return { kind: "empty", of: "list" };
  if (value.length <= MOST_FILES && value.every(isFile)) {
    return { kind: "list", items: value, schema: schema.items || {} };
  }
  const table = tableOf(value, schema, components, null);
  if (!table || !isReadable(table)) return { kind: "json" };
  const chart = value.length > 1 ? chartOf(table, null, words.views.position) : null;
  return ofTable(table, chart);
}

/** Cells that are themselves large are better read as a tree. */
function isReadable({ rows }: Table): boolean {
  return rows.slice(0, 100).every((row) => row.every((cell) => isScalar(cell) || JSON.stringify(cell).length < 200));
}

/** Plots stand first where nothing but numbers is there, and more than a few. */
function ofTable(table: Table, chart: Chart | null): Choice {
  if (table.of === "scalars") {
    const isPlot = chart && table.rows.length > FEW_NUMBERS;
    return { kind: "table", table, chart: isPlot ? chart : null, first: isPlot ? "plot" : "table" };
  }
  const all = table.columns.every(({ kind }) => kind === "number" || kind === "time");
  const isDrawn = chart && table.columns.filter(({ kind }) => kind === "number").length > 1 - Number(hasTime(table));
  if (!isDrawn) return { kind: "table", table, chart: null, first: "table" };
  return { kind: "table", table, chart, first: all && chart.isSeries ? "plot" : "table" };
}

const hasTime = ({ columns }: Table): boolean => columns[0]?.kind === "time";

function ofItem(value: Item, schema: Schema, components: Components): Choice {
  const size = Object.keys(value).length;
  if (!size) return { kind: "empty", of: "object" };
  if (isFile(value))
    return isImage(value.media_type) ? { kind: "image", source: { file: value } } : { kind: "file", file: value };
  const table = tableOf(value, schema, components, null);
  if (table && table.rows.length > 1) return ofTable(table, chartOf(table, null, words.views.position));
  if (size <= MOST_MEMBERS) return { kind: "members", value, schema };
  return Object.values(value).every(isScalar)
    ? { kind: "table", table: membersTable(value), chart: null, first: "table" }
    : { kind: "json" };
}
