/** The limits of single values: what they are, in words, and what exceeds them. */
import type { Schema } from "../schema";
import { words } from "../words";
import type { Kind } from "./kind";
import { isRounded } from "./value";

const say = words.form.problems;
const hint = words.form.limits;

const figure = new Intl.NumberFormat("en", { maximumSignificantDigits: 15 });
export const figures = (n: number): string => (Math.abs(n) >= 1e15 ? String(n) : figure.format(n));

const FORMS: Partial<Record<Kind, RegExp>> = {
  date: /^\d{4}-\d\d-\d\d$/,
  time: /^\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/i,
  "date-time": /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/i,
  duration: /^[+-]?P(?=[\dT])(\d+W)?(\d+(\.\d+)?D)?(T(?=\d)(\d+(\.\d+)?H)?(\d+(\.\d+)?M)?(\d+(\.\d+)?S)?)?$/i,
  uuid: /^([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32})$/i,
  decimal: /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/,
  bytes: /^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/,
};

/** What is wrong with a single value of the right type. */
export function limitProblem(value: unknown, kind: Kind, schema: Schema): string | null {
  if (typeof value === "number" || typeof value === "bigint") return numberProblem(value, kind, schema);
  if (typeof value !== "string") return null;
  const form = FORMS[kind];
  if (form && !form.test(value)) return say[kind === "bytes" ? "base64" : (kind as "date")];
  if (kind === "date" && !isDay(value)) return say.date;
  return lengthProblem(value, schema);
}

/** Whether there is such a day: no 30th of February. */
export function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

function numberProblem(value: number | bigint, kind: Kind, schema: Schema): string | null {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  if (typeof value === "number" && !Number.isFinite(value)) return say.infinite;
  if (kind === "integer" && typeof value === "number" && isRounded(value)) return say.rounded;
  if (minimum !== undefined && value < minimum) return say.low(figures(minimum));
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) return say.above(figures(exclusiveMinimum));
  if (maximum !== undefined && value > maximum) return say.high(figures(maximum));
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) return say.below(figures(exclusiveMaximum));
  if (multipleOf && !isMultiple(Number(value), multipleOf)) return say.step(figures(multipleOf));
  return null;
}

function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) <= 1e-9 * Math.max(1, Math.abs(times));
}

function lengthProblem(text: string, { minLength, maxLength, pattern }: Schema): string | null {
  const length = [...text].length;
  if (minLength !== undefined && length < minLength) return say.short(minLength);
  if (maxLength !== undefined && length > maxLength) return say.long(maxLength, length);
  return pattern !== undefined && fits(text, pattern) === false ? say.pattern(pattern) : null;
}

/** Null for a pattern that only Python understands. */
function fits(text: string, pattern: string): boolean | null {
  try {
    return new RegExp(pattern, "u").test(text);
  } catch {
    return null;
  }
}

/** The limits of a field, as a hint. */
export function limitsOf(kind: Kind, schema: Schema): string[] {
  const { minimum, exclusiveMinimum, maximum, exclusiveMaximum, multipleOf } = schema;
  const { minLength, maxLength, pattern, minItems, maxItems } = schema;
  const found: string[] = [];
  if (minimum !== undefined && maximum !== undefined) found.push(hint.between(figures(minimum), figures(maximum)));
  else {
    if (minimum !== undefined) found.push(hint.from(figures(minimum)));
    if (exclusiveMinimum !== undefined) found.push(hint.above(figures(exclusiveMinimum)));
    if (maximum !== undefined) found.push(hint.upTo(figures(maximum)));
    if (exclusiveMaximum !== undefined) found.push(hint.below(figures(exclusiveMaximum)));
  }
  if (multipleOf) found.push(hint.step(figures(multipleOf)));
  if (kind !== "bytes" && minLength && maxLength) found.push(hint.length(minLength, maxLength));
  else if (kind !== "bytes" && minLength) found.push(hint.atLeast(minLength));
  else if (kind !== "bytes" && maxLength) found.push(hint.atMost(figures(maxLength)));
  if (pattern) found.push(hint.pattern(pattern));
  if (kind !== "tuple" && minItems) found.push(hint.fewest(minItems));
  if (kind !== "tuple" && maxItems !== undefined) found.push(hint.most(maxItems));
  return found;
}
