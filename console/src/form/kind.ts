/** What kind of field a schema asks for. */
import { resolve, type Components, type Schema } from "../schema";

export type Kind =
  | "boolean"
  | "integer"
  | "number"
  | "decimal"
  | "text"
  | "longtext"
  | "password"
  | "choice"
  | "const"
  | "date"
  | "time"
  | "date-time"
  | "duration"
  | "uuid"
  | "bytes"
  | "file"
  | "object"
  | "list"
  | "table"
  | "tuple"
  | "dictionary"
  | "union"
  | "null"
  | "any";

/** What a field is to be made of. */
export interface Shape {
  kind: Kind;
  /** Without references. Of a union its own, with what is said about the whole. */
  schema: Schema;
  /** Of a union: what it may be, besides null. */
  branches: Schema[];
  isNullable: boolean;
}

/** Texts that may be longer get a text area. */
const SHORT = 200;

const FORMATS: ReadonlySet<string> = new Set(["date", "time", "date-time", "duration", "uuid"]);

/** The schema without a reference at its top, and in one piece. */
function settle(schema: Schema, components: Components): Schema {
  const { allOf, ...rest } = resolve(schema, components);
  if (!allOf) return rest;
  const parts = allOf.map((one) => settle(one, components));
  const properties = Object.assign({}, ...parts.map((one) => one.properties), rest.properties) as Schema["properties"];
  const required = [...parts.flatMap((one) => one.required ?? []), ...(rest.required ?? [])];
  const whole = Object.assign({}, ...parts, rest) as Schema;
  return Object.keys(properties ?? {}).length ? { ...whole, properties, required } : whole;
}

function alternatives(schema: Schema, components: Components): Schema[] {
  const settled = settle(schema, components);
  const of = settled.anyOf ?? settled.oneOf;
  if (of) return of.flatMap((one) => alternatives(one, components));
  if (!Array.isArray(settled.type) || settled.format === "decimal") return [settled];
  return settled.type.map((type) => ({ ...settled, type }));
}

export function shapeOf(schema: Schema, components: Components): Shape {
  const all = alternatives(schema, components);
  const branches = all.filter((one) => one.type !== "null");
  const isNullable = branches.length < all.length;
  if (branches.length === 1) {
    const about = settle(schema, components);
    const whole = all.length === 1 ? branches[0]! : { ...branches[0]!, ...said(about) };
    return { kind: kindOf(whole, components), schema: whole, branches, isNullable };
  }
  const kind = branches.length ? "union" : "null";
  return { kind, schema: settle(schema, components), branches, isNullable };
}

/** What is said about a union that holds for its only branch. */
function said({ description, default: fallback, title, "x-hotplate-view": view }: Schema): Schema {
  return {
    ...(description !== undefined && { description }),
    ...(title !== undefined && { title }),
    ...(fallback !== undefined && { default: fallback }),
    ...(view && { "x-hotplate-view": view }),
  };
}

function kindOf(schema: Schema, components: Components): Kind {
  if (schema.const !== undefined || schema.enum?.length === 1) return "const";
  if (schema.enum) return "choice";
  if (schema.format === "decimal") return "decimal";
  switch (schema.type) {
    case "boolean":
    case "integer":
    case "number":
      return schema.type;
    case "string":
      return textKind(schema);
    case "array":
      if (schema.prefixItems) return "tuple";
      return isTable(schema, components) ? "table" : "list";
    case "object":
      if (isFile(schema)) return "file";
      return Object.keys(schema.properties ?? {}).length ? "object" : "dictionary";
    default:
      return "any";
  }
}

function textKind(schema: Schema): Kind {
  if (schema.contentEncoding === "base64") return "bytes";
  if (schema.format && FORMATS.has(schema.format)) return schema.format as Kind;
  if (schema.format === "password" || (schema as { writeOnly?: boolean }).writeOnly) return "password";
  const isLong =
    schema["x-hotplate-view"]?.type === "longtext" ||
    (!schema.format && (schema.maxLength ?? 0) > SHORT) ||
    (typeof schema.default === "string" && schema.default.includes("\n"));
  return isLong ? "longtext" : "text";
}

function isFile({ title, properties }: Schema): boolean {
  return title === "File" && !!properties?.id && !!properties.media_type && !!properties.url;
}

/** Rows of numbers. */
function isTable({ items }: Schema, components: Components): boolean {
  if (!items) return false;
  const row = settle(items, components);
  if (row.type !== "array" || row.prefixItems || !row.items) return false;
  const cell = settle(row.items, components);
  return cell.type === "number" || cell.type === "integer";
}

/** Kinds of which a field is a single control. */
export const SINGLE: ReadonlySet<Kind> = new Set<Kind>([
  "boolean",
  "integer",
  "number",
  "decimal",
  "text",
  "longtext",
  "password",
  "date",
  "time",
  "date-time",
  "duration",
  "uuid",
  "const",
  "any",
  "table",
]);

/** The schema of a member of an object, by its name. */
export function memberOf(schema: Schema, name: string): Schema | undefined {
  const { properties } = schema;
  return properties && Object.hasOwn(properties, name) ? properties[name] : undefined;
}

/** The schema of the values of a dictionary. */
export function valuesOf(schema: Schema): Schema {
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : {};
}

/** Whether a secret is part of it, which is not to be kept anywhere. */
export function hasSecret(schema: Schema, components: Components, seen = new Set<string>()): boolean {
  if (schema.$ref) {
    if (seen.has(schema.$ref)) return false;
    seen.add(schema.$ref);
  }
  const { kind, schema: whole, branches } = shapeOf(schema, components);
  const inner = [
    ...(kind === "union" ? branches : []),
    ...Object.values(whole.properties ?? {}),
    ...(whole.items ? [whole.items] : []),
    ...(whole.prefixItems ?? []),
    valuesOf(whole),
  ];
  return kind === "password" || inner.some((one) => Object.keys(one).length > 0 && hasSecret(one, components, seen));
}
